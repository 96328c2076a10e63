/** Rows of calls that PostgreSQL cannot take: they wait, up to a limit, and are written together when it is back. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import postgres from 'postgres'
import { silentLog } from '../../src/base/log.ts'
import type { Uuid } from '../../src/esl/safe-text.ts'
import { recordOf } from '../../src/record/call-record.ts'
import { keepCallRows } from '../../src/record/call-rows.ts'
import type { Sql } from '../../src/store/sql.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { arrivalOf } from '../arrival.ts'

const record = (uuid: string) =>
  recordOf({ k: 'begin', at: 0, arrival: arrivalOf({ uuid: uuid as Uuid }) }, [], { cause: 'NORMAL_CLEARING' }, 1)

/** PostgreSQL as the records see it. */
function opened() {
  const clock = new VirtualClock()
  const state = { away: true, spoilt: '' }
  const batches: number[] = []
  const written: string[] = []
  const refused: string[] = []
  const told: { fields: Record<string, unknown>; text: string }[] = []
  const say = (fields: object, text: string) => void told.push({ fields: fields as Record<string, unknown>, text })
  const ask = async (_: TemplateStringsArray, rows: readonly { id: string }[]) => {
    if (state.away) throw new Error('PostgreSQL is away')
    // the driver's types hide the constructor of its error
    if (rows.some(({ id }) => id === state.spoilt))
      throw Object.assign(Object.create(postgres.PostgresError.prototype) as Error, { code: '22P05' })
    batches.push(rows.length)
    written.push(...rows.map(({ id }) => id))
  }
  const sql = Object.assign(ask, { json: (value: unknown) => value }) as unknown as Sql
  const records = keepCallRows(sql, 'a', { clock, log: { ...silentLog, warn: say, info: say, error: say } as never })
  const later = (uuid: string) => void records.later(record(uuid)).catch(() => refused.push(uuid))
  return { clock, state, batches, written, refused, told, records, later }
}

const names = (count: number) => Array.from({ length: count }, (_, at) => `call-${at}`)

test('calls that end while PostgreSQL is away are written together when it is back, in the order of their ends', async () => {
  const { clock, state, batches, written, told, records, later } = opened()
  for (const name of names(601)) later(name)
  await clock.advance(120_000)
  assert.deepEqual(written, [])
  await assert.rejects(records.ended(record('at once')), /cannot be written now/, 'who does not wait is told at once')
  const warnings = told.filter(({ text }) => text.startsWith('PostgreSQL does not take'))
  assert.ok(
    warnings.length >= 4 && warnings.length <= 120_000 / 30_000 + 1,
    `it is told, and not for every call: ${warnings.length} times`,
  )
  state.away = false
  await clock.advance(1_000)
  assert.deepEqual([written.toSorted(), batches], [names(601).toSorted(), [200, 200, 200, 1]])
  await records.ended(record('afterwards'))
  assert.equal(written.at(-1), 'afterwards')
  assert.deepEqual(clock.pending(), [])
})

test('ten thousand rows have room; what comes later is counted, said, and left to reconciliation with its journal', async () => {
  const { clock, state, written, refused, told, later } = opened()
  for (const name of names(10_005)) later(name)
  await clock.settle()
  assert.deepEqual(refused, names(10_005).slice(10_000))
  state.away = false
  await clock.advance(1_000)
  assert.equal(written.length, 10_000)
  assert.equal(told.at(-1)!.fields['leftToReconciliation'], 5)
})

test('a row that PostgreSQL refuses keeps none of the others waiting', async () => {
  const { clock, state, written, refused, later } = opened()
  state.spoilt = 'call-1'
  for (const name of names(3)) later(name)
  state.away = false
  await clock.advance(1_000)
  assert.deepEqual([written.toSorted(), refused], [['call-0', 'call-2'], ['call-1']])
})

test('a node that closes leaves the rows that wait to their journals', async () => {
  const { clock, refused, records, later } = opened()
  for (const name of names(3)) later(name)
  await clock.settle()
  await records[Symbol.asyncDispose]()
  await clock.settle()
  assert.deepEqual([refused.toSorted(), clock.pending()], [names(3), []])
})
