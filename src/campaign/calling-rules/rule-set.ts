/**
 * What the law of a country, or its code of conduct, says about the hours of calls and their number. The rules are data
 * with a version and sources: us.ts, uk.ts. A campaign names its rule set. What a campaign sets itself can only make
 * the hours shorter. docs/calling-rules.md tells what a supervisor must check with counsel.
 */
import type { Week } from '../../base/hours.ts'

export interface RegionRule {
  /** When people there may be called; absent: as everywhere in the rule set. The clock of the called person counts. */
  readonly hours?: Week
  /** No calls on the holidays of this region (table `holidays`). */
  readonly notOnHolidays?: true
  /** Calls to one number within any 24 hours, of all campaigns. */
  readonly mostPerDay?: number
  readonly source: string
}

export interface RuleSet {
  /** The day on which the data were last compared with their sources. */
  readonly version: string
  /** The region of the holidays of the whole country: 'US', 'GB'. */
  readonly country: string
  readonly hours: Week
  readonly source: string
  readonly notOnHolidays?: true
  /** Stricter rules, by region: 'US-FL', 'GB'. */
  readonly regions: Readonly<Record<string, RegionRule>>
}
