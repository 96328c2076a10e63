/**
 * The report of compliance: for each window of a campaign's law what was counted, and how the people who answered were
 * treated. Used by operations/campaign/compliance.ts.
 */
import { answeredSums, treatmentIn, type Treatment } from '../../store/answered-calls.ts'
import type { CampaignRow } from '../../store/campaigns.ts'
import type { Queries } from '../../store/sql.ts'
import { budgetOf, timesOf, worstDay, type Budget } from './budget.ts'
import { policyOf } from './laws.ts'
import type { LawPolicy } from './policy.ts'
import { windowsUpTo } from './windows.ts'

interface ComplianceWindow extends Budget, Treatment {
  /** People who answered, as they were, without the estimates of the law. */
  readonly served: number
  readonly unserved: number
}

export interface Compliance {
  readonly policy: LawPolicy
  /** The newest first; the first one is the window that holds now. */
  readonly windows: readonly ComplianceWindow[]
  /** Of a law for any 24 hours: the worst ones of the last 30 days. Null: another law, or nobody answered. */
  readonly worst: Budget | null
}

const MONTH_MS = 30 * 86_400_000

/** `most`: at most so many windows. */
export async function compliance(
  sql: Queries,
  campaign: CampaignRow,
  { most, now }: { readonly most: number; readonly now: number },
): Promise<Compliance> {
  const policy = policyOf(campaign.law)
  const windows = windowsUpTo(policy.window, timesOf(campaign), now, most)
  const reports = windows.map(async window => {
    const [sums, treatment] = await Promise.all([
      answeredSums(sql, campaign.id, window),
      treatmentIn(sql, campaign.id, window, policy.deadlineFrom),
    ])
    return { ...budgetOf(sums, policy, window), ...treatment, served: sums.served, unserved: sums.abandoned }
  })
  const worst = policy.window === 'day' ? await worstDay(sql, campaign, policy, now - MONTH_MS) : null
  return { policy, windows: await Promise.all(reports), worst }
}
