/** The floor at a moment of the past is what the rows behind the figures say of it. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { saveAgentStates } from '../../src/store/agent-states.ts'
import { Api } from './http-rig.ts'

const NOW = Date.UTC(2026, 2, 2, 9)
const MINUTE = 60_000

interface Floor {
  readonly queues: readonly {
    readonly name: string
    readonly waiting: number
    readonly longestWaitMs: number | null
    readonly talking: number
    readonly agents: Readonly<Record<string, number>>
  }[]
  readonly agents: readonly { readonly name: string; readonly word: string; readonly stateSince: number }[]
}

test('a supervisor looks at a minute of the past: who waited, who talked, and what each agent did', async t => {
  const api = await Api.open(t)
  const { sql } = api.opened.parts
  await api.does('queue.add', { name: 'sales' })
  for (const name of ['alice', 'bob', 'carol'])
    await api.does('agent.add', { name, endpoint: `user/${name}`, queues: ['sales'] })
  const row = { reason: null, restsUntil: null, breakUntil: null, call: null, queue: null }
  await saveAgentStates(sql, [
    { ...row, agent: 'alice', at: NOW - 5 * MINUTE, rev: 1, status: 'ready', state: 'idle' },
    { ...row, agent: 'alice', at: NOW - 2 * MINUTE, rev: 2, status: 'ready', state: 'talking' },
    { ...row, agent: 'bob', at: NOW - 3 * MINUTE, rev: 1, status: 'break', state: 'idle', reason: 'lunch' },
  ])
  const segment = async (kind: string, since: number, until: number | null, joined: number | null) =>
    sql`insert into call_segments (call, n, kind, queue, joined, since, until) values
      (${randomUUID()}, 0, ${kind}, 'sales', ${joined === null ? null : new Date(joined)}, ${new Date(since)}, ${until === null ? null : new Date(until)})`
  await segment('wait', NOW - 4 * MINUTE, NOW - 2 * MINUTE, NOW - 4 * MINUTE)
  await segment('wait', NOW - MINUTE, null, NOW - MINUTE)
  await segment('talk', NOW - 2 * MINUTE, NOW, null)
  const at = async (ms: number) =>
    (await api.asks(`GET /v1/floor?at=${new Date(ms).toISOString().slice(0, 19)}Z`)).body as unknown as Floor

  const early = await at(NOW - 3 * MINUTE)
  const { waiting, longestWaitMs, talking, agents } = early.queues[0]!
  assert.deepEqual([waiting, longestWaitMs, talking], [1, MINUTE, 0])
  assert.deepEqual([agents['ready'], agents['break'], agents['out']], [1, 1, 1], 'carol was not there yet')
  assert.deepEqual(
    early.agents.map(({ name, word, stateSince }) => [name, word, stateSince]),
    [
      ['alice', 'ready', NOW - 5 * MINUTE],
      ['bob', 'break', NOW - 3 * MINUTE],
    ],
  )
  const late = await at(NOW - MINUTE / 2)
  assert.deepEqual(
    [late.queues[0]!.waiting, late.queues[0]!.longestWaitMs, late.queues[0]!.talking],
    [1, MINUTE / 2, 1],
  )
  assert.equal(late.agents[0]!.word, 'talking')
  assert.equal((await at(NOW)).queues[0]!.talking, 0, 'a talk does not last at the moment of its end')
  assert.equal((await api.asks('GET /v1/floor')).status, 400)
})
