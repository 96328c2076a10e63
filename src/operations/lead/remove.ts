import { z } from 'zod'
import { NotFoundError } from '../../base/errors.ts'
import { dropLead } from '../../campaign/lead-commands.ts'
import { operation } from '../operation.ts'
import { campaignName, findLead, leadBefore, leadNumberField } from './lead-named.ts'

export default operation({
  name: 'lead.remove',
  summary: 'takes a lead from the list of a campaign; when it is called in this moment, after that call',
  needs: 'stores',
  role: 'supervisor',
  positional: ['campaign', 'number'],
  input: z.strictObject({ campaign: campaignName, number: leadNumberField }),
  output: z.object({
    campaign: z.string(),
    number: z.string(),
    removed: z.literal(true),
    /** True: the lead is called in this moment, and is removed when that attempt ends. */
    afterAttempt: z.boolean(),
  }),
  refusals: ['NOT_FOUND'],
  changes: true,
  thing: leadBefore,
  async run(parts, named) {
    const { campaign, lead } = await findLead(parts, named)
    const when = await dropLead(parts, campaign, lead.id, parts.clock.now())
    if (when === null) throw new NotFoundError(`lead of the campaign '${campaign.name}'`, lead.phone, null)
    return {
      campaign: campaign.name,
      number: lead.phone,
      removed: true as const,
      afterAttempt: when === 'after-attempt',
    }
  },
})
