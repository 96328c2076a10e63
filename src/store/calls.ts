/**
 * Queries of the table `calls`: one row per call, written when the call begins, updated after its steps, closed when it
 * ends. A closed row changes by `tagCall` only. Used by record/call-rows.ts, node.ts, campaign/click-to-dial.ts and the
 * command line.
 */
import type { EventRow } from '../events/envelope.ts'
import { readTimeline, type TimelineEvent } from '../events/timeline.ts'
import type { CallSegment } from './call-segments.ts'
import type { Json, Queries } from './sql.ts'

export interface CallStart {
  readonly id: string
  readonly flow: string
  readonly direction: 'inbound' | 'outbound'
  readonly from: string | null
  readonly to: string | null
  readonly core: string | null
  readonly node: string
  readonly startedAt: number
  readonly answeredAt?: number | null
  /** Ids of the CRM, stored without interpretation: crmuuid, product_code, call_type, … */
  readonly crm?: Readonly<Record<string, string>>
  /** The telephone number of the customer. */
  readonly customer?: string | null
  readonly agent?: string | null
}

/** The course of a call, as far as known; null: it had nothing of that kind. All times in milliseconds. */
export interface CallWay {
  /** The leg that the customer talked with last, else the leg that was dialled last. */
  readonly otherLeg: string | null
  /** The last queue of the caller. */
  readonly queue: string | null
  /** The gateway of the number that was dialled last. */
  readonly gateway: string | null
  /** Time in all queues together, until the caller talked, left or gave up; null: the caller was in none. */
  readonly waitMs: number | null
  /** Time that the telephones dialled for this call rang, answered or not; null: none was dialled. */
  readonly ringMs: number | null
  /** Talk time, including hold; null: no talk. */
  readonly talkMs: number | null
  /** Part of the talk time on hold, as far as a node received the events; null: no talk. */
  readonly holdMs: number | null
  /** Path of the last recording on FreeSWITCH's machine. */
  readonly recording: string | null
}

/** The whole content of a row: the state of the call now. */
export interface CallState extends CallStart, CallWay {
  readonly queueTimeline: readonly TimelineEvent[]
  /** All segments of the call up to now. */
  readonly segments: readonly CallSegment[]
  /** Null while the call goes on. */
  readonly end: {
    readonly at: number
    readonly cause: string | null
    readonly outcome: string | null
    readonly hungUpBy: string | null
    /** What is told of the end: staged with the row (store/events.ts). */
    readonly events: readonly EventRow[]
  } | null
}

export interface CallEnd {
  readonly endedAt: number
  readonly hangupCause: string | null
  /** The value that the flow returned, or how the flow ended (docs/records.md). */
  readonly outcome: string | null
  readonly ringMs?: number | null
}

export interface CallRow extends CallWay {
  readonly id: string
  readonly flow: string
  readonly direction: 'inbound' | 'outbound'
  readonly from: string | null
  readonly to: string | null
  readonly customer: string | null
  readonly node: string | null
  readonly startedAt: Date
  readonly answeredAt: Date | null
  readonly endedAt: Date | null
  readonly hangupCause: string | null
  readonly outcome: string | null
  readonly hungUpBy: string | null
  readonly agent: string | null
  /** For a campaign's call: the campaign's name, the lead and the attempt. */
  readonly campaign: string | null
  readonly lead: number | null
  readonly attempt: string | null
  /** The number that the lead of a campaign saw; null: no lead, or the number of the gateway. */
  readonly callerId: string | null
  readonly crm: Readonly<Record<string, string>>
  readonly queueTimeline: readonly TimelineEvent[]
}

const columns = (sql: Queries) => sql`
  c.id, c.flow, c.direction, c.from_number as "from", c.to_number as "to", c.customer, c.node, c.started_at as "startedAt",
  c.answered_at as "answeredAt", c.ended_at as "endedAt", c.hangup_cause as "hangupCause", c.outcome, c.hung_up_by as "hungUpBy", c.agent,
  c.other_leg as "otherLeg", c.queue, c.gateway, c.wait_ms as "waitMs", c.ring_ms as "ringMs", c.talk_ms as "talkMs", c.hold_ms as "holdMs",
  (select name from campaigns where campaigns.id = c.campaign_id) as campaign, c.lead_id as lead, c.attempt_id as attempt,
  (select caller_id from attempts where attempts.id = c.attempt_id) as "callerId", c.crm,
  c.queue_timeline as "queueTimeline", c.recording`

type StoredRow = Omit<CallRow, 'queueTimeline'> & { readonly queueTimeline: unknown }

const read = (row: StoredRow): CallRow => ({ ...row, queueTimeline: readTimeline(row.queueTimeline) })

const time = (at: number | null | undefined): string | null =>
  at === null || at === undefined ? null : new Date(at).toISOString()

/**
 * Writes the current state of these calls (each id once) and their segments in one statement. A closed row, and its
 * segments, do not change. A null does not overwrite a known value. A call with the id of an attempt gets the campaign,
 * lead and gateway of that attempt. Segments that a dead node wrote, and of which its journal had nothing, are deleted.
 */
export async function saveCalls(sql: Queries, calls: readonly CallState[]): Promise<void> {
  const rows = calls.map(({ end, startedAt, answeredAt, ...call }) => ({
    ...call,
    startedAt: time(startedAt),
    answeredAt: time(answeredAt),
    crm: call.crm ?? {},
    segments: call.segments.map(({ joined, since, until, ...segment }, n) => ({
      ...segment,
      n,
      joined: time(joined),
      since: time(since),
      until: time(until),
    })),
    endedAt: time(end?.at),
    cause: end?.cause,
    outcome: end?.outcome,
    hungUpBy: end?.hungUpBy,
    events: end?.events ?? [],
  }))
  await sql`
    with r as materialized (select * from jsonb_to_recordset(${sql.json(rows as unknown as Json)}) as r (id uuid, flow text,
      direction text, "from" text, "to" text, customer text, core uuid, node text, "startedAt" timestamptz, "answeredAt" timestamptz,
      "endedAt" timestamptz, cause text, outcome text, "hungUpBy" text, agent text, "otherLeg" uuid, queue text, gateway text,
      "waitMs" integer, "ringMs" integer, "talkMs" integer, "holdMs" integer, crm jsonb, "queueTimeline" jsonb, recording text,
      segments jsonb, events jsonb)),
    written as (insert into calls as c (id, flow, direction, from_number, to_number, customer, switch_core, node, started_at, answered_at, ended_at,
      hangup_cause, outcome, hung_up_by, agent, other_leg, queue, gateway, wait_ms, ring_ms, talk_ms, hold_ms, crm, queue_timeline, recording,
      campaign_id, lead_id, attempt_id)
    select r.id, r.flow, r.direction, r."from", r."to", r.customer, r.core, r.node, r."startedAt", r."answeredAt", r."endedAt",
      r.cause, r.outcome, r."hungUpBy", r.agent, r."otherLeg", r.queue, coalesce(r.gateway, a.gateway), r."waitMs", r."ringMs", r."talkMs",
      r."holdMs", r.crm, r."queueTimeline", r.recording, a.campaign_id, a.lead_id, a.id
    from r
    left join lateral (select id, campaign_id, lead_id, gateway from attempts where id = r.id limit 1) a on true -- each by its key: a join reads the whole table
    order by r.id on conflict (id) do update set
      node = excluded.node, customer = coalesce(c.customer, excluded.customer), to_number = coalesce(c.to_number, excluded.to_number),
      answered_at = coalesce(excluded.answered_at, c.answered_at), ended_at = excluded.ended_at, hangup_cause = excluded.hangup_cause,
      outcome = excluded.outcome, hung_up_by = excluded.hung_up_by, agent = coalesce(excluded.agent, c.agent),
      other_leg = coalesce(excluded.other_leg, c.other_leg), queue = coalesce(excluded.queue, c.queue),
      gateway = coalesce(excluded.gateway, c.gateway), wait_ms = coalesce(excluded.wait_ms, c.wait_ms),
      ring_ms = coalesce(excluded.ring_ms, c.ring_ms), talk_ms = coalesce(excluded.talk_ms, c.talk_ms),
      hold_ms = coalesce(excluded.hold_ms, c.hold_ms), crm = c.crm || excluded.crm, queue_timeline = excluded.queue_timeline,
      recording = coalesce(excluded.recording, c.recording), campaign_id = coalesce(c.campaign_id, excluded.campaign_id),
      lead_id = coalesce(c.lead_id, excluded.lead_id), attempt_id = coalesce(c.attempt_id, excluded.attempt_id)
    where c.ended_at is null returning id),
    staged as (insert into staged_events (id, type, v, subject, at, data)
      select e.id, e.type, e.v, e.subject, e.at, e.data from written w join r using (id) cross join lateral jsonb_to_recordset(r.events)
        as e (id text, type text, v integer, subject text, at timestamptz, data jsonb) on conflict (id) do nothing),
    known as (select r.id, r.segments from r where r.id in (select id from written)),
    unknown as (delete from call_segments where ctid = any (array(
      select s.at from known k cross join lateral
        (select ctid as at from call_segments where call = k.id and n >= jsonb_array_length(k.segments) limit 1000) s))) -- each by its key
    insert into call_segments as s (call, n, kind, queue, agent, customer, leg, joined, since, until, how)
    select k.id, x.n, x.kind, x.queue, x.agent, x.customer, x.leg, x.joined, x.since, x.until, x.how
    from known k cross join lateral jsonb_to_recordset(k.segments) as x (n smallint, kind text, queue text, agent text, customer text, leg uuid,
      joined timestamptz, since timestamptz, until timestamptz, how text)
    on conflict (call, n) do update set kind = excluded.kind, queue = excluded.queue, agent = excluded.agent, customer = excluded.customer, leg = excluded.leg,
      joined = excluded.joined, since = excluded.since, until = excluded.until, how = excluded.how
    where (s.kind, s.queue, s.agent, s.customer, s.leg, s.joined, s.since, s.until, s.how) is distinct from
      (excluded.kind, excluded.queue, excluded.agent, excluded.customer, excluded.leg, excluded.joined, excluded.since, excluded.until, excluded.how)`
}

/** Inserts the row of a new call. For a call that exists (after a takeover) only the node changes. */
export async function openCall(sql: Queries, call: CallStart): Promise<void> {
  await sql`
    insert into calls (id, flow, direction, from_number, to_number, switch_core, node, started_at, answered_at, customer, agent, crm)
    values (${call.id}, ${call.flow}, ${call.direction}, ${call.from}, ${call.to}, ${call.core}, ${call.node}, ${time(call.startedAt)},
      ${time(call.answeredAt)}, ${call.customer ?? null}, ${call.agent ?? null}, ${sql.json((call.crm ?? {}) as Json)})
    on conflict (id) do update set node = excluded.node`
}

/**
 * Adds values to the record of a call, also after its end: what an agent says of it. False when the row is not there.
 */
export async function tagCall(sql: Queries, id: string, tags: Readonly<Record<string, string>>): Promise<boolean> {
  const rows = await sql`update calls set crm = crm || ${sql.json(tags)} where id = ${id}`
  return rows.count > 0
}

/**
 * Closes the row, and the segments that go on as lost; the first end counts. False when the call has ended before, or
 * does not exist.
 */
export async function closeCall(sql: Queries, id: string, end: CallEnd): Promise<boolean> {
  const rows = await sql`
    with closed as (update calls set ended_at = ${time(end.endedAt)}, hangup_cause = ${end.hangupCause}, outcome = ${end.outcome},
      ring_ms = coalesce(${end.ringMs ?? null}, ring_ms) where id = ${id} and ended_at is null returning id),
    cut as (update call_segments set until = greatest(since, ${time(end.endedAt)}), how = 'lost'
      where call = ${id} and until is null and exists (select 1 from closed))
    select id from closed`
  return rows.length > 0
}

/** Closes the row of a call that no switch has and whose end is unknown. Returns false as `closeCall` does. */
export function closeLostCall(sql: Queries, id: string, at: number): Promise<boolean> {
  return closeCall(sql, id, { endedAt: at, hangupCause: 'LOST', outcome: 'lost' })
}

/**
 * The calls without a recorded end, with the Core-UUID of their switch; the oldest 20 000: the nodes of one database
 * have fewer calls.
 */
export async function openCalls(sql: Queries): Promise<ReadonlyMap<string, string | null>> {
  const rows = await sql<
    { id: string; core: string | null }[]
  >`select id, switch_core as core from calls where ended_at is null order by started_at limit 20000`
  return new Map(rows.map(({ id, core }) => [id, core]))
}

export async function callWithId(sql: Queries, id: string): Promise<CallRow | null> {
  const [row] = await sql<StoredRow[]>`select ${columns(sql)} from calls c where id = ${id}`
  return row ? read(row) : null
}

/** Limits a search to calls of this number, in any of these spellings (with or without +), and of this campaign. */
export interface CallFilter {
  readonly number?: string | readonly string[] | undefined
  readonly campaign?: string | undefined
}

/** The newest `limit` calls that began before `before`, newest first. */
export async function recentCalls(
  sql: Queries,
  limit: number,
  before?: Date,
  { number, campaign }: CallFilter = {},
): Promise<CallRow[]> {
  const earlier = before ? sql`and started_at < ${before}` : sql``
  const written = sql(
    [number ?? []]
      .flat()
      .map(one => one.replace(/^\+/, ''))
      .flatMap(digits => [digits, `+${digits}`]),
  )
  const his =
    number === undefined
      ? sql``
      : sql`and (customer in ${written} or from_number in ${written} or to_number in ${written})`
  const its =
    campaign === undefined ? sql`` : sql`and campaign_id = (select id from campaigns where name = ${campaign})`
  const rows = await sql<
    StoredRow[]
  >`select ${columns(sql)} from calls c where true ${earlier} ${his} ${its} order by started_at desc limit ${limit}`
  return rows.map(read)
}

/** The calls with this `crmuuid`, oldest first. */
export async function callsOfCrm(sql: Queries, crmuuid: string): Promise<CallRow[]> {
  const rows = await sql<
    StoredRow[]
  >`select ${columns(sql)} from calls c where crm ? 'crmuuid' and crm ->> 'crmuuid' = ${crmuuid} order by started_at`
  return rows.map(read)
}
