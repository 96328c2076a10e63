import { z } from 'zod'
import { described, parsed } from '../../base/parsed.ts'
import { FieldFaults } from '../../base/errors.ts'
import { importCampaign } from '../../campaign/campaign-commands.ts'
import { namedEncoding } from '../../campaign/list-encoding.ts'
import { campaignNamed } from '../../store/campaigns.ts'
import { nameOf } from '../fields.ts'
import { operation } from '../operation.ts'
import { campaignBefore, campaignCalls, campaignSettings, givenSettings, mustBeUsable } from './campaign-named.ts'

const count = z.number()

export default operation({
  name: 'campaign.add',
  summary: 'creates a campaign from a CSV file, or adds the leads of the file to an existing one',
  needs: 'stores',
  role: 'supervisor',
  positional: ['name'],
  doors: ['command-line'], // it reads a file of the machine on which it runs
  input: z.strictObject({
    name: nameOf('campaign'),
    leads: described(z.string(), 'the first line names the columns; one of them holds the numbers', '<file.csv>'),
    phoneColumn: described(
      z.string(),
      'the column with the numbers, if its name is not phone, number, mobile or similar',
      '<name>',
    ).optional(),
    encoding: described(
      parsed(namedEncoding),
      'how the file writes letters, such as windows-1251 or gb18030, if it is found wrongly',
      '<name>',
    ).optional(),
    ...campaignSettings,
    ...campaignCalls,
  }),
  output: z.object({
    campaign: z.string(),
    state: z.string(),
    read: count,
    added: count,
    duplicates: count,
    optedOut: count,
    rejected: count,
    rejectFile: z.string().nullable(),
    /** As which the file was read. */
    encoding: z.string(),
    firstFaults: z.array(
      z.object({
        file: z.string(),
        line: z.number(),
        column: z.string().nullable(),
        value: z.string(),
        allowed: z.string(),
      }),
    ),
  }),
  refusals: ['NOT_FOUND'],
  changes: true,
  thing: campaignBefore,
  async run(parts, { name, leads: file, phoneColumn: column, encoding, ...given }) {
    const isNew = (await campaignNamed(parts.sql, name)) === null
    if (isNew && given.queue === undefined)
      throw new FieldFaults([{ field: 'queue', message: 'a new campaign needs a queue' }])
    await mustBeUsable(parts, isNew ? { ...given, flow: given.flow ?? 'campaign-leg' } : given)
    const list = { file, column, encoding, now: parts.clock.now(), progress: parts.progress }
    const { campaign, summary } = await importCampaign(parts, { name, ...givenSettings(given) }, list)
    return { campaign: campaign.name, state: campaign.state, ...summary }
  },
})
