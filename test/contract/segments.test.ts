/** The segments of calls and the states of agents in a real database: written once, whatever happens meanwhile. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test, type TestContext } from 'node:test'
import { silentLog } from '../../src/base/log.ts'
import type { TimedNote } from '../../src/journal/call-events.ts'
import type { Begin } from '../../src/journal/entries.ts'
import { keepAgentRows } from '../../src/record/agent-rows.ts'
import { liveCall, recordOf } from '../../src/record/call-record.ts'
import { keepCallRows } from '../../src/record/call-rows.ts'
import { deleteAgentStates, type AgentStateRow } from '../../src/store/agent-states.ts'
import { deleteCallSegments } from '../../src/store/call-segments.ts'
import { closeLostCall } from '../../src/store/calls.ts'
import type { Sql } from '../../src/store/sql.ts'
import { VirtualClock } from '../../src/testing/index.ts'
import { arrivalOf } from '../arrival.ts'
import { openDatabase } from '../open-services.ts'
import { PATIENCE_MS } from '../patience.ts'

const NOW = Date.UTC(2026, 2, 2, 9)
const LEG = randomUUID()

const noted = (ms: number, event: string, data: object = {}): TimedNote =>
  ({ at: NOW + ms, note: { kind: 'event', event, v: 1, data } }) as TimedNote

const ENTERED = noted(500, 'queue.call.entered', { queue: 'sales' })
const OFFERED = noted(1_000, 'queue.call.offered', { queue: 'sales', agent: 'alice' })
const DIALLED = noted(1_100, 'call.party.dialled', { leg: LEG, to: 'user/alice', agent: 'alice' })
const BRIDGED = noted(5_000, 'call.bridged', { leg: LEG, agent: 'alice' })

async function rig(t: TestContext) {
  const { sql } = await openDatabase(t)
  const clock = new VirtualClock()
  const warnings: string[] = []
  const log = { ...silentLog, warn: (_: object, text: string) => void warnings.push(text) } as typeof silentLog
  const records = keepCallRows(sql, 'a', { clock, log })
  t.after(() => records[Symbol.asyncDispose]())
  const begin: Begin = { k: 'begin', at: NOW, arrival: arrivalOf() }
  const { uuid } = begin.arrival
  const segments = () =>
    sql<{ n: number; kind: string; since: Date; until: Date | null; how: string | null }[]>`
      select n, kind, since, until, how from call_segments where call = ${uuid} order by n`
  const shape = async () =>
    (await segments()).map(
      ({ n, kind, since, until, how }) =>
        `${n} ${kind} ${since.getTime() - NOW}–${until === null ? '' : until.getTime() - NOW} ${how ?? 'goes on'}`,
    )
  /** Resolves when these segments are written. */
  const becomes = async (expected: readonly string[]) => {
    for (;;) {
      const found = await shape()
      if (found.length === expected.length && found.every((one, at) => one === expected[at])) return
    }
  }
  const tell = (notes: readonly TimedNote[]) => records.lives(uuid, () => liveCall(begin, notes, NOW + 6_000))
  return { sql, clock, log, warnings, records, begin, uuid, tell, shape, becomes }
}

test('a call has its segments while it lives, and its end closes them', { timeout: PATIENCE_MS }, async t => {
  const { records, begin, tell, shape, becomes } = await rig(t)
  tell([ENTERED])
  await becomes(['0 wait 500– goes on'])
  tell([ENTERED, OFFERED, DIALLED])
  await becomes(['0 wait 500– goes on', '1 ring 1100– goes on'])
  const all = [ENTERED, OFFERED, DIALLED, BRIDGED]
  await records.ended(recordOf(begin, all, { cause: 'NORMAL_CLEARING' }, NOW + 9_000))
  const closed = ['0 wait 500–5000 answered', '1 ring 1100–5000 answered', '2 talk 5000–9000 ended']
  assert.deepEqual(await shape(), closed)
  await records.ended(recordOf(begin, [ENTERED], { cause: 'LOST' }, NOW + 99_000))
  assert.deepEqual(await shape(), closed, 'the first end counts')
})

test('what a dead node wrote and its journal does not have is in no figure', { timeout: PATIENCE_MS }, async t => {
  const { records, begin, tell, shape, becomes } = await rig(t)
  tell([ENTERED, OFFERED, DIALLED])
  await becomes(['0 wait 500– goes on', '1 ring 1100– goes on'])
  await records.ended(recordOf(begin, [ENTERED], { cause: 'NORMAL_CLEARING' }, NOW + 9_000))
  assert.deepEqual(await shape(), ['0 wait 500–9000 abandoned'])
})

test('a call without a journal is lost, and nothing of it goes on for ever', { timeout: PATIENCE_MS }, async t => {
  const { sql, uuid, tell, shape, becomes } = await rig(t)
  tell([ENTERED])
  await becomes(['0 wait 500– goes on'])
  assert.equal(await closeLostCall(sql, uuid, NOW + 7_000), true)
  assert.deepEqual(await shape(), ['0 wait 500–7000 lost'])
  assert.equal(await closeLostCall(sql, uuid, NOW + 8_000), false)
})

const stateAt = (at: number, state: string, more: Partial<AgentStateRow> = {}): AgentStateRow => ({
  ...{
    agent: 'alice',
    at: NOW + at,
    rev: NOW + at,
    status: 'ready',
    reason: null,
    state,
    restsUntil: null,
    breakUntil: null,
  },
  ...{ call: null, queue: null, ...more },
})

const statesIn = async (sql: Sql) =>
  (await sql<{ at: Date; state: string }[]>`select at, state from agent_states order by agent, at, rev`).map(
    ({ at, state }) => `${at.getTime() - NOW} ${state}`,
  )

test(
  'two nodes write the same state of an agent: there is one row, also after an outage of PostgreSQL',
  { timeout: PATIENCE_MS },
  async t => {
    const { sql, clock, log, warnings } = await rig(t)
    const away = { is: true }
    const throughAway = new Proxy(sql, {
      apply: (target, self, args) =>
        away.is ? Promise.reject(new Error('away')) : (Reflect.apply(target, self, args) as unknown),
    })
    const [one, other] = [keepAgentRows(throughAway, { clock, log }), keepAgentRows(sql, { clock, log })]
    for (const node of [one, other])
      for (const [at, state] of [
        [0, 'idle'],
        [10, 'reserved'],
        [10, 'ringing'],
      ] as const)
        node.put(stateAt(at, state, { rev: NOW + at + (state === 'ringing' ? 1 : 0) }))
    await clock.advance(2_500)
    away.is = false
    await clock.advance(1_000)
    for (const node of [one, other]) await node[Symbol.asyncDispose]()
    assert.deepEqual(await statesIn(sql), ['0 idle', '10 reserved', '10 ringing'])
    assert.deepEqual(warnings, ['the table of agent states is down'])
  },
)

test('old segments are deleted, and the last state of an agent before that stays', async t => {
  const { sql, records, begin, clock, log } = await rig(t)
  await records.ended(recordOf(begin, [ENTERED, OFFERED, DIALLED, BRIDGED], { cause: 'NORMAL_CLEARING' }, NOW + 9_000))
  const rows = keepAgentRows(sql, { clock, log })
  for (const row of [stateAt(0, 'idle'), stateAt(10, 'reserved'), stateAt(20, 'ringing'), stateAt(50, 'talking')])
    rows.put(row)
  await rows[Symbol.asyncDispose]()
  assert.equal(await deleteCallSegments(sql, NOW + 5_001, 1), 1)
  assert.equal(await deleteCallSegments(sql, NOW + 5_001, 10), 1)
  assert.equal(await deleteCallSegments(sql, NOW + 5_001, 10), 0, 'the talk ended later')
  assert.equal(await deleteAgentStates(sql, NOW + 30, 10), 2)
  assert.deepEqual(await statesIn(sql), ['20 ringing', '50 talking'])
})
