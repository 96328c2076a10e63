/**
 * What the law of a campaign allows and its ledger counts at this moment, in the form of the pacing. Used by the dialer
 * for its decisions.
 */
import type { Queries } from '../store/sql.ts'
import type { Campaign } from './campaign.ts'
import type { LawNow } from './dial-ahead.ts'
import { budget } from './law/budget.ts'
import { policyOf } from './law/laws.ts'
import type { LawPolicy } from './law/policy.ts'
import type { PacingPolicy } from './pacing/pacer.ts'

/** A campaign may end any day, long before its window: too many abandoned people are made up for within this time. */
const CORRECTED_MS = 4 * 3_600_000

/**
 * Any 24 hours have no end at which the count must be right: it must be right whenever the agents go home. So a
 * deviation is corrected within this time, and so many people are held back, because the count cannot be steered more
 * exactly. Of a team of 5 that is a large part, so it aims at 2.73 %, one of 50 at 2.98. With half an hour and 2.5
 * people one day of ten agents in 20 was above 3 % (`make bench-pacing`, day 5 to day 50).
 */
const DAY_CORRECTED_MS = 10 * 60_000
const HELD_BACK = 3
/** As long as fewer people than this may be abandoned, the same part of them is held back. */
const HELD_BACK_OF = 12

/** `now`: milliseconds since the epoch. Rejects when PostgreSQL is unavailable. */
export async function lawNow(sql: Queries, campaign: Campaign, now: number): Promise<LawNow> {
  const law = policyOf(campaign.law)
  const { live, abandoned, windowEnd } = await budget(sql, campaign, law, now)
  return { policy: pacingPolicy(law, { live, windowEnd }, now), budget: { live, abandoned } }
}

/** Pure. `live`: calls that a person answered in the window that holds now. */
export function pacingPolicy(
  law: LawPolicy,
  { live, windowEnd }: { readonly live: number; readonly windowEnd: number },
  now: number,
): PacingPolicy {
  const isDay = law.window === 'day'
  const heldBack = isDay ? HELD_BACK / Math.max(HELD_BACK_OF, law.maxAbandoned * live) : 0
  return {
    target: law.maxAbandoned * (1 - heldBack),
    connectWithinMs: law.connectWithinMs,
    clock: law.deadlineFrom === 'answer' ? 'answer' : 'greeting-end',
    endsAt: isDay ? now + DAY_CORRECTED_MS : Math.min(windowEnd, now + CORRECTED_MS),
  }
}
