/**
 * Rows that two nodes, or two people, write at the same time, each in an order of its own. PostgreSQL ends one of two
 * statements that wait for each other (deadlock detected): so every statement writes its rows in one order.
 */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { saveAgentStates } from '../../src/store/agent-states.ts'
import { saveCalls } from '../../src/store/calls.ts'
import { addDoNotCall, addOptOuts } from '../../src/store/do-not-call.ts'
import type { Sql } from '../../src/store/sql.ts'
import { openDatabase } from '../open-services.ts'

const NOW = Date.UTC(2026, 2, 2, 9)
const ROUNDS = 5
const ROWS = 200

const uuid = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`

/** Both write the rows of each round: one forwards, the other one backwards. */
async function bothWrite<Row>(
  t: TestContext,
  row: (n: number) => Row,
  write: (sql: Sql, rows: readonly Row[]) => Promise<unknown>,
): Promise<Sql> {
  const { sql } = await openDatabase(t)
  for (let round = 0; round < ROUNDS; round++) {
    const rows = Array.from({ length: ROWS }, (_, n) => row(round * ROWS + n))
    await Promise.all([write(sql, rows), write(sql, rows.toReversed())])
  }
  return sql
}

const count = async (sql: Sql, table: string): Promise<number> =>
  Number((await sql`select count(*) as n from ${sql(table)}`)[0]!['n'])

test('two nodes write what the same agents do, in the order in which each has heard of it', async t => {
  const more = {
    status: 'ready',
    reason: null,
    state: 'idle',
    restsUntil: null,
    breakUntil: null,
    call: null,
    queue: null,
  }
  const sql = await bothWrite(t, n => ({ agent: `agent-${n}`, at: NOW, rev: NOW, ...more }), saveAgentStates)
  assert.equal(await count(sql, 'agent_states'), ROUNDS * ROWS)
})

test('two nodes write the rows of the same calls', async t => {
  const call = {
    ...{ flow: 'welcome', direction: 'inbound' as const, from: null, to: null, core: null, node: 'a', startedAt: NOW },
    ...{ otherLeg: null, queue: null, gateway: null, waitMs: null, ringMs: null, talkMs: null, holdMs: null },
    ...{ recording: null, queueTimeline: [], end: null, segments: [] },
  }
  const sql = await bothWrite(t, n => ({ id: uuid(n), ...call }), saveCalls)
  assert.equal(await count(sql, 'calls'), ROUNDS * ROWS)
})

test('two people import the same numbers that are not to be called', async t => {
  const number = (n: number) => `+1201555${String(n).padStart(4, '0')}`
  const sql = await bothWrite(t, number, (db, numbers) => addOptOuts(db, numbers, 'list', '', NOW))
  assert.equal(await count(sql, 'opt_outs'), ROUNDS * ROWS)
  const entry = (n: number) => ({ campaign: null, number: number(n), prefix: true, source: 'list', note: '' })
  const again = await bothWrite(t, entry, (db, entries) => addDoNotCall(db, entries, NOW))
  assert.equal(await count(again, 'do_not_call'), ROUNDS * ROWS)
})
