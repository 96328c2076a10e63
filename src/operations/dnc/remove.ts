import { z } from 'zod'
import { NotFoundError } from '../../base/errors.ts'
import { removeDoNotCall } from '../../store/do-not-call.ts'
import { removal } from '../fields.ts'
import { operation } from '../operation.ts'
import { campaignId, dncCampaign, dncNumber, entryNamed, patternOf } from './dnc-named.ts'

export default operation({
  name: 'dnc.remove',
  summary: 'removes an entry of the do-not-call list; leads that were ended because of it stay ended',
  needs: 'database',
  role: 'administrator',
  positional: ['number'],
  input: z.strictObject({ number: dncNumber, campaign: dncCampaign }),
  output: removal,
  refusals: ['NOT_FOUND'],
  changes: true,
  thing: entryNamed,
  async run({ sql, country }, { number, campaign }) {
    const of = await campaignId(sql, campaign)
    if (await removeDoNotCall(sql, { ...patternOf(number, country), campaign: of }))
      return { name: number, removed: true as const }
    throw new NotFoundError('entry', campaign === undefined ? number : `${number} of the campaign ${campaign}`, null)
  },
})
