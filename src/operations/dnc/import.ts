import { z } from 'zod'
import { described } from '../../base/parsed.ts'
import { readList } from '../../campaign/small-list.ts'
import { numberPattern } from '../../queue/number-rules.ts'
import { addDoNotCall, addOptOuts } from '../../store/do-not-call.ts'
import { operation } from '../operation.ts'
import { campaignId, dncCampaign, patternOf } from './dnc-named.ts'

export default operation({
  name: 'dnc.import',
  summary:
    'adds the numbers of a CSV file to the do-not-call list: the first column, whole numbers or prefixes with a star',
  needs: 'database',
  role: 'supervisor',
  positional: ['file'],
  doors: ['command-line'], // it reads a file of the machine on which it runs
  input: z.strictObject({
    file: described(z.string().min(1), 'the file, with or without a first line that names the columns'),
    campaign: dncCampaign,
    source: described(
      z.string().min(1).max(40),
      'where the list comes from, such as national-registry',
      '<word>',
    ).default('import'),
    note: described(z.string().max(200), 'more about it, in your words', '<text>').default(''),
  }),
  output: z.object({
    read: z.number(),
    /** New entries; the others were in the list already. */
    added: z.number(),
    rejected: z.number(),
    firstFaults: z.array(z.object({ line: z.number(), value: z.string(), why: z.string() })),
  }),
  refusals: ['NOT_FOUND'],
  changes: true,
  async run({ sql, clock, country }, { file, campaign, source, note }) {
    const of = await campaignId(sql, campaign)
    const now = clock.now()
    let added = 0
    const summary = await readList(
      file,
      ([number = '']) => patternOf(numberPattern(number), country),
      async portion => {
        const whole = portion.filter(({ prefix }) => of === null && !prefix)
        const others = portion.filter(({ prefix }) => of !== null || prefix)
        if (whole.length > 0)
          added += await addOptOuts(
            sql,
            whole.map(({ number }) => number),
            source,
            note,
            now,
          )
        const entries = others.map(pattern => ({ ...pattern, campaign: of, source, note }))
        if (entries.length > 0) added += await addDoNotCall(sql, entries, now)
      },
    )
    return { ...summary, added }
  },
})
