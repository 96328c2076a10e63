import { z } from 'zod'
import { described, parsed, whole } from '../../base/parsed.ts'
import { inCountry, phoneNumber } from '../../esl/phone-number.ts'
import { doNotCallEntries } from '../../store/do-not-call.ts'
import { operation } from '../operation.ts'
import { dncShape, shownEntry } from './dnc-named.ts'

export default operation({
  name: 'dnc.list',
  summary: 'the numbers that campaigns do not call, with the source and the time of each entry',
  needs: 'database',
  role: 'reader',
  positional: [],
  input: z.strictObject({
    number: described(parsed(phoneNumber), 'only the entries that hold for this number', '<number>').optional(),
    limit: described(whole(1, 10_000), 'how many', '<n>').default(50),
    after: described(z.string(), 'only numbers that follow this one in the list', '<number>').default(''),
  }),
  output: z.array(dncShape),
  refusals: [],
  changes: false,
  cursor: 'number',
  run: async ({ sql, country }, { number, limit, after }) =>
    (
      await doNotCallEntries(sql, {
        about: number && inCountry(number, country),
        limit,
        after: after.replace(/\*$/, ''),
      })
    ).map(shownEntry),
})
