import { z } from 'zod'
import { FieldFaults } from '../../base/errors.ts'
import { described, parsed, whole } from '../../base/parsed.ts'
import { inCountry, phoneNumber } from '../../esl/phone-number.ts'
import { findCampaign } from '../../campaign/campaign-commands.ts'
import { callsOfCrm, recentCalls } from '../../store/calls.ts'
import { operation } from '../operation.ts'
import { callShape } from './call-shape.ts'

export default operation({
  name: 'call.list',
  summary: 'the last calls, newest first',
  needs: 'database',
  role: 'reader',
  positional: [],
  input: z.strictObject({
    limit: described(whole(1, 1_000), 'how many', '<n>').default(20),
    number: described(
      parsed(phoneNumber),
      'only calls of this customer, caller or called number',
      '<number>',
    ).optional(),
    campaign: described(z.string(), 'only calls of this campaign, with the lead of each call', '<name>').optional(),
    crmuuid: described(z.string(), 'only calls with this id of the CRM, all of them, oldest first', '<id>').optional(),
  }),
  output: z.array(callShape),
  refusals: ['NOT_FOUND'],
  changes: false,
  async run({ sql, country }, { limit, number, campaign, crmuuid }) {
    if (crmuuid !== undefined && (number !== undefined || campaign !== undefined))
      throw new FieldFaults([{ field: 'crmuuid', message: 'cannot be combined with', give: ['number', 'campaign'] }])
    if (campaign !== undefined) await findCampaign(sql, campaign)
    if (crmuuid !== undefined) return callsOfCrm(sql, crmuuid)
    // a carrier may have sent the number as it is written in its country
    const spellings = number === undefined ? undefined : [...new Set([number, inCountry(number, country)])]
    return recentCalls(sql, limit, undefined, { number: spellings, campaign })
  },
})
