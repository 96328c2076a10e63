/**
 * Queries of the tables `event_targets` and `event_deliveries`: where events are sent, how far each receiver is, and
 * what became of each delivery. Used by src/outbox/ and the operations of webhooks.
 */
import type { Json, Queries, Sql } from './sql.ts'

export const DELIVERY_STATES = ['waiting', 'delivered', 'dead'] as const

export interface TargetRow {
  readonly name: string
  /** Null: a sink of the settings. */
  readonly url: string | null
  readonly types: readonly string[]
  readonly seesNumbers: boolean
  /** 'gone': the receiver answered 410. */
  readonly state: 'active' | 'paused' | 'gone'
  /** All events up to this number are delivered, or are in `event_deliveries`. */
  readonly position: number
  /** One after the other, since the last success. */
  readonly failures: number
  readonly nextAt: Date
  /** Why the last delivery failed; null: it did not. */
  readonly error: string | null
  readonly createdAt: Date
  readonly createdBy: string
}

export interface TargetSecrets {
  readonly secret: string | null
  readonly oldSecret: string | null
  readonly oldUntil: Date | null
}

export interface DeliveryRow {
  readonly seq: number
  /** Of the event. */
  readonly id: string
  readonly subject: string
  readonly type: string
  readonly state: (typeof DELIVERY_STATES)[number]
  readonly tries: number
  readonly nextAt: Date | null
  readonly at: Date
  /** Of the answer; null: there was none. */
  readonly status: number | null
  readonly error: string | null
}

const columns = (sql: Queries) =>
  sql`name, url, types, sees_numbers as "seesNumbers", state, position, failures, next_at as "nextAt", error,
    created_at as "createdAt", created_by as "createdBy"`
const deliveryColumns = (sql: Queries) =>
  sql`seq, id, subject, type, state, tries, next_at as "nextAt", at, status, error`

export interface NewTarget extends Pick<TargetRow, 'name' | 'url' | 'types' | 'seesNumbers' | 'createdBy'> {
  readonly secret: string | null
  readonly now: number
}

/** It gets the events that are told from now on. False when there is one of this name. */
export async function addTarget(sql: Queries, target: NewTarget): Promise<boolean> {
  const { name, url, types, seesNumbers, secret, createdBy, now } = target
  const at = new Date(now)
  const rows = await sql`
    insert into event_targets (name, url, types, sees_numbers, secret, state, position, failures, next_at, created_at, created_by)
    select ${name}, ${url}, ${sql.json(types as Json)}, ${seesNumbers}, ${secret}, 'active', coalesce((select max(seq) from events), 0), 0,
      ${at}, ${at}, ${createdBy}
    on conflict (name) do nothing returning name`
  return rows.length > 0
}

/** In the order of their names. */
export const targets = (sql: Queries): Promise<TargetRow[]> =>
  sql<TargetRow[]>`select ${columns(sql)} from event_targets order by name`

export async function targetNamed(sql: Queries, name: string): Promise<TargetRow | null> {
  const [row] = await sql<TargetRow[]>`select ${columns(sql)} from event_targets where name = ${name}`
  return row ?? null
}

export async function targetSecrets(sql: Queries, name: string): Promise<TargetSecrets> {
  const [row] = await sql<
    TargetSecrets[]
  >`select secret, old_secret as "oldSecret", old_until as "oldUntil" from event_targets where name = ${name}`
  return row ?? { secret: null, oldSecret: null, oldUntil: null }
}

export interface TargetChange {
  readonly url?: string | undefined
  readonly types?: readonly string[] | undefined
  readonly seesNumbers?: boolean | undefined
  readonly state?: TargetRow['state'] | undefined
  /** From which event on it gets the events again. */
  readonly position?: number | undefined
}

/** What is not given stays. A change lets it try again at once. Null: there is none of this name. */
export async function changeTarget(
  sql: Queries,
  name: string,
  { url, types, seesNumbers, state, position }: TargetChange,
  now: number,
): Promise<TargetRow | null> {
  const [row] = await sql<TargetRow[]>`
    update event_targets set url = coalesce(${url ?? null}, url), types = coalesce(${types === undefined ? null : sql.json(types as Json)}::jsonb, types),
      sees_numbers = coalesce(${seesNumbers ?? null}::boolean, sees_numbers), state = coalesce(${state ?? null}, state),
      position = coalesce(${position ?? null}::bigint, position), failures = 0, next_at = ${new Date(now)}, error = null
    where name = ${name} returning ${columns(sql)}`
  return row ?? null
}

/** The secret before signs beside the new one until `oldUntil`. */
export async function changeSecret(sql: Queries, name: string, secret: string, oldUntil: number): Promise<void> {
  await sql`
    update event_targets set old_secret = secret, old_until = ${new Date(oldUntil)}, secret = ${secret} where name = ${name}`
}

export async function removeTarget(sql: Queries, name: string): Promise<boolean> {
  const rows = await sql`delete from event_targets where name = ${name} returning name`
  return rows.length > 0
}

/** The names of those that something can be sent to now. */
export async function dueTargets(sql: Queries, now: number): Promise<string[]> {
  const at = new Date(now)
  const rows = await sql<{ name: string }[]>`
    select name from event_targets t where state = 'active' and next_at <= ${at} and (position < (select max(seq) from events)
      or exists (select 1 from event_deliveries d where d.target = t.name and d.state = 'waiting' and d.next_at <= ${at}))
    order by name`
  return rows.map(({ name }) => name)
}

/** Deliveries that wait, in the order of their events; a later event of the same subject waits for the earlier one. */
export const waitingDeliveries = (sql: Queries, name: string, limit: number): Promise<DeliveryRow[]> =>
  sql<
    DeliveryRow[]
  >`select ${deliveryColumns(sql)} from event_deliveries where target = ${name} and state = 'waiting' order by seq limit ${limit}`

export interface DeliveryQuery {
  readonly limit: number
  readonly state?: DeliveryRow['state'] | undefined
  /** Only deliveries of events before this number. */
  readonly after?: number | undefined
}

/** The newest first. */
export const deliveries = (
  sql: Queries,
  name: string,
  { limit, state, after }: DeliveryQuery,
): Promise<DeliveryRow[]> =>
  sql<DeliveryRow[]>`
    select ${deliveryColumns(sql)} from event_deliveries where target = ${name}
      ${state === undefined ? sql`` : sql`and state = ${state}`} ${after === undefined ? sql`` : sql`and seq < ${after}`}
    order by seq desc limit ${limit}`

/** What a turn of deliveries has done. */
export interface Turn {
  readonly rows: readonly DeliveryRow[]
  /** The position before, and the one after. */
  readonly from: number
  readonly position: number
  readonly failures: number
  readonly nextAt: number
  readonly error: string | null
  readonly isGone: boolean
  /** The receiver was down, and is no longer: what waits is due at once. */
  readonly isBack: boolean
}

/** Writes the turn. False, and nothing is written, when another process has written one meanwhile. */
export async function saveTurn(sql: Sql, name: string, turn: Turn): Promise<boolean> {
  return sql.begin(async tx => {
    const { rows, from, position, failures, nextAt, error, isGone, isBack } = turn
    const moved = await tx`
      update event_targets set position = ${position}, failures = ${failures}, next_at = ${new Date(nextAt)}, error = ${error},
        state = case when ${isGone} then 'gone' else state end
      where name = ${name} and position = ${from} returning name`
    if (moved.length === 0) return false
    if (rows.length > 0)
      await tx`
        insert into event_deliveries as d (target, seq, id, subject, type, state, tries, next_at, at, status, error)
        select ${name}, r.seq, r.id, r.subject, r.type, r.state, r.tries, r."nextAt", r.at, r.status, r.error
        from jsonb_to_recordset(${tx.json(rows as unknown as Json)}) as r (seq bigint, id text, subject text, type text, state text,
          tries integer, "nextAt" timestamptz, at timestamptz, status integer, error text)
        on conflict (target, seq) do update set state = excluded.state, tries = excluded.tries, next_at = excluded.next_at,
          at = excluded.at, status = excluded.status, error = excluded.error`
    if (isBack)
      await tx`update event_deliveries set next_at = ${new Date(nextAt)} where target = ${name} and state = 'waiting'`
    return true
  })
}

/**
 * Receivers that were down for so long that events were deleted before they got them: each goes on behind them. Returns
 * their names.
 */
export async function skipDeleted(sql: Queries): Promise<string[]> {
  const rows = await sql<{ name: string }[]>`
    update event_targets set position = oldest.seq - 1, error = 'events were deleted before they were taken: they were older than KEEP_EVENTS'
    from (select seq from events order by seq limit 1) as oldest where failures > 0 and position < oldest.seq - 1 returning name`
  return rows.map(({ name }) => name)
}

/** Dead or delivered deliveries wait again, and are sent at once. `seqs`: null: all dead ones. Returns how many. */
export async function redeliver(
  sql: Queries,
  name: string,
  seqs: readonly number[] | null,
  now: number,
): Promise<number> {
  const which =
    seqs === null ? sql`state = 'dead'` : sql`seq = any (${seqs as number[]}::bigint[]) and state <> 'waiting'`
  const rows = await sql`
    update event_deliveries set state = 'waiting', tries = 0, next_at = ${new Date(now)} where target = ${name} and ${which}`
  return rows.count
}

/** Deletes what became of deliveries before this time, `most` at most. Those that wait stay. Returns how many. */
export async function deleteOldDeliveries(sql: Queries, before: number, most: number): Promise<number> {
  const rows = await sql`
    delete from event_deliveries where ctid = any (array(
      select ctid from event_deliveries where state <> 'waiting' and at < ${new Date(before)} order by at limit ${most}))`
  return rows.count
}
