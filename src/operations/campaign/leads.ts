import { z } from 'zod'
import { described, parsed, whole } from '../../base/parsed.ts'
import { findCampaign } from '../../campaign/campaign-commands.ts'
import { inCountry, phoneNumber } from '../../esl/phone-number.ts'
import { triesOf } from '../../store/attempts.ts'
import { leadsOf } from '../../store/leads.ts'
import { nameOf } from '../fields.ts'
import { leadShape } from '../lead/lead-named.ts'
import { operation } from '../operation.ts'

export default operation({
  name: 'campaign.leads',
  summary: 'the leads of a campaign in the order of their import, and what came of each',
  needs: 'database',
  role: 'reader',
  positional: ['name'],
  input: z.strictObject({
    name: nameOf('campaign'),
    state: described(
      z.enum(['ready', 'claimed', 'done']),
      'only leads that wait for a call (ready), are called now (claimed) or are not called again (done)',
      '<state>',
    ).optional(),
    disposition: described(z.string().min(1), 'only leads with this last disposition', '<word>').optional(),
    number: described(parsed(phoneNumber), 'only the lead with this number', '<number>').optional(),
    limit: described(whole(1, 10_000), 'how many', '<n>').default(50),
    after: described(whole(0, Number.MAX_SAFE_INTEGER), 'only leads that follow the one with this id', '<id>').default(
      0,
    ),
  }),
  output: z.array(
    leadShape.extend({
      /** Attempts by what came of them. */
      tries: z.record(z.string(), z.number()),
    }),
  ),
  refusals: ['NOT_FOUND'],
  changes: false,
  cursor: 'id',
  async run({ sql, country }, { name, state, disposition, number, limit, after }) {
    const campaign = await findCampaign(sql, name)
    const phone = number === undefined ? undefined : inCountry(number, campaign.country ?? country)
    const leads = await leadsOf(sql, campaign.id, limit, after, { state, disposition, phone })
    const tries = await triesOf(
      sql,
      leads.map(lead => lead.id),
    )
    return leads.map(lead => ({ ...lead, tries: tries.get(lead.id) ?? {} }))
  },
})
