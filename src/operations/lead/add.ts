import { z } from 'zod'
import { FieldFaults } from '../../base/errors.ts'
import { findCampaign } from '../../campaign/campaign-commands.ts'
import { addLeads } from '../../campaign/lead-commands.ts'
import { operation } from '../operation.ts'
import { addedShape, campaignName, givenLeads, leadCounts, leadDetails, leadList, leadNumber } from './lead-named.ts'

export default operation({
  name: 'lead.add',
  summary: 'adds people to the list of a campaign, also while it runs',
  needs: 'stores',
  role: 'supervisor',
  positional: ['campaign', 'number'],
  input: z.strictObject({
    campaign: campaignName,
    number: leadNumber.optional(),
    ...leadDetails,
    leads: leadList.optional(),
  }),
  output: z.object({ campaign: z.string(), ...addedShape }),
  refusals: ['NOT_FOUND'],
  changes: true,
  mustBeOnce: true,
  thing: leadCounts,
  async run(parts, { campaign: name, number, leads = [], ...all }) {
    const given = givenLeads(number === undefined ? leads : [{ number }, ...leads], all)
    if (given.length === 0)
      throw new FieldFaults([{ field: '', message: 'nobody to add: give', give: ['number', 'leads'] }])
    const campaign = await findCampaign(parts.sql, name)
    return { campaign: campaign.name, ...(await addLeads(parts, campaign, given, parts.clock.now())) }
  },
})
