/**
 * How long an agent is left alone after a call that came to nothing. A telephone that is not there (not registered, or unknown to the
 * switch) is tried twice; then its agent is offered to nobody until it registers, so that callers do not wait for what cannot ring.
 */
import type { Log } from '../base/log.ts'
import type { Agent } from './agent.ts'

/**
 * How a reservation ended, and how long the agent then rests, so that the same phone is not tried again in a tight loop.
 * busy and declined are the delays of mod_callcenter's sample agents (60 s, 10 s), unreachable is its fixed 5 s of an unregistered phone.
 * Its no-answer delay is 0, which is that loop: we take the 10 s of declined. failed: the switch or the network could not do it.
 */
export const REST_MS = {
  'no-answer': 10_000,
  busy: 60_000,
  declined: 10_000,
  failed: 5_000,
  unreachable: 5_000,
  'caller-left': 0,
  talked: 0,
} as const
export type Outcome = keyof typeof REST_MS

/** So many calls in a row that found no telephone. */
const TRIES = 2
/** Nobody may hear that it registers (a link was down; the endpoint leads through a gateway): after so long it is tried again. */
export const UNREACHABLE_MS = 300_000
/** After these the telephone is known to be there. */
const RANG: ReadonlySet<Outcome> = new Set(['no-answer', 'busy', 'declined'])

export const isUnreachable = ({ unreached = 0 }: Pick<Agent, 'unreached'>): boolean => unreached >= TRIES

/** Of a call that was no talk. */
export function afterCall(
  before: Pick<Agent, 'noAnswers' | 'unreached'>,
  outcome: Outcome,
): { restMs: number; noAnswers: number; unreached: number } {
  const noAnswers = before.noAnswers + (outcome === 'no-answer' ? 1 : 0)
  if (outcome !== 'unreachable')
    return { restMs: REST_MS[outcome], noAnswers, unreached: RANG.has(outcome) ? 0 : (before.unreached ?? 0) }
  const unreached = (before.unreached ?? 0) + 1
  return { restMs: isUnreachable({ unreached }) ? UNREACHABLE_MS : REST_MS.unreachable, noAnswers, unreached }
}

/** To be called with the record that a call left which found no telephone: one line for whoever is on duty, at the call that was one too many. */
export function warnOnceUnreachable(
  log: Log,
  { name, endpoint, unreached }: Pick<Agent, 'name' | 'endpoint' | 'unreached'>,
): void {
  if (unreached === TRIES)
    log.warn(
      { agent: name, endpoint, tries: TRIES, minutes: UNREACHABLE_MS / 60_000 },
      'the telephone of this agent cannot be reached: the agent is offered to nobody until it registers, or so many minutes have passed',
    )
}
