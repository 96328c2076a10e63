import { z } from 'zod'
import { described, whole } from '../../base/parsed.ts'
import { findCampaign } from '../../campaign/campaign-commands.ts'
import { compliance } from '../../campaign/law/compliance.ts'
import { COUNTS, DEADLINES_FROM, WINDOWS } from '../../campaign/law/policy.ts'
import type { Budget } from '../../campaign/law/budget.ts'
import { nameOf } from '../fields.ts'
import { operation } from '../operation.ts'

const count = z.number()
const lasted = z.number().nullable()

/** docs/compliance.md has every figure. With estimates live and abandoned calls are no whole numbers. */
const budgetShape = z.object({
  from: z.date(),
  to: z.date(),
  live: count,
  abandoned: count,
  /** abandoned ÷ live, 0 to 1; null: nobody has answered. */
  share: z.number().nullable(),
  limit: z.number(),
  /** Is the share within the limit? */
  kept: z.boolean(),
})

const windowShape = budgetShape.extend({
  served: count,
  unserved: count,
  late: count,
  withoutMessage: count,
  corrected: count,
  longestWaitMs: lasted,
  longestMessageWaitMs: lasted,
})

export default operation({
  name: 'campaign.compliance',
  summary: 'how a campaign keeps its law, window by window',
  needs: 'database',
  role: 'reader',
  positional: ['name'],
  input: z.strictObject({
    name: nameOf('campaign'),
    windows: described(whole(1, 100), 'how many windows of the law, the newest first', '<n>').default(4),
  }),
  output: z.object({
    campaign: z.string(),
    law: z.object({
      name: z.string(),
      means: z.string(),
      source: z.string(),
      /** Numbers that nobody has compared with the text of the law yet. */
      unchecked: z.array(z.string()),
      maxAbandoned: z.number(),
      window: z.enum(WINDOWS),
      count: z.enum(COUNTS),
      connectWithinMs: z.number(),
      deadlineFrom: z.enum(DEADLINES_FROM),
      minRingMs: z.number(),
      message: z.boolean(),
      lockMs: z.number(),
      detectionErrors: z.number(),
    }),
    windows: z.array(windowShape),
    worst: budgetShape.nullable(),
  }),
  refusals: ['NOT_FOUND'],
  changes: false,
  async run({ sql, clock }, { name, windows: most }) {
    const campaign = await findCampaign(sql, name)
    const { policy, windows, worst } = await compliance(sql, campaign, { most, now: clock.now() })
    return {
      campaign: name,
      law: policy,
      windows: windows.map(one => ({ ...one, ...shown(one) })),
      worst: worst && shown(worst),
    }
  },
})

const shown = ({ live, abandoned, share, limit, windowStart, windowEnd }: Budget) => ({
  from: new Date(windowStart),
  to: new Date(windowEnd),
  live,
  abandoned,
  share,
  limit,
  kept: share === null || share <= limit,
})
