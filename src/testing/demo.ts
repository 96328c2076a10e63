/**
 * The people of the demo, in real time and over TCP: callers who use the menu and wait, agents who take calls, and
 * leads who answer or do not. main.ts starts them on the simulated FreeSWITCH.
 */
import { ms, type Duration } from '../base/duration.ts'
import type { Clock, Timer } from '../base/clock.ts'
import type { Person } from './switch/person.ts'
import type { Place } from './switch/world.ts'
import type { SimulatedSwitch } from './switch/simulated-switch.ts'

/**
 * Ten callers a minute. Each occupies an agent for about 27 s (ring, whisper, 9 to 27 s of talk, wrap-up): 4.5 of six
 * agents are busy. Every third minute begins with twenty callers a minute, so that callers wait in the queues.
 */
const EVERY: Duration = '6s'
const RUSH = { every: '3m', lasts: '30s', callers: '3s' } as const satisfies Record<string, Duration>
/** The key that each caller presses in the menu, one caller after the other; '' presses none. The list repeats. */
const MENU = ['1', '2', '2', '1', '0', '', '2', '1']

/**
 * Queues, agents and campaign of the demo: six agents serve callers, six are nailed up for the campaign. Predictive
 * dialling has little to predict with fewer.
 */
export const DEMO = {
  queues: ['sales', 'support', 'operator', 'outbound'],
  agents: [
    { name: 'alice', queues: ['sales', 'support', 'operator'] },
    { name: 'bob', queues: ['sales', 'support', 'operator'] },
    { name: 'carol', queues: ['sales', 'support', 'operator'] },
    { name: 'frank', queues: ['sales', 'support', 'operator'] },
    { name: 'grace', queues: ['sales', 'support', 'operator'] },
    { name: 'heidi', queues: ['sales', 'support', 'operator'] },
    { name: 'dave', queues: ['outbound'] },
    { name: 'erin', queues: ['outbound'] },
    { name: 'ivan', queues: ['outbound'] },
    { name: 'judy', queues: ['outbound'] },
    { name: 'mallory', queues: ['outbound'] },
    { name: 'niaj', queues: ['outbound'] },
  ],
  /** The number that callers dial. */
  number: '+12025550100',
  campaign: 'demo',
  campaignQueue: 'outbound',
} as const

/** A CSV list of 300 leads. The numbers are reserved for fiction (555-0100 to 555-0199). */
export function demoLeads(): string {
  const lines = ['phone,first_name']
  for (let number = 0; number < 300; number++)
    lines.push(`+1${201 + Math.floor(number / 100)}5550${100 + (number % 100)},Lead ${number + 1}`)
  return `${lines.join('\n')}\n`
}

/** Nothing reads the transcript of the demo: it is emptied at this length, or it would grow without limit. */
const TRANSCRIPT_LINES = 10_000

export interface Demo extends Disposable {
  readonly callers: number
}

/** The prompt that agents answer with 1 to take a call. */
const TAKES_CALL = 'whisper/press-1'

/** Starts callers, agents and leads. `agents` are the names of agents whose telephones are user/<name>. */
export function openDemo(sim: SimulatedSwitch, clock: Clock, agents: readonly string[]): Demo {
  const timers = new Set<Timer>()
  let callers = 0
  let closed = false
  const after = (delay: number, act: () => void) => {
    if (closed) return
    const timer = clock.after(delay, () => {
      timers.delete(timer)
      act()
    })
    timers.add(timer)
  }

  for (const name of agents) answerCalls(sim.world.at(`user/${name}`, { answers: '2s', speaks: 'human' }), after)
  // leads by the last digit: 0 to 5 are people who talk, 6 is a machine, the others as in CARRIER (world.ts)
  sim.world.at(/^sofia\/gateway\/\w+\/\+?\d+[0-5]$/, { answers: '3s', speaks: 'human', talksFor: '9s' })
  sim.world.at(/^sofia\/gateway\/\w+\/\+?\d+6$/, { answers: '2s', speaks: 'machine', talksFor: '20s' })

  const began = clock.monotonic()
  const isRush = () => {
    const ran = clock.monotonic() - began
    return ran >= ms(RUSH.every) && ran % ms(RUSH.every) < ms(RUSH.lasts)
  }
  const arrive = () => {
    if (sim.transcript.length > TRANSCRIPT_LINES) sim.transcript.length = 0
    const number = callers++
    const caller = sim.world.call({
      from: `+1202555${String(100 + (number % 100)).padStart(4, '0')}`,
      to: 'switchhook-welcome',
      speaks: 'human',
      variables: { switchhook_dialled: DEMO.number },
    })
    choose(caller, MENU[number % MENU.length]!, 9_000 + (number % 7) * 3_000, after)
    after(ms(isRush() ? RUSH.callers : EVERY), arrive)
  }
  arrive()

  return {
    get callers() {
      return callers
    },
    [Symbol.dispose]() {
      closed = true
      for (const timer of timers) timer.cancel()
    },
  }
}

/** The caller presses a key in the menu, hangs up after `talk` milliseconds of talk, or after 90 s without an agent. */
function choose(caller: Person, key: string, talk: number, after: (delay: number, act: () => void) => void): void {
  caller.on('heard', sound => {
    if (sound === 'ivr/welcome' && key !== '') after(1_500, () => caller.press(key))
  })
  caller.on('talking', other => {
    if (other) after(talk, () => caller.hangUp())
  })
  after(90_000, () => {
    if (!caller.talksWith) caller.hangUp()
  })
}

function answerCalls(place: Place, after: (delay: number, act: () => void) => void): void {
  place.behaviour = {
    ...place.behaviour,
    rings: person => {
      person.on('heard', sound => {
        if (sound === TAKES_CALL) after(800, () => person.press('1'))
      })
    },
  }
}
