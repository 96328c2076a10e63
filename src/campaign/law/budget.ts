/**
 * The abandonment budget of a campaign: what its law has counted in the window that holds now. It comes from figures
 * that are kept with every call (store/answered-calls.ts), so it is the same on all nodes, after every restart and
 * after every correction, and costs some milliseconds: pacing reads it for its decisions.
 */
import { answeredByHour, answeredSums, type AnsweredSums } from '../../store/answered-calls.ts'
import type { CampaignRow } from '../../store/campaigns.ts'
import type { Queries } from '../../store/sql.ts'
import { counted } from './counting.ts'
import type { Counted, LawPolicy } from './policy.ts'
import { windowAt, type CampaignTimes, type TimeWindow } from './windows.ts'

/** With estimates (`count` ofcom) live and abandoned calls are no whole numbers. */
export interface Budget extends Counted {
  /** abandoned ÷ live, 0 to 1; null while nobody has answered. */
  readonly share: number | null
  /** The largest share that is allowed, 0 to 1. */
  readonly limit: number
  /** limit × live − abandoned: how many more may be abandoned without a further live call. Negative: too many were. */
  readonly spare: number
  /** Milliseconds since the epoch. The window is half open. */
  readonly windowStart: number
  readonly windowEnd: number
}

export type BudgetCampaign = Pick<CampaignRow, 'id' | 'startedAt' | 'createdAt' | 'timeZone'>

export const timesOf = ({ startedAt, createdAt, timeZone }: BudgetCampaign): CampaignTimes => ({
  began: (startedAt ?? createdAt).getTime(),
  timeZone,
})

/**
 * The budget at `now`, milliseconds since the epoch. Rejects when PostgreSQL is unavailable.
 *
 * @example
 * const { spare } = await budget(sql, campaign, policyOf(campaign.law), clock.now())
 */
export async function budget(sql: Queries, campaign: BudgetCampaign, policy: LawPolicy, now: number): Promise<Budget> {
  const window = windowAt(policy.window, timesOf(campaign), now)
  // nothing is answered after now: with the hours that follow only the first hour of the window is counted
  const to = Math.max(window.to, now + HOUR_MS)
  return budgetOf(await answeredSums(sql, campaign.id, { from: window.from, to }), policy, window)
}

const HOUR_MS = 3_600_000

export function budgetOf(sums: AnsweredSums, policy: LawPolicy, { from, to }: TimeWindow): Budget {
  const { live, abandoned } = counted(sums, policy)
  return {
    live,
    abandoned,
    share: live === 0 ? null : abandoned / live,
    limit: policy.maxAbandoned,
    spare: policy.maxAbandoned * live - abandoned,
    windowStart: from,
    windowEnd: to,
  }
}

const HOURS = 24

/**
 * Of all 24 hours that begin with an hour, from `from` on: those with the largest share. Null when nobody answered.
 * For laws that count over any 24 hours.
 */
export async function worstDay(
  sql: Queries,
  campaign: BudgetCampaign,
  policy: LawPolicy,
  from: number,
): Promise<Budget | null> {
  const hours = await answeredByHour(sql, campaign.id, from)
  let worst: Budget | null = null
  for (const [first, { hour }] of hours.entries()) {
    const start = hour.getTime()
    const end = start + HOURS * HOUR_MS
    const sums = { served: 0, abandoned: 0, machines: 0, detected: 0 }
    for (let at = first; at < hours.length && hours[at]!.hour.getTime() < end; at++) {
      const one = hours[at]!
      sums.served += one.served
      sums.abandoned += one.abandoned
      sums.machines += one.machines
      sums.detected += one.detected
    }
    const day = budgetOf(sums, policy, { from: start, to: end })
    if (day.share !== null && (worst?.share ?? -1) < day.share) worst = day
  }
  return worst
}
