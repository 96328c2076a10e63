/**
 * How long an agent rests after a call that did not become a talk. An unreachable telephone (not registered, or unknown
 * to FreeSWITCH) is tried twice. Then its agent is offered no calls until it registers, so that callers do not wait for
 * a telephone that cannot ring.
 */
import type { Log } from '../base/log.ts'

/**
 * How a reservation ended, and how long the agent then rests, so that the same phone is not tried again in a tight
 * loop. busy and declined: the delays of mod_callcenter's sample agents (60 s, 10 s). unreachable: its fixed 5 s for an
 * unregistered phone. Its no-answer delay is 0, which is that loop: Switchhook takes the 10 s of declined. failed:
 * FreeSWITCH or the network failed.
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

/** After so many consecutive calls without a telephone the agent is unreachable. */
const TRIES = 2
/**
 * The registration may go unseen (a connection was down; the endpoint leads through a gateway): after so long it is
 * tried again.
 */
export const UNREACHABLE_MS = 300_000
/** After these outcomes the telephone is known to be reachable. */
const RANG: ReadonlySet<Outcome> = new Set(['no-answer', 'busy', 'declined'])

/** The parts of an agent's record that this file reads (agent.ts). */
interface Tried {
  readonly noAnswers: number
  readonly unreached?: number | undefined
}

export const isUnreachable = ({ unreached = 0 }: Pick<Tried, 'unreached'>): boolean => unreached >= TRIES

/** The rest and the counts after a call that did not become a talk. */
export function afterCall(before: Tried, outcome: Outcome): { restMs: number; noAnswers: number; unreached: number } {
  const noAnswers = before.noAnswers + (outcome === 'no-answer' ? 1 : 0)
  if (outcome !== 'unreachable')
    return { restMs: REST_MS[outcome], noAnswers, unreached: RANG.has(outcome) ? 0 : (before.unreached ?? 0) }
  const unreached = (before.unreached ?? 0) + 1
  return { restMs: isUnreachable({ unreached }) ? UNREACHABLE_MS : REST_MS.unreachable, noAnswers, unreached }
}

/** Logs once, at the call that makes the agent unreachable. Takes the record after a call that found no telephone. */
export function warnOnceUnreachable(
  log: Log,
  { name, endpoint, unreached }: Pick<Tried, 'unreached'> & { readonly name: string; readonly endpoint: string },
): void {
  if (unreached === TRIES)
    log.warn(
      { agent: name, endpoint, tries: TRIES, minutes: UNREACHABLE_MS / 60_000 },
      'agent telephone unreachable; no calls are offered until it registers or `minutes` have passed',
    )
}
