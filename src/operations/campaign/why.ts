import { z } from 'zod'
import { findCampaign } from '../../campaign/campaign-commands.ts'
import { budget } from '../../campaign/law/budget.ts'
import { policyOf } from '../../campaign/law/laws.ts'
import { listNow } from '../../campaign/list-now.ts'
import { staffNow } from '../../campaign/staff-now.ts'
import { whySoFew } from '../../campaign/why-campaign.ts'
import { campaignNow } from '../../store/campaign-sums.ts'
import { nameOf } from '../fields.ts'
import { operation } from '../operation.ts'
import { campaignShape, lastDecisionShape, lawCountShape } from './campaign-named.ts'
import { listShape, shownList } from './list-shape.ts'

const count = z.number()
const moment = z.number().nullable()
/** `words`: one sentence for people. `until`: when it ends by itself, ms since the epoch; null: nobody knows. */
const reason = z.object({ why: z.string(), words: z.string(), until: moment })

export default operation({
  name: 'campaign.why',
  summary: 'why a campaign dials so few leads now: one answer in words, and the figures behind it',
  needs: 'stores',
  role: 'reader',
  positional: ['name'],
  input: z.strictObject({ name: nameOf('campaign') }),
  output: z.object({
    campaign: z.string(),
    answer: reason,
    /** Reasons further inside, which hold too. */
    others: z.array(reason),
    state: campaignShape.shape.state,
    mode: z.string(),
    /** The node that dials it, and when that node decided last; null: none. */
    node: z.string().nullable(),
    decidedAt: moment,
    calls: z.object({ dialling: count, ringing: count, waiting: count, talking: count, callsPerSecond: count }),
    limits: z.object({ maxLines: count, cps: count }),
    law: lawCountShape,
    list: listShape,
    /** Those who serve its queue and take leads, by what they do. */
    agents: z.object({
      agents: count,
      loggedOut: count,
      onBreak: count,
      notOnLine: count,
      talking: count,
      wrapUp: count,
      busyOtherwise: count,
      withCall: count,
      free: count,
    }),
    switches: z.array(lastDecisionShape),
  }),
  refusals: ['NOT_FOUND'],
  changes: false,
  async run({ sql, statuses, roster, clock }, { name }) {
    const campaign = await findCampaign(sql, name)
    const now = clock.now()
    const [holder, status, list, agents, { live, abandoned, limit }, calls] = await Promise.all([
      statuses.owner(campaign.id),
      statuses.read(campaign.id),
      listNow(sql, campaign, now),
      roster.list(now),
      budget(sql, campaign, policyOf(campaign.law), now),
      campaignNow(sql, campaign.id, now),
    ])
    const staff = staffNow(agents, campaign.queue, now)
    const law = { live, abandoned, limit }
    const [answer, ...others] = whySoFew({ campaign, holder, status, list, staff, law })
    const { sentLastMinute, ...phases } = calls
    const { state, mode, maxLines, cps } = campaign
    return {
      ...{ campaign: name, answer, others, state, mode, law },
      node: holder,
      decidedAt: status?.at ?? null,
      calls: { ...phases, callsPerSecond: sentLastMinute / 60 },
      limits: { maxLines, cps },
      list: shownList(list),
      agents: staff,
      switches: (status?.parts ?? []).map(({ at, free, wanted, dialled, why, lines }) => ({
        ...{ at, free, wanted, dialled, why, lines },
      })),
    }
  },
})
