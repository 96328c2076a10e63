import { z } from 'zod'
import { InputError } from '../../base/errors.ts'
import { described } from '../../base/parsed.ts'
import { regionNamed } from '../../campaign/calling-settings.ts'
import { readList } from '../../campaign/small-list.ts'
import { saveHolidays } from '../../store/holidays.ts'
import { operation } from '../operation.ts'
import { dateNamed } from './holiday-named.ts'

export default operation({
  name: 'holiday.import',
  summary:
    'adds the holidays of a CSV file with the columns region, date and name; running campaigns keep them within a minute',
  needs: 'database',
  role: 'supervisor',
  positional: ['file'],
  doors: ['command-line'], // it reads a file of the machine on which it runs
  input: z.strictObject({
    file: described(z.string().min(1), 'the file: US-LA,2026-12-24,Christmas Eve'),
  }),
  output: z.object({
    read: z.number(),
    /** New dates; of the others the name was replaced. */
    added: z.number(),
    rejected: z.number(),
    firstFaults: z.array(z.object({ line: z.number(), value: z.string(), why: z.string() })),
  }),
  refusals: [],
  changes: true,
  async run({ sql }, { file }) {
    let added = 0
    const summary = await readList(
      file,
      ([region = '', date = '', name = '']) => {
        if (name === '') throw new InputError(`'${region},${date}' names no holiday: write region, date and name`)
        return { region: regionNamed(region), date: dateNamed(date), name: name.slice(0, 100) }
      },
      async portion => void (added += await saveHolidays(sql, portion)),
    )
    return { ...summary, added }
  },
})
