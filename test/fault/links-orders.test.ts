/**
 * Row 26: the events of a call arrive in any order, twice, and sometimes before the command's reply. The outcome is
 * always the same.
 */
import { VirtualClock } from '#testing'
import { Emitter } from '../../src/base/emitter.ts'
import { silentLog } from '../../src/base/log.ts'
import { originate } from '../../src/switch/originate.ts'
import { Switch } from '../../src/switch/switchboard.ts'
import type { SwitchEvent } from '../../src/esl/event.ts'
import { EventLink, type LinkFacts } from '../../src/esl/events.ts'
import { endpoint, newUuid, type Ident, type Uuid } from '../../src/esl/safe-text.ts'
import { connectionCommands } from '../../src/testing/commands.ts'
import { SimulatedSwitch } from '../../src/testing/switch/simulated-switch.ts'
import type { Behaviour } from '../../src/testing/switch/world.ts'
import { many, row } from './matrix.ts'

const FACTS: LinkFacts = { core: 'one', version: '1.10.12', recordings: '/tmp' }
const PHONE = endpoint('sofia/gateway/carrier/+4940555100')

/** Every event of one dial, in FreeSWITCH's order, and the names under which they are found again. */
async function record(
  behaviour: Behaviour | 'gateway-down',
  hangsUpAfter?: number,
): Promise<{ events: SwitchEvent[]; uuid: Uuid; job: string }> {
  const clock = new VirtualClock()
  const sim = new SimulatedSwitch({ clock, heartbeat: false })
  if (behaviour === 'gateway-down') sim.gateways.set('carrier', 'DOWN')
  else sim.world.at(PHONE, behaviour)
  sim.dialplan.extension('switchhook-here', [{ application: 'park', data: '' }])
  const events: SwitchEvent[] = []
  const link = new EventLink({
    name: 'simulated',
    open: async () => sim.connect(),
    password: sim.password,
    clock,
    log: silentLog,
  })
  link.on('event', event => void events.push(event))
  const facts = await link.start()
  const commands = await connectionCommands(sim.connect(), { password: sim.password, clock })
  const at = new Switch({ name: 'simulated', commands, events: link, facts, clock, log: silentLog })
  const uuid = newUuid()
  const placed = originate(at, {
    uuid,
    endpoint: PHONE,
    flow: 'here' as Ident,
    ringForMs: 20_000,
    clock,
    log: silentLog,
  })
  await clock.runUntil(placed, 60_000)
  if (hangsUpAfter !== undefined) {
    await clock.advance(hangsUpAfter)
    sim.world.find(PHONE)!.last!.hangUp()
  }
  await clock.advance(2_000)
  await link.close()
  await commands.close()
  await sim.close()
  const job = events.find(event => event.name === 'BACKGROUND_JOB')!.raw('Job-UUID')!
  return { events, uuid, job }
}

function* permutations(length: number): Generator<number[]> {
  const order = Array.from({ length }, (_, at) => at)
  const turn = Array<number>(length).fill(0)
  yield [...order]
  for (let at = 1; at < length;) {
    // Heap's algorithm
    if (turn[at]! >= at) {
      turn[at++] = 0
      continue
    }
    const other = at % 2 === 0 ? 0 : turn[at]!
    ;[order[at], order[other]] = [order[other]!, order[at]!]
    yield [...order]
    turn[at]!++
    at = 1
  }
}

/**
 * Dials once more, and delivers the recorded events in this order. `turns`: each in its own turn of the event loop, or
 * all at once.
 */
async function replay(
  told: { events: SwitchEvent[]; uuid: Uuid; job: string },
  order: readonly number[],
  turns: boolean,
): Promise<string> {
  const clock = new VirtualClock()
  const heard = new Emitter<{ event: SwitchEvent; up: LinkFacts; down: Error; closed: void }>()
  let job = ''
  const commands = {
    run: async () => 'false',
    submit: async (_: unknown, as: string) => void (job = as),
    close: async () => {},
  }
  const at = new Switch({
    name: 'simulated',
    commands,
    events: heard as unknown as EventLink,
    facts: FACTS,
    clock,
    log: silentLog,
  })
  const placed = originate(at, {
    uuid: told.uuid,
    endpoint: PHONE,
    flow: 'here' as Ident,
    ringForMs: 20_000,
    clock,
    log: silentLog,
  })
  for (const which of order) {
    const event = told.events[which]!
    // the job has another name in every run
    const named = event.name === 'BACKGROUND_JOB' ? renamed(event, told.job, job) : event
    heard.emit('event', named)
    if (turns) await clock.advance(1)
  }
  const { outcome, cause } = await clock.runUntil(placed, 90_000)
  await clock.settle()
  const left = clock.pending().length
  return `${outcome} ${cause}${left > 0 ? `, ${left} timers left` : ''}`
}

function renamed(event: SwitchEvent, from: string, to: string): SwitchEvent {
  return new Proxy(event, {
    get: (target, key) =>
      key === 'raw'
        ? (name: string) => (name === 'Job-UUID' ? to : target.raw(name)?.replace(from, to))
        : Reflect.get(target, key, target),
  })
}

const SCENES = [
  { what: 'a busy telephone', behaviour: { answers: 'busy' }, ends: 'busy USER_BUSY' },
  { what: 'a telephone that refuses the call', behaviour: { answers: 'declined' }, ends: 'declined CALL_REJECTED' },
  {
    what: 'a telephone that is answered and put down',
    behaviour: { answers: '1s' },
    hangsUpAfter: 500,
    ends: 'answered SUCCESS',
  },
  {
    what: 'a telephone that is put down in the moment of the answer',
    behaviour: { answers: '1s' },
    hangsUpAfter: 0,
    ends: 'answered SUCCESS',
  },
  { what: 'a gateway that is down', behaviour: 'gateway-down', ends: 'refused GATEWAY_DOWN' },
] as const

/** The events that the row is about; more of them would only give more of the same orders. */
const NAMES = [
  'CHANNEL_CREATE',
  'CHANNEL_PROGRESS',
  'CHANNEL_ANSWER',
  'CHANNEL_HANGUP',
  'CHANNEL_HANGUP_COMPLETE',
  'BACKGROUND_JOB',
]
/** Delivered twice, until there are seven. */
const DOUBLED = ['CHANNEL_HANGUP', 'BACKGROUND_JOB', 'CHANNEL_CREATE', 'CHANNEL_ANSWER', 'CHANNEL_PROGRESS']

for (const scene of SCENES) {
  row(
    26,
    `${scene.what} has one outcome, in whatever order it is told`,
    { injected: 'every order of up to 7 events', quick: true },
    async (_t, told) => {
      const known = await record(scene.behaviour, 'hangsUpAfter' in scene ? scene.hangsUpAfter : undefined)
      const once = NAMES.map(name => known.events.find(event => event.name === name)).filter(
        event => event !== undefined,
      )
      const twice = DOUBLED.map(name => once.find(event => event.name === name)).filter(event => event !== undefined)
      const events = [...once, ...twice].slice(0, 7)
      const outcomes = new Map<string, number>()
      const wrong: string[] = []
      let orders = 0
      for (const order of permutations(events.length)) {
        if (orders++ % many(1, 10) === 0) {
          told.trials += told.trials === 1 && outcomes.size === 0 ? 0 : 1
          for (const turns of [true, false]) {
            const outcome = await replay({ ...known, events }, order, turns)
            outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
            if (outcome !== scene.ends) wrong.push(`${outcome}: ${order.map(at => events[at]!.name).join(' ')}`)
          }
        }
      }
      told.is(
        `${[...outcomes].map(([outcome, n]) => `${n} × ${outcome}`).join(', ')}`,
        wrong.length === 0 && outcomes.size === 1,
      )
      if (wrong.length > 0) told.says(`first: ${wrong[0]}`)
    },
  )
}
