/**
 * Pacing: how many leads may be dialled now, and why not more. Pure: a decision is a function of the snapshot, so each
 * can be explained. dialer.ts asks it at every turn.
 *
 * Progressive: one call for each nailed-up agent who is free and reserved for no other call (reservations.ts). Each
 * lead who answers has an agent at once, so there is no abandonment as long as no agent hangs up. An agent may wait for
 * several calls until a lead answers.
 */

/** Why not more: the tightest limit. 'agents' is the normal one: every free agent has a call under way. */
type Why = 'no-agents' | 'agents' | 'no-leads' | 'leads' | 'lines' | 'cps' | 'backing-off' | 'switch-down'

export interface Snapshot {
  /** Nailed-up agents who are free, whether or not they are reserved for a call that is under way. */
  readonly free: number
  /** Those of them who are not reserved, less the calls whose agent has left and that have no other agent yet. */
  readonly unpromised: number
  /** Leads that may be called now; counted only as far as the free agents need. */
  readonly leads: number
  /** Free lines, of this campaign or of the installation, whichever is less. */
  readonly lines: number
  /** Calls that may be started now, and milliseconds until the next one may. */
  readonly starts: number
  readonly nextStartMs: number
  /** Milliseconds without dialling, after FreeSWITCH itself refused. */
  readonly backOffMs: number
  /** Both connections to the FreeSWITCH are up. */
  readonly switchUp: boolean
}

export interface Decision {
  readonly howMany: number
  /** The limit that prevents one more. */
  readonly why: Why
  /** Milliseconds until more may be possible without any other change; null: only a change can help. */
  readonly againMs: number | null
}

/** The switchboard emits nothing when a FreeSWITCH is back, so the dialer looks again. */
const SWITCH_DOWN_MS = 1_000

export function dialNow(seen: Snapshot): Decision {
  if (!seen.switchUp) return { howMany: 0, why: 'switch-down', againMs: SWITCH_DOWN_MS }
  if (seen.backOffMs > 0) return { howMany: 0, why: 'backing-off', againMs: seen.backOffMs }
  // in the order of interest to a supervisor; of equal limits the first is named
  const limits: readonly (readonly [number, Why])[] = [
    [seen.unpromised, seen.free === 0 ? 'no-agents' : 'agents'],
    [seen.leads, seen.leads === 0 ? 'no-leads' : 'leads'],
    [seen.lines, 'lines'],
    [seen.starts, 'cps'],
  ]
  const [least, why] = limits.reduce((tightest, limit) => (limit[0] < tightest[0] ? limit : tightest))
  return { howMany: Math.max(0, least), why, againMs: why === 'cps' ? seen.nextStartMs : null }
}

/** After a refusal of FreeSWITCH itself: 1 s, doubled with each consecutive refusal, 10 s at most. */
export function backOffMs(refusals: number): number {
  return refusals === 0 ? 0 : Math.min(1_000 * 2 ** (refusals - 1), 10_000)
}
