import { z } from 'zod'
import { campaignFigures } from '../../campaign/figures.ts'
import { campaigns } from '../../store/campaigns.ts'
import { operation } from '../operation.ts'
import { campaignFiguresShape } from './campaign-named.ts'

export default operation({
  name: 'campaign.list',
  summary: 'the figures of all campaigns',
  needs: 'database',
  role: 'reader',
  positional: [],
  input: z.strictObject({}),
  output: z.array(campaignFiguresShape),
  refusals: [],
  changes: false,
  run: async ({ sql }) => Promise.all((await campaigns(sql)).map(campaign => campaignFigures(sql, campaign))),
})
