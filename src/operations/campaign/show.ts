import { z } from 'zod'
import { findCampaign } from '../../campaign/campaign-commands.ts'
import { nameOf } from '../fields.ts'
import { operation } from '../operation.ts'
import { campaignWithFigures, withFigures } from './campaign-named.ts'

export default operation({
  name: 'campaign.show',
  summary: 'the settings and figures of one campaign',
  needs: 'database',
  role: 'reader',
  positional: ['name'],
  input: z.strictObject({ name: nameOf('campaign') }),
  output: campaignWithFigures,
  refusals: ['NOT_FOUND'],
  changes: false,
  run: async ({ sql }, { name }) => withFigures(sql, await findCampaign(sql, name)),
})
