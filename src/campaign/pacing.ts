/**
 * How many leads may be called now, and why no more. Pure: a decision is a function of what is seen, so every one can be explained.
 *
 * Progressive: one call for each agent who is on the line and free, and reserved for no other call that is under way (reservations.ts). Each
 * lead who answers has an agent at once, so nobody is abandoned as long as no agent hangs up; an agent waits for as many calls as it takes.
 */

/** Why not more: the tightest limit. 'agents' is the good one: everybody who can talk has a call on its way. */
export type Why = 'no-agents' | 'agents' | 'no-leads' | 'leads' | 'lines' | 'cps' | 'backing-off' | 'switch-down'

export interface Snapshot {
  /** Agents on the line and free, whether or not they are reserved for a call that is under way. */
  readonly free: number
  /** Those of them who are not reserved, less the calls whose agent has left and who have no other yet. */
  readonly unpromised: number
  /** Leads that may be called now, as far as it is worth counting. */
  readonly leads: number
  /** What is left of the lines, of this campaign or of the house, whichever is less. */
  readonly lines: number
  /** Calls that may be started in this moment, and milliseconds until the next one may. */
  readonly starts: number
  readonly nextStartMs: number
  /** Milliseconds for which nothing is dialled, after the switch itself refused. */
  readonly backOffMs: number
  /** A switch that we command and hear. */
  readonly switchUp: boolean
}

export interface Decision {
  readonly howMany: number
  /** What stands in the way of one more. */
  readonly why: Why
  /** Milliseconds after which more may be possible with nothing else changed; null: only a change can help. */
  readonly againMs: number | null
}

/** The switchboard does not say when a switch is back, so somebody has to look. */
const SWITCH_DOWN_MS = 1_000

export function dialNow(seen: Snapshot): Decision {
  if (!seen.switchUp) return { howMany: 0, why: 'switch-down', againMs: SWITCH_DOWN_MS }
  if (seen.backOffMs > 0) return { howMany: 0, why: 'backing-off', againMs: seen.backOffMs }
  // in the order in which a supervisor would ask; of equal limits the first is named
  const limits: readonly (readonly [number, Why])[] = [
    [seen.unpromised, seen.free === 0 ? 'no-agents' : 'agents'],
    [seen.leads, seen.leads === 0 ? 'no-leads' : 'leads'],
    [seen.lines, 'lines'],
    [seen.starts, 'cps'],
  ]
  const [least, why] = limits.reduce((tightest, limit) => (limit[0] < tightest[0] ? limit : tightest))
  return { howMany: Math.max(0, least), why, againMs: why === 'cps' ? seen.nextStartMs : null }
}

/** After a refusal of the switch itself: 1 s, doubled each time in a row, 10 s at most. */
export function backOffMs(refusals: number): number {
  return refusals === 0 ? 0 : Math.min(1_000 * 2 ** (refusals - 1), 10_000)
}
