/**
 * What the law of a campaign allows and its ledger counts at this moment, in the form of the pacing. Used by the dialer
 * for its decisions, and by `campaign status`.
 */
import type { Queries } from '../store/sql.ts'
import type { Campaign } from './campaign.ts'
import type { LawNow } from './dial-ahead.ts'
import { budget } from './law/budget.ts'
import { policyOf } from './law/laws.ts'

/** A campaign may end any day, long before its window: too many abandoned people are made up for within this time. */
const CORRECTED_MS = 4 * 3_600_000

/** `now`: milliseconds since the epoch. Rejects when PostgreSQL is unavailable. */
export async function lawNow(sql: Queries, campaign: Campaign, now: number): Promise<LawNow> {
  const law = policyOf(campaign.law)
  const { live, abandoned, windowEnd } = await budget(sql, campaign, law, now)
  return {
    policy: {
      target: law.maxAbandoned,
      connectWithinMs: law.connectWithinMs,
      clock: law.deadlineFrom === 'answer' ? 'answer' : 'greeting-end',
      // any 24 hours never end
      endsAt: law.window === 'day' ? null : Math.min(windowEnd, now + CORRECTED_MS),
    },
    budget: { live, abandoned },
  }
}
