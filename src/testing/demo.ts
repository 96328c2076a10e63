/** The people of the demo: callers who choose and wait, agents who take calls, leads who answer or do not. In real time, over TCP. */
import { ms, type Duration } from '../base/duration.ts'
import type { Clock, Timer } from '../base/clock.ts'
import type { Person } from './switch/person.ts'
import type { Place } from './switch/world.ts'
import type { SimulatedSwitch } from './switch/simulated-switch.ts'

/**
 * Ten callers a minute. One keeps an agent busy for about 27 s (ring, whisper, 9 to 27 s of talk, wrap-up): 4.5 of six agents. Every
 * third minute begins with a rush of twenty callers a minute, in which people wait and the queue can be seen at work.
 */
const EVERY: Duration = '6s'
const RUSH = { every: '3m', lasts: '30s', callers: '3s' } as const satisfies Record<string, Duration>
/** After the demo has run for as long as a person watches, the same people call again. */
const MENU = ['1', '2', '2', '1', '0', '', '2', '1']

/** What a supervisor would have set up: six agents for callers, two who stay on the line for the campaign. */
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
  ],
  /** What callers dial. */
  number: '+12025550100',
  campaign: 'demo',
  campaignQueue: 'outbound',
} as const

/** 300 leads as a list that somebody might have exported: numbers that are reserved for fiction (555-0100 to 555-0199). */
export function demoLeads(): string {
  const lines = ['phone,first_name']
  for (let number = 0; number < 300; number++)
    lines.push(`+1${201 + Math.floor(number / 100)}5550${100 + (number % 100)},Lead ${number + 1}`)
  return `${lines.join('\n')}\n`
}

/** Nobody reads the demo's transcript; it must not grow for ever. */
const TRANSCRIPT_LINES = 10_000

export interface Demo extends Disposable {
  readonly callers: number
}

/** Sounds that agents react to. */
const TAKES_CALL = 'whisper/press-1'

/** Starts the people. `agents` are names whose telephones are user/<name>; `outbound` are those who stay on the line for the campaign. */
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
  // leads: most are people who talk for a while; the last digit says who is busy, gone, silent or a machine
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

/** Presses a key in the menu, waits patiently or not, and ends the talk after a while. */
function choose(caller: Person, key: string, talk: number, after: (delay: number, act: () => void) => void): void {
  caller.on('heard', sound => {
    if (sound === 'ivr/welcome' && key !== '') after(1_500, () => caller.press(key))
  })
  caller.on('talking', other => {
    if (other) after(talk, () => caller.hangUp())
  })
  after(90_000, () => {
    if (!caller.talksWith) caller.hangUp() // nobody waits for ever
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
