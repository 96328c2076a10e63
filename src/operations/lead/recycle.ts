import { z } from 'zod'
import { described } from '../../base/parsed.ts'
import { findCampaign } from '../../campaign/campaign-commands.ts'
import { ATTEMPT_ENDS } from '../../campaign/disposition.ts'
import { recycle } from '../../campaign/lead-commands.ts'
import { moment } from '../fields.ts'
import { operation } from '../operation.ts'
import { campaignName, leadCounts } from './lead-named.ts'
import { quoted } from '../../base/quoted.ts'

const WORDS = ATTEMPT_ENDS.filter(end => end !== 'opted-out')

export default operation({
  name: 'lead.recycle',
  summary: 'makes leads that are done ready again, by their last disposition; nobody who opted out',
  needs: 'stores',
  role: 'supervisor',
  positional: ['campaign'],
  input: z.strictObject({
    campaign: campaignName,
    dispositions: described(
      z
        .array(
          z.enum(WORDS, {
            error: ({ input }) => `${quoted(input)} cannot be used; allowed: ${WORDS.join(', ')}`,
          }),
        )
        .min(1),
      'their last dispositions, separated by commas',
      '<words>',
    ),
    callAt: moment
      .optional()
      .meta({ description: 'not called before this time (default: now)', placeholder: '<time>' }),
  }),
  output: z.object({
    campaign: z.string(),
    state: z.string(),
    /** The leads that are ready again. */
    recycled: z.number(),
    byDisposition: z.record(z.string(), z.number()),
    /** They had one of these dispositions and stay done. */
    optedOut: z.number(),
  }),
  refusals: ['NOT_FOUND'],
  changes: true,
  mustBeOnce: true,
  thing: leadCounts,
  async run(parts, { campaign: name, dispositions, callAt }) {
    const campaign = await findCampaign(parts.sql, name)
    const now = parts.clock.now()
    const { recycled, optedOut } = await recycle(parts, campaign, { dispositions, nextAt: callAt ?? now }, now)
    return {
      campaign: campaign.name,
      state: campaign.state,
      recycled: [...recycled.values()].reduce((sum, n) => sum + n, 0),
      byDisposition: Object.fromEntries(recycled),
      optedOut,
    }
  },
})
