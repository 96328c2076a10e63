/**
 * The limits of dialling: how many of the calls that the mode of dialling wants (pacing/) may be made now, and why not
 * more. Pure: a decision is a function of the snapshot, so each can be explained. dialer.ts asks it at every turn.
 */
import type { WantedWhy } from './dial-mode.ts'

/** Why not more: the tightest limit. 'agents' is the normal one: every free agent has a call under way. */
type Why = WantedWhy | 'no-leads' | 'leads' | 'lines' | 'cps' | 'gateway' | 'backing-off' | 'switch-down'

export interface Snapshot {
  /** Nailed-up agents who are free, whether or not they are reserved for a call that is under way. */
  readonly free: number
  /**
   * How many calls the mode of dialling wants. Progressive: free agents who are not reserved, less the calls whose
   * agent has left and that have no other agent yet. Each lead who answers then has an agent at once, so there is no
   * abandonment as long as no agent hangs up.
   */
  readonly wanted: number
  /** Why the mode wants no more. */
  readonly wantedWhy: WantedWhy
  /** Leads that may be called now; counted only as far as they may be wanted. */
  readonly leads: number
  /** Free lines, of this campaign or of the installation, whichever is less. */
  readonly lines: number
  /** Calls that may be started now, also by what FreeSWITCH takes (learned-rate.ts), and ms until the next one may. */
  readonly starts: number
  readonly nextStartMs: number
  /** What the gateways of the campaign allow together (gateways.ts); absent: they have no limits. */
  readonly gateways?: { readonly calls: number; readonly againMs: number | null; readonly words: string }
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
    [seen.wanted, seen.wantedWhy],
    [seen.leads, seen.leads === 0 ? 'no-leads' : 'leads'],
    [seen.lines, 'lines'],
    [seen.starts, 'cps'],
    [seen.gateways?.calls ?? Infinity, 'gateway'],
  ]
  const [least, why] = limits.reduce((tightest, limit) => (limit[0] < tightest[0] ? limit : tightest))
  const againMs = why === 'cps' ? seen.nextStartMs : why === 'gateway' ? (seen.gateways?.againMs ?? null) : null
  return { howMany: Math.max(0, least), why, againMs }
}

/** After a refusal of FreeSWITCH itself. */
export const backOffMs = (refusals: number): number => pauseMs(refusals, 10_000)

/** After so many consecutive refusals: 1 s, doubled with each, `mostMs` at most. */
export function pauseMs(refusals: number, mostMs: number): number {
  return refusals === 0 ? 0 : Math.min(1_000 * 2 ** (refusals - 1), mostMs)
}
