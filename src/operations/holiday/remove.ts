import { z } from 'zod'
import { NotFoundError } from '../../base/errors.ts'
import { described, parsed } from '../../base/parsed.ts'
import { deleteHoliday } from '../../store/holidays.ts'
import { removal } from '../fields.ts'
import { operation } from '../operation.ts'
import { dateNamed, regionField } from './holiday-named.ts'

export default operation({
  name: 'holiday.remove',
  summary: 'removes a holiday; running campaigns follow within a minute',
  needs: 'database',
  role: 'supervisor',
  positional: ['region', 'date'],
  input: z.strictObject({
    region: regionField,
    date: described(parsed(dateNamed), 'the date, such as 2026-12-25', '<date>'),
  }),
  output: removal,
  refusals: ['NOT_FOUND'],
  changes: true,
  async run({ sql }, { region, date }) {
    const name = `${region} ${date}`
    if (await deleteHoliday(sql, region, date)) return { name, removed: true as const }
    throw new NotFoundError('holiday', name, null)
  },
})
