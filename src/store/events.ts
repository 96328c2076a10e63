/**
 * Queries of the tables `events` and `staged_events`: events out, in one order for all readers. Used by src/outbox/,
 * and by the changes that write their events in their own transaction.
 */
import type { EventRow, StoredEvent } from '../events/envelope.ts'
import type { Happening } from '../events/happening.ts'
import type { Json, Queries, Sql, Transaction } from './sql.ts'

/** A staged event that nobody has told for so long belongs to a process that died. */
const LATE_MS = 5_000

const columns = (sql: Queries) => sql`seq, id, type, v, subject, at, node, data`

/**
 * Appends events in this order, and staged events whose process has not told them. `node`: this process. An event whose
 * id is there already is left out. Returns the number of the last event of all.
 */
export async function appendEvents(
  sql: Queries,
  rows: readonly EventRow[],
  { node, now }: { readonly node: string; readonly now: number },
): Promise<number> {
  const [given, before] = [sql.json(rows as unknown as Json), new Date(now - LATE_MS)]
  const [row] = await sql<[{ last: number }]>`select append_events(${given}, ${node}, ${before}) as last`
  return row.last
}

/** Keeps events with the change that they tell: `tx` is the transaction of the change. */
export async function stageEvents(tx: Queries, rows: readonly EventRow[]): Promise<void> {
  if (rows.length === 0) return
  await tx`
    insert into staged_events (id, type, v, subject, at, data)
    select r.id, r.type, r.v, r.subject, r.at, r.data from jsonb_to_recordset(${tx.json(rows as unknown as Json)})
      as r (id text, type text, v integer, subject text, at timestamptz, data jsonb) on conflict (id) do nothing`
}

/**
 * Makes a change, and stages what is told of it, in one transaction. A change that returns null or false has not
 * happened: nothing is staged.
 */
export const withEvents = <T>(
  sql: Sql,
  told: readonly Happening[],
  change: (tx: Transaction) => Promise<T>,
): Promise<T> =>
  sql.begin(async tx => {
    const changed = await change(tx)
    const rows = told.map(({ row }) => row)
    if (changed) await stageEvents(tx, rows)
    return changed
  })

/** Are there staged events that no process has told? */
export async function hasLateEvents(sql: Queries, now: number): Promise<boolean> {
  const rows = await sql`select 1 from staged_events where at < ${new Date(now - LATE_MS)} limit 1`
  return rows.length > 0
}

/** The next events after this number, oldest first. */
export const eventsAfter = (sql: Queries, seq: number, limit: number): Promise<StoredEvent[]> =>
  sql<StoredEvent[]>`select ${columns(sql)} from events where seq > ${seq} order by seq limit ${limit}`

export interface EventQuery {
  /** Only events behind this number, the oldest of them first; absent: the newest events. */
  readonly after?: number | undefined
  /** Patterns of names, such as 'call.*'; empty: all. */
  readonly types: readonly string[]
  readonly subject?: string | undefined
  readonly limit: number
}

/** In their order, oldest first. */
export async function listEvents(sql: Queries, { after, types, subject, limit }: EventQuery): Promise<StoredEvent[]> {
  const likes = types.map(one => one.replaceAll('_', '\\_').replace(/\*$/, '%'))
  const events = await sql<StoredEvent[]>`
    select ${columns(sql)} from events where true ${after === undefined ? sql`` : sql`and seq > ${after}`}
      ${subject === undefined ? sql`` : sql`and subject = ${subject}`} ${types.length === 0 ? sql`` : sql`and type like any (array(select jsonb_array_elements_text(${sql.json(likes)})))`}
    order by seq ${after === undefined ? sql`desc` : sql``} limit ${limit}`
  return after === undefined ? events.toReversed() : events
}

/** These events, by their numbers; one that is deleted is not among them. */
export const eventsNumbered = (sql: Queries, seqs: readonly number[]): Promise<StoredEvent[]> =>
  sql<StoredEvent[]>`select ${columns(sql)} from events where seq = any (${seqs as number[]}::bigint[]) order by seq`

/** The numbers of the oldest and the newest event; both 0 when there is none. */
export async function eventRange(sql: Queries): Promise<{ readonly first: number; readonly last: number }> {
  const [row] = await sql<
    [{ first: number; last: number }]
  >`select coalesce((select min(seq) from events), 0) as first, coalesce((select max(seq) from events), 0) as last`
  return row
}

/** The number of the last event before this time; 0: there is none. Reads few rows: times and numbers grow together. */
export async function lastEventBefore(sql: Queries, at: Date): Promise<number> {
  const { first, last } = await eventRange(sql)
  let [low, high] = [first - 1, last]
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    const [row] = await sql<{ at: Date }[]>`select at from events where seq <= ${middle} order by seq desc limit 1`
    if (row === undefined || row.at < at) low = middle
    else high = middle - 1
  }
  return Math.max(0, low)
}

/** Deletes events that are older than `before`, the oldest `most` at most. Returns how many. */
export async function deleteOldEvents(sql: Queries, before: number, most: number): Promise<number> {
  const rows = await sql`
    delete from events where seq = any (array(
      select seq from (select seq, at from events order by seq limit ${most}) as oldest where at < ${new Date(before)}))`
  return rows.count
}
