/** The row about people who talk when the node that joined them is killed. */
import { spread } from '../../fault/matrix.ts'
import { SPEAKS_HZ } from '../switch/freeswitch-config.ts'
import { machineLoad } from './busy.ts'
import { longestGap } from './listening.ts'
import type { Caller } from './people.ts'
import { eventually, pause, type Rig } from './rig.ts'
import { PEOPLE, row } from './rows.ts'

/**
 * A gap that nobody notices: two packets and a window cut in half. Beside other programs the media of both
 * FreeSWITCHes stops for longer, whatever the nodes do. A talk that is cut and joined again is silent for longer, and
 * has events.
 */
const UNHEARD = { idle: 100, busy: 500 } as const
/** Milliseconds between the end of a talk and the moment in which the living node reads of it, all at once. */
const LATE = { idle: 1_000, busy: 5_000 } as const

row(
  5,
  'a node is killed while people talk: nobody hears it, and afterwards callers come back and agents are in wrap-up',
  async (rig, told) => {
    const load = await machineLoad(told)
    const [a] = await rig.both()
    const talks = await talking(rig, PEOPLE)
    await rig.people.record(talks)
    await pause(1_000)
    const died = rig.kill(a)
    await pause(3_000)
    const gaps = await Promise.all(
      (await rig.people.recorded(talks)).map(({ path, whose }) => longestGap(path, SPEAKS_HZ[whose])),
    )
    told.is(`the longest silence in ${gaps.length} ears: ${Math.max(...gaps)} ms`, Math.max(...gaps) <= UNHEARD[load])
    const cut = rig.ear.heard.filter(
      ({ name, at }) => at >= died && (name === 'CHANNEL_UNBRIDGE' || name === 'CHANNEL_HANGUP'),
    ).length
    told.is(`${cut} talks cut or people gone`, cut === 0)

    const half = PEOPLE / 2
    await rig.people.hangUp([
      ...talks.slice(0, half).map(talk => talk.agentFar),
      ...talks.slice(half).map(talk => talk.caller.far),
    ])
    await eventually(
      'all agents are in wrap-up',
      15_000,
      async () => (await rig.stores.states())['wrap-up'] === PEOPLE,
    ).catch(() => {})
    const states = await rig.stores.states()
    told.is(`agents: ${JSON.stringify(states)}`, states['wrap-up'] === PEOPLE)
    await eventually('all records are closed', 10_000, async () =>
      (await rig.stores.remains()).every(call => call.ended),
    ).catch(() => {})
    const calls = await rig.stores.remains()
    const talked = calls.filter(call => call.ended && call.outcome === 'talked' && call.agent !== null).length
    told.is(`${talked}/${PEOPLE} records say who talked`, talked === PEOPLE)
    const wrong = talks.map(({ caller, since }) => {
      const timeline = calls.find(call => call.id === caller.uuid)?.timeline ?? []
      const [from, to] = [
        timeline.find(one => one.event === 'call.bridged')?.at ?? NaN,
        timeline.findLast(one => one.event === 'call.unbridged')?.at ?? NaN,
      ]
      const over =
        rig.ear.heard.find(({ name, uuid, at }) => name === 'CHANNEL_UNBRIDGE' && uuid === caller.uuid && at >= died)
          ?.at ?? NaN
      return Math.abs(to - from - (over - since))
    })
    told.is(
      `talk times are wrong by ${spread(wrong)}`,
      wrong.every(error => error <= LATE[load]),
    )
  },
)

row(
  33,
  'telephones of agents lose their power during talks: nobody talks with a dead telephone for ever, and none is rung again',
  async (rig, told) => {
    await using _shipped = await mediaTimeout(rig, DEAD_MS)
    await rig.both()
    const talks = await talking(rig, PEOPLE)
    const died = Date.now()
    // a parked leg sends no audio: all that FreeSWITCH sees of a telephone without power
    for (const { agentFar } of talks) await rig.farEar.api(`uuid_transfer ${agentFar} park inline`)
    await eventually(
      'all agents are in wrap-up',
      DEAD_MS + 15_000,
      async () => (await rig.stores.states())['wrap-up'] === PEOPLE,
    ).catch(() => {})
    const states = await rig.stores.states()
    told.is(`agents: ${JSON.stringify(states)}`, states['wrap-up'] === PEOPLE)
    const ends = rig.ear.heard.filter(
      ({ name, uuid }) => name === 'CHANNEL_HANGUP' && talks.some(({ agent }) => agent === uuid),
    )
    const causes = new Set(ends.map(({ cause }) => cause))
    told.is(`${ends.length} legs ended: ${[...causes].join()}`, ends.length === PEOPLE && causes.has('MEDIA_TIMEOUT'))
    told.says(`after ${spread(ends.map(({ at }) => at - died))}`)
    const unreachable = (await rig.stores.roster.list(Date.now())).filter(agent => agent.unreached === 2).length
    told.is(`${unreachable} of ${PEOPLE} agents get no call until their telephone registers`, unreachable === PEOPLE)
  },
)

/** How long a telephone may send nothing in row 33, and as shipped. */
const DEAD_MS = 3_000
const SHIPPED_MS = 300_000

/** A telephone that is dialled from now on counts as dead after `ms`, until the result is disposed. */
async function mediaTimeout(rig: Rig, ms: number): Promise<AsyncDisposable> {
  const set = (to: number) => rig.ear.api(`global_setvar switchhook_media_timeout=${to}`)
  await set(ms)
  return { [Symbol.asyncDispose]: async () => void (await set(SHIPPED_MS)) }
}

export interface Talk {
  readonly caller: Caller
  /** Both ends of the agent's leg. */
  readonly agent: string
  readonly agentFar: string
  /** When FreeSWITCH joined them. */
  readonly since: number
}

/** This many callers talk with this many agents of the sales queue. */
export async function talking(rig: Rig, count: number): Promise<Talk[]> {
  const accepting = rig.people.accept()
  await rig.stores.agents(count)
  const callers = await rig.people.call(count)
  await rig.people.hear(callers, /ivr\/welcome/, 0, 15_000)
  await rig.people.press(callers, '1')
  await eventually(`${count} talks`, 40_000, () => rig.people.talks().size === count)
  accepting[Symbol.dispose]()
  const talks = rig.people.talks()
  return callers.map(caller => {
    const agent = talks.get(caller.uuid)
    const agentFar = agent === undefined ? undefined : rig.people.farOfAgent(agent)
    if (agent === undefined || agentFar === undefined) throw new Error(`${caller.uuid} talks to nobody who is known`)
    const since = rig.ear.heard.findLast(({ name, uuid }) => name === 'CHANNEL_BRIDGE' && uuid === caller.uuid)!.at
    return { caller, agent, agentFar, since }
  })
}
