import { z } from 'zod'
import { described } from '../../base/parsed.ts'
import { exportLeads } from '../../campaign/export.ts'
import { findCampaign } from '../../campaign/campaign-commands.ts'
import { nameOf } from '../fields.ts'
import { operation } from '../operation.ts'

export default operation({
  name: 'campaign.export',
  summary: 'writes the leads of a campaign, their fields and what came of each, to a CSV file',
  needs: 'database',
  role: 'supervisor',
  positional: ['name'],
  doors: ['command-line'], // it writes a file of the machine on which it runs
  input: z.strictObject({
    name: nameOf('campaign'),
    file: described(z.string().min(1), 'the file to write', '<file.csv>'),
    overwrite: described(z.boolean(), 'the file may exist, and is replaced').default(false),
  }),
  output: z.object({ campaign: z.string(), file: z.string(), leads: z.number() }),
  refusals: ['NOT_FOUND'],
  changes: false,
  async run({ sql, progress }, { name, file, overwrite }) {
    const { id } = await findCampaign(sql, name)
    return { campaign: name, file, leads: await exportLeads({ sql, campaign: id, file, overwrite, progress }) }
  },
})
