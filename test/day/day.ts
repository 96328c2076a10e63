/** Runs the day (simulate.ts), writes what it recorded as a node does, and compares every figure with the rows. */
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { silentLog } from '../../src/base/log.ts'
import { systemClock as clock } from '../../src/base/clock.ts'
import { keepAgentRows } from '../../src/record/agent-rows.ts'
import type { CallRecord } from '../../src/record/call-record.ts'
import { keepCallRows } from '../../src/record/call-rows.ts'
import { agentSums } from '../../src/store/agent-figures.ts'
import type { AgentStateRow } from '../../src/store/agent-states.ts'
import type { Window } from '../../src/store/figure-window.ts'
import { queueSums } from '../../src/store/queue-figures.ts'
import type { Sql } from '../../src/store/sql.ts'
import { openDatabase } from '../open-services.ts'
import { ownProgram } from '../own-program.ts'
import { agentsByHand, queuesByHand, type RawSegment } from './by-hand.ts'

interface Day {
  readonly began: number
  readonly now: number
  readonly records: readonly CallRecord[]
  readonly states: readonly AgentStateRow[]
}

const QUARTER = 15 * 60_000

async function liveDay(calls: number, agents: number): Promise<Day> {
  const folder = await mkdtemp(join(tmpdir(), 'switchhook-day-'))
  try {
    const file = join(folder, 'day.json')
    await ownProgram('test/day/simulate.ts', calls, agents, file)
    return JSON.parse(await readFile(file, 'utf8')) as Day
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** As the nodes write: behind the calls and the agents, some of it twice. */
async function write(sql: Sql, { records, states }: Day): Promise<void> {
  const calls = keepCallRows(sql, 'a', { clock, log: silentLog })
  const agents = keepAgentRows(sql, { clock, log: silentLog })
  for (let at = 0; at < states.length; at += 5_000) {
    for (const row of states.slice(at, at + 5_000)) agents.put(row)
    while ((await rowsIn(sql, 'agent_states')) < distinct(states.slice(0, at + 5_000))) await new Promise(setImmediate)
  }
  for (let at = 0; at < records.length; at += 1_000)
    await Promise.all(records.slice(at, at + 1_000).map(record => calls.ended({ ...record, tags: new Map() })))
  await calls[Symbol.asyncDispose]()
  await agents[Symbol.asyncDispose]()
}

const distinct = (states: readonly AgentStateRow[]) =>
  new Set(states.map(({ agent, at, rev }) => `${agent} ${at} ${rev}`)).size

async function rowsIn(sql: Sql, table: string): Promise<number> {
  const [row] = await sql<[{ n: number }]>`select count(*) as n from ${sql(table)}`
  return row.n
}

/** The raw rows as PostgreSQL has them. */
async function raw(sql: Sql) {
  const ms = (at: Date | null) => at && at.getTime()
  type Stored<T> = {
    [K in keyof T]: K extends 'at' | 'since' | 'until' | 'joined' | 'restsUntil' | 'breakUntil' ? Date | null : T[K]
  }
  const segments = (
    await sql<
      Stored<RawSegment>[]
    >`select call, n, kind, queue, agent, customer, leg, joined, since, until, how from call_segments`
  ).map(row => ({ ...row, joined: ms(row.joined), since: ms(row.since)!, until: ms(row.until) }))
  const states = (
    await sql<Stored<AgentStateRow>[]>`
      select agent, at, rev, status, reason, state, rests_until as "restsUntil", break_until as "breakUntil", call, queue from agent_states`
  ).map(row => ({ ...row, at: ms(row.at)!, restsUntil: ms(row.restsUntil), breakUntil: ms(row.breakUntil) }))
  return { segments, states }
}

/** Fails at the first figure that differs from the rows. Returns what the day was like. */
export async function compareDay(t: TestContext, calls: number, agents: number): Promise<string> {
  const day = await liveDay(calls, agents)
  const { sql } = await openDatabase(t)
  await write(sql, day)
  const { segments, states } = await raw(sql)
  const goals = ['old', 'sales', 'support'].map((queue, at) => ({
    ...{ queue, within: 20_000, shortAbandon: at * 5_000 },
    repeatWithin: (at + 1) * 1_800_000,
  }))

  const from = Math.floor(day.began / QUARTER) * QUARTER
  const to = Math.ceil(day.now / QUARTER) * QUARTER
  const moment = from + Math.floor((day.now - from) / 2) + 123_457
  const windows: Window[] = [
    { from, to, stepMs: to - from, now: day.now },
    { from, to, stepMs: QUARTER, now: day.now },
    { from: moment - 2 * QUARTER, to: moment, stepMs: 2 * QUARTER, now: moment },
  ]
  for (const window of windows) {
    assert.deepEqual(
      await queueSums(sql, window, goals, goals[0]!, null),
      queuesByHand(segments, states, window, goals),
      'the figures of the queues are those of the segments',
    )
    assert.deepEqual(
      [...(await agentSums(sql, window, null))],
      agentsByHand(segments, states, window),
      'the figures of the agents are those of the segments',
    )
  }
  await compareWithCalls(sql, day, windows[0]!, goals)
  const [queues, people] = [
    await queueSums(sql, windows[0]!, goals, goals[0]!, null),
    await agentSums(sql, windows[0]!, null),
  ]
  for (const figure of ['repeats', 'calledAgain', 'refused', 'transfersBlind'] as const)
    assert.ok(
      queues.some(one => one[figure] > 0),
      `the day has no ${figure}`,
    )
  assert.ok(
    people.some(one => one.breakOverMs > 0 && one.breakOverMs < one.breakMs),
    'no break over its limit',
  )
  const how = (word: string) => segments.filter(one => one.how === word).length
  for (const word of ['answered', 'abandoned', 'callback', 'moved', 'held', 'declined', 'blind', 'full'])
    assert.ok(how(word) > 0, `the day has nobody who was ${word}`)
  assert.ok(
    day.records.some(({ flow, outcome }) => flow === 'callback' && outcome === 'talked'),
    'nobody who was promised a callback was called back',
  )
  return `${day.records.length} calls, ${segments.length} segments, ${states.length} states of agents: ${how('abandoned')} abandoned, ${how('callback')} callbacks, ${how('moved')} moved`
}

/** The rows of the calls tell the same: who was answered, who gave up, and how long all of it lasted. */
async function compareWithCalls(sql: Sql, day: Day, whole: Window, goals: Parameters<typeof queueSums>[2]) {
  const queues = await queueSums(sql, whole, goals, goals[0]!, null)
  const people = await agentSums(sql, whole, null)
  const of = <T>(rows: readonly T[], value: (row: T) => number) => rows.reduce((all, row) => all + value(row), 0)
  const [calls] = await sql<[Record<string, number>]>`
    select count(*) filter (where outcome = 'talked') as talked, count(*) filter (where outcome = 'abandoned') as abandoned,
      count(*) filter (where outcome = 'callback') as callback, sum(talk_ms) as talk, sum(hold_ms) as hold,
      sum(wait_ms) filter (where outcome = 'talked') as "waitOfTalked" from calls
    where direction = 'inbound' or flow = 'callback'`
  const rows = {
    talked: of(queues, one => one.handled),
    abandoned: of(queues, one => one.abandoned + one.shortAbandons),
    callback: of(queues, one => one.callbacks),
    talk: of(queues, one => one.talkMs + one.holdMs),
    hold: of(queues, one => one.holdMs),
    waitOfTalked: of(queues, one => one.answeredWaitMs),
  }
  assert.deepEqual(rows, { ...calls }, 'the figures are those of the calls')
  const byAgent = await sql<{ agent: string; talk: number; calls: number }[]>`
    select agent, sum(talk_ms) as talk, count(*) as calls from calls where talk_ms is not null group by agent order by agent`
  assert.deepEqual(
    people.filter(({ handled }) => handled > 0).map(one => [one.agent, one.talkMs + one.holdMs, one.handled]),
    byAgent.map(one => [one.agent, one.talk, one.calls]),
  )
  // no gap and no overlap: what an agent did is the window since the first state
  const since = new Map<string, number>()
  for (const { agent, at } of day.states) since.set(agent, Math.min(at, since.get(agent) ?? at))
  const assigned = day.records
    .flatMap(({ segments }) => segments)
    .filter(({ kind, queue }) => queue !== null && (kind === 'talk' || kind === 'hold'))
  for (const one of people) {
    const { readyMs, restingMs, ringingMs, talkingMs, wrapUpMs, elsewhereMs, breakMs, outMs } = one
    const all = readyMs + restingMs + ringingMs + talkingMs + wrapUpMs + elsewhereMs + breakMs + outMs
    assert.equal(all, whole.now - since.get(one.agent)!, one.agent)
    const talks = assigned.filter(({ agent }) => agent === one.agent)
    const talked = of(talks, talk => talk.until! - talk.since)
    assert.ok(Math.abs(talkingMs - talked) <= 500 * talks.length, 'the state `talking` lasts as long as the talks')
  }
}
