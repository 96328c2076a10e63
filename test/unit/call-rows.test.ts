/** Rows of calls that PostgreSQL cannot take: they wait, so many at most, and are written together when it is back. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLog } from '../../src/base/log.ts'
import type { Journal } from '../../src/call/journal.ts'
import { CallRows } from '../../src/flow/call-rows.ts'
import type { CallRecord, RefusedRecord } from '../../src/flow/call-record.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'

const owner = { node: 'a', epoch: 1 }
const record = (uuid: string): CallRecord => ({
  uuid, flow: 'welcome', direction: 'in', from: '+491', to: '2000', core: '', startedAt: 0, timeline: [], agent: null, tags: new Map(),
  recording: null, end: { cause: 'NORMAL_CLEARING' }, endedAt: 1, answeredAt: null, outcome: 'hung-up',
})

function opened() {
  const clock = new VirtualClock()
  const state = { away: true, spoilt: new Set<string>() }
  const batches: number[] = []
  const written: string[] = []
  const forgotten: string[] = []
  const told: { fields: Record<string, unknown>; text: string }[] = []
  const say = (fields: object, text: string) => void told.push({ fields: fields as Record<string, unknown>, text })
  const ended = async (rows: readonly CallRecord[]): Promise<RefusedRecord[]> => {
    if (state.away) throw new Error('PostgreSQL is away')
    batches.push(rows.length)
    written.push(...rows.map(({ uuid }) => uuid).filter(uuid => !state.spoilt.has(uuid)))
    return rows.filter(({ uuid }) => state.spoilt.has(uuid)).map(({ uuid }) => ({ uuid, why: 'invalid byte sequence' }))
  }
  const calls = { end: async (uuid: string) => forgotten.push(uuid) > 0 }
  const rows = new CallRows({ records: { begun: async () => {}, ended }, calls, clock, log: { ...silentLog, warn: say, info: say, error: say } as never })
  const notes: object[] = []
  const journal = { owner, note: (note: object) => void notes.push(note), write: async () => {} } as unknown as Journal
  const end = (uuid: string, settled = true) => rows.ended(record(uuid), journal, Promise.resolve(settled))
  return { clock, state, batches, written, forgotten, told, rows, notes, end }
}

const names = (count: number) => Array.from({ length: count }, (_, at) => `call-${at}`)

test('calls that end while PostgreSQL is away are written together when it is back, in the order of their ends, and then forgotten', async () => {
  const { clock, state, batches, written, forgotten, rows, notes, end, told } = opened()
  for (const name of names(600)) assert.equal(await end(name), false)
  assert.equal(notes.length, 600, 'how each ended is in its journal')
  await clock.advance(600_000)
  assert.deepEqual([written.length, rows.has('call-599')], [0, true])
  state.away = false
  await clock.advance(1_500)
  assert.deepEqual([written, batches, rows.has('call-599')], [names(600), [250, 250, 100], false])
  assert.equal(forgotten.length, 600)
  assert.ok(told.filter(({ text }) => text.startsWith('PostgreSQL does not take')).length <= 600_000 / 30_000 + 1, 'it is told, and not for every call')
  assert.equal(await end('afterwards'), true)
  assert.deepEqual(clock.pending(), [])
})

test('ten thousand rows have room; what comes later is counted, said, and left to reconciliation with its journal', async () => {
  const { clock, state, written, rows, notes, end, told } = opened()
  for (const name of names(10_005)) await end(name)
  assert.deepEqual([rows.has('call-9999'), rows.has('call-10000'), notes.length], [true, false, 10_005])
  state.away = false
  await clock.advance(1_500)
  assert.equal(written.length, 10_000)
  assert.equal(told.at(-1)!.fields['leftToReconciliation'], 5)
})

test('a row that PostgreSQL refuses keeps none of the others waiting, and its journal stays', async () => {
  const { clock, state, written, forgotten, rows, end, told } = opened()
  state.spoilt.add('call-1')
  for (const name of names(3)) await end(name)
  state.away = false
  await clock.advance(1_500)
  assert.deepEqual([written, forgotten, rows.has('call-1')], [['call-0', 'call-2'], ['call-0', 'call-2'], false])
  assert.equal(told.filter(({ fields }) => fields['uuid'] === 'call-1').length, 1)
  state.spoilt.add('later')
  assert.deepEqual([await end('later'), rows.has('later')], [false, false])
})

test('a call whose lead could not be settled keeps its journal though its row is written', async () => {
  const { clock, state, written, forgotten, end } = opened()
  await end('call-0', false)
  state.away = false
  await clock.advance(1_500)
  assert.deepEqual([written, forgotten], [['call-0'], []])
})
