import { z } from 'zod'
import { deleteCampaign } from '../../campaign/campaign-commands.ts'
import { nameOf, removal } from '../fields.ts'
import { operation } from '../operation.ts'
import { campaignBefore } from './campaign-named.ts'

export default operation({
  name: 'campaign.remove',
  summary: 'deletes a campaign with its leads, when it does not run; the records of its calls stay',
  needs: 'stores',
  role: 'supervisor',
  positional: ['name'],
  input: z.strictObject({ name: nameOf('campaign') }),
  output: removal,
  refusals: ['NOT_FOUND', 'IN_USE', 'WRONG_STATE'],
  changes: true,
  thing: campaignBefore,
  async run(parts, { name }) {
    await deleteCampaign(parts, name)
    return { name, removed: true as const }
  },
})
