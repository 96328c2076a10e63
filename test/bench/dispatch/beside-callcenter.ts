/**
 * Switchhook and mod_callcenter on the same real FreeSWITCH, one after the other: the time from an agent who becomes
 * free to the agent's telephone, and the rate of free agents at which each falls behind. Both have the same callers who
 * wait, and the same agents, whose telephones ring and are not answered.
 */
import { pause, until } from '../../fault/rig.ts'
import { Ear, type Heard } from '../../contract/survival/ear.ts'
import { nodeBeside } from '../../contract/survival/node.ts'
import { FLOW_SOUNDS } from '../../contract/survival/sounds.ts'
import { Stores } from '../../contract/survival/stores.ts'
import { startFreeSwitch, type FreeSwitch } from '../../contract/switch/freeswitch.ts'
import { SipCallers } from '../switch/sip-callers.ts'
import { Times, type Spread } from '../figures.ts'

const QUEUE = 'sales'
/** A telephone whose number ends with 7 rings and is not answered (test/contract/switch/freeswitch-config.ts). */
const numberOf = (agent: number) => `4930200${String(agent).padStart(4, '0')}7`
const nameOf = (agent: number) => `agent-${agent}`
/** A system falls behind when fewer than 95 of 100 agents are rung within this time. */
const LATE_MS = 1_000

export interface DispatchOptions {
  readonly callers: number
  readonly agents: number
  /** Agents who become free one after the other, with a pause between them. */
  readonly singly: number
  /** Agents who become free per second, one rate after the other. */
  readonly rates: readonly number[]
  readonly secondsEach: number
}

export interface DispatchReport {
  readonly who: string
  readonly ms: Spread
  /** Of each rate: how many agents were rung within LATE_MS, of how many. */
  readonly rates: readonly { readonly rate: number; readonly inTime: number; readonly of: number }[]
}

/** One of the two systems: its agents become free, or no longer. */
interface Dispatcher {
  readonly who: string
  /** The number that its callers dial. */
  readonly dial: string
  addAgent(agent: number): Promise<void>
  isFree(agent: number): Promise<void>
  isAway(agent: number): Promise<void>
  waiting(): Promise<number>
}

export async function measureBeside(program: string, options: DispatchOptions): Promise<DispatchReport[]> {
  const freeswitch = await startFreeSwitch(program, { sounds: FLOW_SOUNDS, also: CALLCENTER })
  const stores = await Stores.open()
  const ear = await Ear.open(freeswitch.ports.eventSocket, freeswitch.password, { sounds: false })
  await stores.fresh()
  const node = nodeBeside(freeswitch, stores, {
    name: 'bench',
    port: freeswitch.ports.nodeA,
    settings: { LOG_LEVEL: 'warn', ROLES: 'listener' },
  })
  await node.ready()
  try {
    const reports = []
    for (const one of [callcenter(ear), switchhook(stores)]) reports.push(await measure(one, ear, freeswitch, options))
    return reports
  } finally {
    await node.end()
    await ear.close()
    await stores.close()
    await freeswitch.stop()
  }
}

async function measure(
  one: Dispatcher,
  ear: Ear,
  { ports }: FreeSwitch,
  { callers: howMany, agents, singly, rates, secondsEach }: DispatchOptions,
): Promise<DispatchReport> {
  for (let agent = 0; agent < agents; agent++) await one.addAgent(agent)
  const callers = await SipCallers.open(ports.inside)
  const lines = Array.from({ length: howMany }, async (_, at) => {
    await pause(at * 20)
    await callers.call(one.dial, 600_000)
  })
  await until(`${howMany} callers of ${one.who} wait`, async () => (await one.waiting()) === howMany, 60_000)
  let next = 0
  /** The next agent becomes free; resolves with the time to the call at the agent's telephone. */
  const frees = async (): Promise<number> => {
    const agent = next++ % agents
    const number = numberOf(agent)
    const rung = new Promise<number>(resolve => {
      const listening = ear.on((heard: Heard) => {
        if (heard.name !== 'CHANNEL_CREATE' || !heard.outbound || heard.to !== number) return
        listening[Symbol.dispose]()
        clearTimeout(late)
        resolve(heard.at - began)
      })
      const late = setTimeout(() => {
        listening[Symbol.dispose]()
        resolve(Infinity)
      }, 5_000)
    })
    const began = Date.now()
    await one.isFree(agent)
    const ms = await rung
    await one.isAway(agent)
    return ms
  }

  const times = new Times()
  for (let at = 0; at < singly; at++) {
    times.add(await frees())
    await pause(150)
  }
  const done: { rate: number; inTime: number; of: number }[] = []
  for (const rate of rates) {
    const all: Promise<number>[] = []
    const began = performance.now()
    for (let at = 0; at < rate * secondsEach; at++) {
      await pause(Math.max(0, began + (at * 1_000) / rate - performance.now()))
      all.push(frees())
    }
    const taken = await Promise.all(all)
    done.push({ rate, inTime: taken.filter(ms => ms <= LATE_MS).length, of: taken.length })
    await pause(3_000)
  }
  callers.close()
  for (const line of (await ear.api('show channels as delim |')).split('\n')) {
    const [uuid = ''] = line.split('|')
    if (/^[0-9a-f-]{36}$/.test(uuid)) await ear.api(`uuid_kill ${uuid}`)
  }
  await Promise.race([Promise.all(lines), pause(2_000)])
  return { who: one.who, ms: times.spread(), rates: done }
}

const callcenter = (ear: Ear): Dispatcher => {
  const config = async (words: string) => {
    const answer = await ear.api(`callcenter_config ${words}`)
    if (answer.startsWith('-ERR')) throw new Error(`callcenter_config ${words}: ${answer}`)
    return answer
  }
  return {
    who: 'mod_callcenter',
    dial: '7100',
    async addAgent(agent) {
      const name = nameOf(agent)
      await config(`agent add ${name} Callback`)
      await config(`agent set contact ${name} [originate_timeout=4]sofia/gateway/carrier/${numberOf(agent)}`)
      await config(`agent set no_answer_delay_time ${name} 1`)
      await config(`agent set status ${name} 'On Break'`)
      await config(`tier add ${QUEUE}@default ${name} 1 1`)
    },
    isFree: async agent => void (await config(`agent set status ${nameOf(agent)} 'Available'`)),
    isAway: async agent => void (await config(`agent set status ${nameOf(agent)} 'On Break'`)),
    waiting: async () => Number(await config(`queue count members ${QUEUE}@default`)),
  }
}

const switchhook = ({ roster, queues }: Stores): Dispatcher => ({
  who: 'Switchhook',
  dial: '7200',
  async addAgent(agent) {
    const tiers = [{ queue: QUEUE, level: 1, position: 1 }]
    const endpoint = `sofia/gateway/carrier/${numberOf(agent)}`
    await roster.put({ name: nameOf(agent), endpoint, wrapUpMs: 0, ringForMs: 4_000, queues: tiers }, Date.now())
  },
  isFree: async agent => void (await roster.setStatus(nameOf(agent), 'ready', Date.now())),
  isAway: async agent => void (await roster.setStatus(nameOf(agent), 'break', Date.now())),
  waiting: async () => (await queues.waiting(QUEUE)).length,
})

const act = (application: string, data: string) => `<action application="${application}" data="${data}"/>`
const extension = (number: string, ...actions: readonly string[]) =>
  `<extension name="${number}"><condition field="destination_number" expression="^${number}$">${actions.join('')}</condition></extension>`

const CALLCENTER = {
  modules: ['callcenter'],
  configuration: `<configuration name="callcenter.conf"><settings/><queues><queue name="${QUEUE}@default">
    <param name="strategy" value="longest-idle-agent"/><param name="moh-sound" value="silence_stream://-1"/>
    <param name="time-base-score" value="queue"/></queue></queues><agents/><tiers/></configuration>`,
  extensions:
    extension('7100', act('answer', ''), act('callcenter', `${QUEUE}@default`)) +
    extension('7200', act('set', `queue=${QUEUE}`), act('transfer', 'switchhook-queue-entry XML switchhook')),
}
