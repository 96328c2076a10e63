import { z } from 'zod'
import { described } from '../../base/parsed.ts'
import { addDoNotCall, optOut } from '../../store/do-not-call.ts'
import { operation } from '../operation.ts'
import { campaignId, dncCampaign, dncNumber, dncShape, entryNamed, patternOf, shownEntry } from './dnc-named.ts'

export default operation({
  name: 'dnc.add',
  summary: 'campaigns do not call this number any more; an entry that is there already stays',
  needs: 'database',
  role: 'supervisor',
  positional: ['number'],
  input: z.strictObject({
    number: dncNumber,
    campaign: dncCampaign,
    source: described(z.string().min(1).max(40), 'who said so, such as letter', '<word>').default('supervisor'),
    note: described(z.string().max(200), 'why, in your words', '<text>').default(''),
  }),
  output: dncShape,
  refusals: ['NOT_FOUND'],
  changes: true,
  thing: entryNamed,
  async run(parts, { number: pattern, campaign, source, note }) {
    const { number, prefix } = patternOf(pattern, parts.country)
    const [of, now] = [await campaignId(parts.sql, campaign), parts.clock.now()]
    // a whole number that no campaign calls is an opt-out: nodes of the version before keep it too
    if (of === null && !prefix) await parts.sql.begin(tx => optOut(tx, number, source, now, note))
    else await addDoNotCall(parts.sql, [{ number, prefix, campaign: of, source, note }], now)
    return shownEntry((await entryNamed(parts, { number: pattern, campaign }))!)
  },
})
