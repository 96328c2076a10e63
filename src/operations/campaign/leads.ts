import { z } from 'zod'
import { described, whole } from '../../base/parsed.ts'
import { findCampaign } from '../../campaign/campaign-commands.ts'
import { leadsOf } from '../../store/leads.ts'
import { nameOf } from '../fields.ts'
import { operation } from '../operation.ts'

export default operation({
  name: 'campaign.leads',
  summary: 'the leads of a campaign in the order of their import, and what came of each',
  needs: 'database',
  role: 'reader',
  positional: ['name'],
  input: z.strictObject({
    name: nameOf('campaign'),
    limit: described(whole(1, 10_000), 'how many', '<n>').default(50),
    after: described(whole(0, Number.MAX_SAFE_INTEGER), 'only leads that follow the one with this id', '<id>').default(
      0,
    ),
  }),
  output: z.array(
    z.object({
      id: z.number(),
      phone: z.string(),
      fields: z.record(z.string(), z.string()),
      state: z.enum(['ready', 'claimed', 'done']),
      attempts: z.number(),
      nextAt: z.date(),
      disposition: z.string().nullable(),
    }),
  ),
  refusals: ['NOT_FOUND'],
  changes: false,
  async run({ sql }, { name, limit, after }) {
    const { id } = await findCampaign(sql, name)
    return leadsOf(sql, id, limit, after)
  },
})
