import { z } from 'zod'
import { detectionErrors } from '../../campaign/detection.ts'
import { findCampaign } from '../../campaign/campaign-commands.ts'
import { nameOf } from '../fields.ts'
import { windowFields, windowOf } from '../figures/window.ts'
import { operation } from '../operation.ts'

const count = z.number()
const rate = z.number().nullable()

export default operation({
  name: 'campaign.detection',
  summary: 'what the detection of answering machines has heard, and how often the agents report that it was wrong',
  needs: 'database',
  role: 'reader',
  positional: ['name'],
  input: z.strictObject({ name: nameOf('campaign'), window: windowFields.window }),
  output: z.object({
    campaign: z.string(),
    from: z.date(),
    to: z.date(),
    verdicts: z.array(
      z.object({ heard: z.string(), why: z.string().nullable(), count, meanMs: z.number().nullable() }),
    ),
    people: count,
    machinesAmongPeople: count,
    machines: count,
    peopleAmongMachines: count,
    /** 0 to 1; null: no agent has heard any. */
    missedRate: rate,
    falseRate: rate,
  }),
  refusals: ['NOT_FOUND'],
  changes: false,
  async run({ sql, clock }, { name, window }) {
    const { id } = await findCampaign(sql, name)
    const { from, to } = windowOf({ window }, clock.now())
    return { campaign: name, from: new Date(from), to: new Date(to), ...(await detectionErrors(sql, id, { from, to })) }
  },
})
