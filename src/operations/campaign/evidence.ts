import { z } from 'zod'
import { described, whole } from '../../base/parsed.ts'
import { findCampaign } from '../../campaign/campaign-commands.ts'
import { policyOf } from '../../campaign/law/laws.ts'
import { answeredCalls } from '../../store/answered-calls.ts'
import { nameOf } from '../fields.ts'
import { operation } from '../operation.ts'

const moment = z.date().nullable()
const counts = z.enum(['served', 'abandoned', 'machine', 'nobody'])

export default operation({
  name: 'campaign.evidence',
  summary: 'the ledger of a campaign: each answered call with its times, and what it counts as',
  needs: 'database',
  role: 'reader',
  positional: ['name'],
  input: z.strictObject({
    name: nameOf('campaign'),
    limit: described(whole(1, 10_000), 'how many', '<n>').default(50),
    after: described(z.uuid(), 'only calls that follow the one of this attempt', '<uuid>').optional(),
  }),
  output: z.array(
    z.object({
      attempt: z.string(),
      lead: z.number(),
      /** Null: the lead is erased. */
      phone: z.string().nullable(),
      /** By which it was counted. */
      law: z.string(),
      heard: z.string().nullable(),
      answeredAt: z.date(),
      detectedAt: moment,
      greetedAt: moment,
      connectedAt: moment,
      messageAt: moment,
      endedAt: z.date(),
      /** From where the law's time begins to the agent; null: no agent came. */
      waitMs: z.number().nullable(),
      agent: z.string().nullable(),
      disposition: z.string().nullable(),
      /** Without the word of the agent, and with it. */
      countedAs: counts,
      counts,
    }),
  ),
  refusals: ['NOT_FOUND'],
  changes: false,
  cursor: 'attempt',
  async run({ sql }, { name, ...page }) {
    const { id, law } = await findCampaign(sql, name)
    return answeredCalls(sql, id, { ...page, deadlineFrom: policyOf(law).deadlineFrom })
  },
})
