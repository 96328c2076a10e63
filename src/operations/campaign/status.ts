import { z } from 'zod'
import { findCampaign } from '../../campaign/campaign-commands.ts'
import { campaignFigures } from '../../campaign/figures.ts'
import { budget } from '../../campaign/law/budget.ts'
import { policyOf } from '../../campaign/law/laws.ts'
import { nameOf } from '../fields.ts'
import { operation } from '../operation.ts'
import { campaignFiguresShape, campaignShape, lastDecisionShape, lawCountShape } from './campaign-named.ts'

const count = z.number()
const estimate = z.number().nullable()

export default operation({
  name: 'campaign.status',
  summary: 'how a campaign is dialled now: the ratio, the abandonment against its budget, and why no more is dialled',
  needs: 'stores',
  role: 'reader',
  positional: ['name'],
  input: z.strictObject({ name: nameOf('campaign') }),
  output: campaignFiguresShape.extend({
    mode: campaignShape.shape.mode,
    /** The node that dials it, and when that node decided last; null: no node dials it now. */
    node: z.string().nullable(),
    decidedAt: z.number().nullable(),
    budget: lawCountShape,
    /** One for each FreeSWITCH at which agents are on the line. */
    switches: z.array(
      lastDecisionShape.extend({
        leads: count,
        /** Null: the mode predicts nothing. */
        callsPerAgent: estimate,
        /** The chance of a person to find no agent: of the next call, and the largest that is allowed; 0 to 1. */
        risk: estimate,
        theta: estimate,
        predictedAnswers: estimate,
        answerRate: estimate,
      }),
    ),
  }),
  refusals: ['NOT_FOUND'],
  changes: false,
  async run({ sql, statuses, clock }, { name }) {
    const campaign = await findCampaign(sql, name)
    const [status, figures, { live, abandoned, limit }] = await Promise.all([
      statuses.read(campaign.id),
      campaignFigures(sql, campaign),
      budget(sql, campaign, policyOf(campaign.law), clock.now()),
    ])
    return {
      ...figures,
      mode: campaign.mode,
      node: status?.node ?? null,
      decidedAt: status?.at ?? null,
      budget: { live, abandoned, limit },
      switches: (status?.parts ?? []).map(({ figures: predicted, at, free, wanted, dialled, why, leads, lines }) => ({
        ...{ at, free, wanted, dialled, why, leads, lines },
        callsPerAgent: predicted?.callsPerAgent ?? null,
        risk: predicted?.risk ?? null,
        theta: predicted?.theta ?? null,
        predictedAnswers: predicted?.predictedAnswers ?? null,
        answerRate: predicted?.answerRate ?? null,
      })),
    }
  },
})
