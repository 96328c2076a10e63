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
import { countDeviation } from './pacing/budget-control.ts'
import type { PacingPolicy } from './pacing/pacer.ts'

/**
 * Nobody knows when the agents go home, or when a campaign ends: the count must be right at any time, whatever the
 * window of the law is. So some people are held back, because the count cannot be steered more exactly: so many
 * standard deviations of the number of abandoned people. With a deviation that may be made up for within four hours,
 * and nobody held back, campaigns of four hours with ten agents ended with up to 3.8 % (`make bench-pacing`, day 5 to
 * day 50, has the worst share after any hour).
 */
const HELD_BACK = 0.6
/** As long as fewer people than this may be abandoned, the same part of them is held back. */
const HELD_BACK_OF = 12

/** `now`: milliseconds since the epoch. Rejects when PostgreSQL is unavailable. */
export async function lawNow(sql: Queries, campaign: Campaign, now: number): Promise<LawNow> {
  const law = policyOf(campaign.law)
  const { live, abandoned } = await budget(sql, campaign, law, now)
  return { policy: pacingPolicy(law, live), budget: { live, abandoned } }
}

/** Pure. `live`: calls that a person answered in the window that holds now. */
export function pacingPolicy(law: LawPolicy, live: number): PacingPolicy {
  const may = Math.max(HELD_BACK_OF, law.maxAbandoned * live)
  return {
    target: law.maxAbandoned * (1 - (HELD_BACK * countDeviation(may)) / may),
    connectWithinMs: law.connectWithinMs,
    clock: law.deadlineFrom === 'answer' ? 'answer' : 'greeting-end',
    endsAt: null,
  }
}
