import { test } from 'node:test'
import { compareDay } from '../day/day.ts'

test('the figures of a day are those of its segments and of its calls, to the millisecond', async t => {
  t.diagnostic(await compareDay(t, Number(process.env['DAY_CALLS'] ?? 120), Number(process.env['DAY_AGENTS'] ?? 6)))
})
