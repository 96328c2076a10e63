import { z } from 'zod'
import { localDate } from '../../base/hours.ts'
import { described, parsed } from '../../base/parsed.ts'
import { holidaysFrom } from '../../store/holidays.ts'
import { operation } from '../operation.ts'
import { dateNamed, holidayShape, regionField } from './holiday-named.ts'

export default operation({
  name: 'holiday.list',
  summary: 'the holidays that are stored, by date',
  needs: 'database',
  role: 'reader',
  positional: [],
  input: z.strictObject({
    region: regionField.optional(),
    from: described(parsed(dateNamed), 'the first date (default: today)', '<date>').optional(),
  }),
  output: z.array(holidayShape),
  refusals: [],
  changes: false,
  async run({ sql, clock }, { region, from = localDate('UTC', clock.now()) }) {
    const all = await holidaysFrom(sql, from)
    return all.filter(holiday => region === undefined || holiday.region === region)
  },
})
