/**
 * Queries of the table `callbacks`: one row for each promised callback. A row is changed only by statements that name
 * the state and the attempt on which they are based, so of two nodes one succeeds. Used by queue/callbacks.
 */
import type { Queries } from './sql.ts'

export const CALLBACK_STATES = ['waiting', 'calling', 'done', 'failed', 'expired', 'cancelled'] as const
type CallbackState = (typeof CALLBACK_STATES)[number]

/** All times are milliseconds since the epoch. */
export interface CallbackRow {
  /** The uuid of the call in which the caller asked for it; a new one for a scheduled callback. */
  readonly id: string
  readonly queue: string
  readonly number: string
  /** The agent who promised it; null: nobody in particular. */
  readonly agent: string | null
  readonly state: CallbackState
  /** Since when it has its place in the queue. Later than now: for when it is scheduled. */
  readonly joinedAt: number
  readonly headStartMs: number
  /** Nobody is called before. */
  readonly dueAt: number
  readonly expiresAt: number
  /** How often the customer was called. */
  readonly tries: number
  /** The uuid of the next call, or of the call under way. */
  readonly attempt: string
  /** Whose telephone the call under way rings first; null: there is none. */
  readonly called: 'agent' | 'customer' | null
  /** The node that dialled it, and the Core-UUID of the FreeSWITCH. */
  readonly node: string | null
  readonly core: string | null
  /** How the last try ended. */
  readonly outcome: string | null
  /** The agent who talked with the customer. */
  readonly answeredBy: string | null
  readonly createdAt: number
  readonly endedAt: number | null
}

/** What follows from the end of an attempt. */
export type CallbackNext = Pick<
  CallbackRow,
  'state' | 'attempt' | 'dueAt' | 'tries' | 'outcome' | 'answeredBy' | 'endedAt'
>

const columns = (sql: Queries) => sql`
  id, queue, number, agent, state, joined_at, head_start_ms, due_at, expires_at, tries, attempt, called, node, switch_core, outcome, answered_by, created_at,
  ended_at`

interface Stored {
  id: string
  queue: string
  number: string
  agent: string | null
  state: CallbackState
  joined_at: Date
  head_start_ms: number
  due_at: Date
  expires_at: Date
  tries: number
  attempt: string
  called: 'agent' | 'customer' | null
  node: string | null
  switch_core: string | null
  outcome: string | null
  answered_by: string | null
  created_at: Date
  ended_at: Date | null
}

const read = (row: Stored): CallbackRow => ({
  id: row.id,
  queue: row.queue,
  number: row.number,
  agent: row.agent,
  state: row.state,
  joinedAt: row.joined_at.getTime(),
  headStartMs: row.head_start_ms,
  dueAt: row.due_at.getTime(),
  expiresAt: row.expires_at.getTime(),
  tries: row.tries,
  attempt: row.attempt,
  called: row.called,
  node: row.node,
  core: row.switch_core,
  outcome: row.outcome,
  answeredBy: row.answered_by,
  createdAt: row.created_at.getTime(),
  endedAt: row.ended_at?.getTime() ?? null,
})

const date = (at: number) => new Date(at)

/** False when there is one of this id: nothing is changed. */
export async function addCallback(sql: Queries, row: CallbackRow): Promise<boolean> {
  const { id, queue, number, agent, state, headStartMs, tries, attempt, outcome, endedAt } = row
  const added = await sql`
    insert into callbacks (id, queue, number, agent, state, joined_at, head_start_ms, due_at, expires_at, tries, attempt, outcome, created_at,
      ended_at)
    values (${id}, ${queue}, ${number}, ${agent}, ${state}, ${date(row.joinedAt)}, ${headStartMs}, ${date(row.dueAt)},
      ${date(row.expiresAt)}, ${tries}, ${attempt}, ${outcome}, ${date(row.createdAt)}, ${endedAt === null ? null : date(endedAt)})
    on conflict (id) do nothing returning 1`
  return added.length > 0
}

export async function callbackWithId(sql: Queries, id: string): Promise<CallbackRow | null> {
  const [row] = await sql<Stored[]>`select ${columns(sql)} from callbacks where id = ${id}`
  return row ? read(row) : null
}

export async function callbackOfAttempt(sql: Queries, attempt: string): Promise<CallbackRow | null> {
  const [row] = await sql<Stored[]>`select ${columns(sql)} from callbacks where attempt = ${attempt}`
  return row ? read(row) : null
}

/** Those that wait or are called and have their place by now, the longest wait first. */
export async function openCallbacks(sql: Queries, now: number, limit: number): Promise<CallbackRow[]> {
  const rows = await sql<Stored[]>`
    select ${columns(sql)} from callbacks where state in ('waiting', 'calling') and joined_at <= ${date(now)}
    order by joined_at, id limit ${limit}`
  return rows.map(read)
}

export interface CallbackQuery {
  readonly queue?: string | undefined
  readonly state?: CallbackState | undefined
  /** Those that come after this one in the list. */
  readonly after?: Pick<CallbackRow, 'createdAt' | 'id'> | undefined
  readonly limit: number
}

/** Newest first. */
export async function listCallbacks(
  sql: Queries,
  { queue, state, after, limit }: CallbackQuery,
): Promise<CallbackRow[]> {
  const ofQueue = queue === undefined ? sql`true` : sql`queue = ${queue}`
  const inState = state === undefined ? sql`true` : sql`state = ${state}`
  const behind = after ? sql`(created_at, id) < (${date(after.createdAt)}, ${after.id})` : sql`true`
  const rows = await sql<Stored[]>`
    select ${columns(sql)} from callbacks where ${ofQueue} and ${inState} and ${behind}
    order by created_at desc, id desc limit ${limit}`
  return rows.map(read)
}

/** The callbacks of a queue that are not over. */
export async function openCallbacksOf(sql: Queries, queue: string): Promise<CallbackRow[]> {
  const rows = await sql<Stored[]>`
    select ${columns(sql)} from callbacks where queue = ${queue} and state in ('waiting', 'calling') order by joined_at, id`
  return rows.map(read)
}

/** By whom, and whose telephone rings first. `checkedAt`: when other nodes check it, in case this one has died. */
export type CallbackClaim = Pick<CallbackRow, 'core'> & {
  readonly called: 'agent' | 'customer'
  readonly node: string
  readonly checkedAt: number
}

/** The call of this attempt is about to be dialled, once. Null when it is not waiting any more, or not due. */
export async function claimCallback(
  sql: Queries,
  attempt: string,
  { called, node, core, checkedAt }: CallbackClaim,
  now: number,
): Promise<CallbackRow | null> {
  const at = date(now)
  const [row] = await sql<Stored[]>`
    update callbacks set state = 'calling', called = ${called}, node = ${node}, switch_core = ${core}, checked_at = ${date(checkedAt)}
    where attempt = ${attempt} and state = 'waiting' and joined_at <= ${at} and due_at <= ${at} and expires_at > ${at}
    returning ${columns(sql)}`
  return row ? read(row) : null
}

/** Calls under way whose node may have died. */
export async function overdueCallbacks(sql: Queries, now: number): Promise<CallbackRow[]> {
  const rows = await sql<Stored[]>`
    select ${columns(sql)} from callbacks where state = 'calling' and checked_at <= ${date(now)} order by joined_at, id limit 500`
  return rows.map(read)
}

/** The call of this attempt still exists. False when the attempt is over. */
export async function prolongCallback(sql: Queries, attempt: string, checkedAt: number): Promise<boolean> {
  const rows = await sql`
    update callbacks set checked_at = ${date(checkedAt)} where attempt = ${attempt} and state = 'calling' returning 1`
  return rows.length > 0
}

/** The attempt is over. Null when it was settled before. */
export async function settleCallback(sql: Queries, attempt: string, next: CallbackNext): Promise<CallbackRow | null> {
  const { state, tries, outcome, answeredBy, endedAt } = next
  const [row] = await sql<Stored[]>`
    update callbacks set state = ${state}, attempt = ${next.attempt}, due_at = ${date(next.dueAt)}, tries = ${tries}, outcome = ${outcome},
      answered_by = ${answeredBy}, ended_at = ${endedAt === null ? null : date(endedAt)}, called = null, node = null, switch_core = null, checked_at = null
    where attempt = ${attempt} and state = 'calling' returning ${columns(sql)}`
  return row ? read(row) : null
}

/** Ends one that waits. Null when it does not wait (any more). */
export async function endCallback(
  sql: Queries,
  id: string,
  state: 'expired' | 'cancelled',
  now: number,
): Promise<CallbackRow | null> {
  const [row] = await sql<Stored[]>`
    update callbacks set state = ${state}, ended_at = ${date(now)} where id = ${id} and state = 'waiting' returning ${columns(sql)}`
  return row ? read(row) : null
}

/** Gives one that waits another time, and its place there. Null when it does not wait (any more). */
export async function rescheduleCallback(
  sql: Queries,
  id: string,
  times: Pick<CallbackRow, 'joinedAt' | 'expiresAt'>,
): Promise<CallbackRow | null> {
  const at = date(times.joinedAt)
  const [row] = await sql<Stored[]>`
    update callbacks set joined_at = ${at}, due_at = ${at}, head_start_ms = 0, expires_at = ${date(times.expiresAt)}
    where id = ${id} and state = 'waiting' returning ${columns(sql)}`
  return row ? read(row) : null
}

/** The callbacks of a removed queue that are not over go to another one. */
export async function moveCallbacks(sql: Queries, from: string, to: string): Promise<void> {
  await sql`update callbacks set queue = ${to} where queue = ${from} and state in ('waiting', 'calling')`
}
