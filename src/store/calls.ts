/** Queries of the table `calls`: one row a call, written when it begins, again when it is another step further, and closed when it ends. */
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
  /** The CRM's own ids, carried through unread: crmuuid, product_code, call_type, … */
  readonly crm?: Readonly<Record<string, string>>
  /** The number of the person served. */
  readonly customer?: string | null
  readonly agent?: string | null
}

/** What became of a call on its way, as far as it is known; null: nothing of that kind. */
export interface CallWay {
  /** The leg that they talked with last, else the one that was dialled last. */
  readonly otherLeg: string | null
  /** The queue that they entered last. */
  readonly queue: string | null
  /** Of the telephone number that was dialled last: the gateway. */
  readonly gateway: string | null
  /** Milliseconds in queues until they talked, left or gave up, all stays together; null: they were in none. */
  readonly waitMs: number | null
  /** Milliseconds that telephones rang which were dialled for this call, answered or not; null: none was. */
  readonly ringMs: number | null
  /** Milliseconds that they talked, those on hold included; null: they never did. */
  readonly talkMs: number | null
  /** Milliseconds of the talks in which one of the two had the other on hold, as far as a node of ours heard it; null: no talk. */
  readonly holdMs: number | null
  /** Where the last recording is, on the switch's machine. */
  readonly recording: string | null
}

/** All that a row says: what is known of the call now. */
export interface CallState extends CallStart, CallWay {
  readonly queueTimeline: readonly Json[]
  /** Null while it lives. */
  readonly end: {
    readonly at: number
    readonly cause: string | null
    readonly outcome: string | null
    readonly hungUpBy: string | null
  } | null
}

export interface CallEnd {
  readonly endedAt: number
  readonly hangupCause: string | null
  /** What the flow returned, or how it ended. */
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
  /** Of a campaign's call: its name, the lead and the attempt. */
  readonly campaign: string | null
  readonly lead: number | null
  readonly attempt: string | null
  readonly crm: Readonly<Record<string, string>>
  readonly queueTimeline: readonly Json[]
}

const columns = (sql: Queries) => sql`
  c.id, c.flow, c.direction, c.from_number as "from", c.to_number as "to", c.customer, c.node, c.started_at as "startedAt",
  c.answered_at as "answeredAt", c.ended_at as "endedAt", c.hangup_cause as "hangupCause", c.outcome, c.hung_up_by as "hungUpBy", c.agent,
  c.other_leg as "otherLeg", c.queue, c.gateway, c.wait_ms as "waitMs", c.ring_ms as "ringMs", c.talk_ms as "talkMs", c.hold_ms as "holdMs",
  (select name from campaigns where campaigns.id = c.campaign_id) as campaign, c.lead_id as lead, c.attempt_id as attempt, c.crm,
  c.queue_timeline as "queueTimeline", c.recording`

const time = (at: number | null | undefined): string | null =>
  at === null || at === undefined ? null : new Date(at).toISOString()

/**
 * Writes the rows of these calls (no two of one call) as they are now, in one statement. A row that is closed stays as it is; what is
 * known already and not told is kept. A call whose id is that of an attempt belongs to its campaign and lead, and went out over its gateway.
 */
export async function saveCalls(sql: Queries, calls: readonly CallState[]): Promise<void> {
  const rows = calls.map(({ end, startedAt, answeredAt, ...call }) => ({
    ...call,
    startedAt: time(startedAt),
    answeredAt: time(answeredAt),
    crm: call.crm ?? {},
    endedAt: time(end?.at),
    cause: end?.cause,
    outcome: end?.outcome,
    hungUpBy: end?.hungUpBy,
  }))
  await sql`
    insert into calls as c (id, flow, direction, from_number, to_number, customer, switch_core, node, started_at, answered_at, ended_at,
      hangup_cause, outcome, hung_up_by, agent, other_leg, queue, gateway, wait_ms, ring_ms, talk_ms, hold_ms, crm, queue_timeline, recording,
      campaign_id, lead_id, attempt_id)
    select r.id, r.flow, r.direction, r."from", r."to", r.customer, r.core, r.node, r."startedAt", r."answeredAt", r."endedAt",
      r.cause, r.outcome, r."hungUpBy", r.agent, r."otherLeg", r.queue, coalesce(r.gateway, a.gateway), r."waitMs", r."ringMs", r."talkMs",
      r."holdMs", r.crm, r."queueTimeline", r.recording, a.campaign_id, a.lead_id, a.id
    from jsonb_to_recordset(${sql.json(rows as unknown as Json)}) as r (id uuid, flow text, direction text, "from" text, "to" text,
      customer text, core uuid, node text, "startedAt" timestamptz, "answeredAt" timestamptz, "endedAt" timestamptz, cause text, outcome text,
      "hungUpBy" text, agent text, "otherLeg" uuid, queue text, gateway text, "waitMs" integer, "ringMs" integer, "talkMs" integer,
      "holdMs" integer, crm jsonb, "queueTimeline" jsonb, recording text)
    left join lateral (select id, campaign_id, lead_id, gateway from attempts where id = r.id limit 1) a on true -- each by its key: a join reads the whole table
    on conflict (id) do update set
      node = excluded.node, customer = coalesce(c.customer, excluded.customer), to_number = coalesce(c.to_number, excluded.to_number),
      answered_at = coalesce(excluded.answered_at, c.answered_at), ended_at = excluded.ended_at, hangup_cause = excluded.hangup_cause,
      outcome = excluded.outcome, hung_up_by = excluded.hung_up_by, agent = coalesce(excluded.agent, c.agent),
      other_leg = coalesce(excluded.other_leg, c.other_leg), queue = coalesce(excluded.queue, c.queue),
      gateway = coalesce(excluded.gateway, c.gateway), wait_ms = coalesce(excluded.wait_ms, c.wait_ms),
      ring_ms = coalesce(excluded.ring_ms, c.ring_ms), talk_ms = coalesce(excluded.talk_ms, c.talk_ms),
      hold_ms = coalesce(excluded.hold_ms, c.hold_ms), crm = c.crm || excluded.crm, queue_timeline = excluded.queue_timeline,
      recording = coalesce(excluded.recording, c.recording), campaign_id = coalesce(c.campaign_id, excluded.campaign_id),
      lead_id = coalesce(c.lead_id, excluded.lead_id), attempt_id = coalesce(c.attempt_id, excluded.attempt_id)
    where c.ended_at is null`
}

/** The row of a call that begins. Again for a call that another node has taken over: only the node changes. */
export async function openCall(sql: Queries, call: CallStart): Promise<void> {
  await sql`
    insert into calls (id, flow, direction, from_number, to_number, switch_core, node, started_at, answered_at, customer, agent, crm)
    values (${call.id}, ${call.flow}, ${call.direction}, ${call.from}, ${call.to}, ${call.core}, ${call.node}, ${time(call.startedAt)},
      ${time(call.answeredAt)}, ${call.customer ?? null}, ${call.agent ?? null}, ${sql.json((call.crm ?? {}) as Json)})
    on conflict (id) do update set node = excluded.node`
}

/** The first end counts. False when it has ended before, or when there is no such call. */
export async function closeCall(sql: Queries, id: string, end: CallEnd): Promise<boolean> {
  const rows = await sql`
    update calls set ended_at = ${time(end.endedAt)}, hangup_cause = ${end.hangupCause}, outcome = ${end.outcome},
      ring_ms = coalesce(${end.ringMs ?? null}, ring_ms)
    where id = ${id} and ended_at is null`
  return rows.count > 0
}

/** A call that is nowhere any more, and nobody says how it ended. False as above. */
export function closeLostCall(sql: Queries, id: string, at: number): Promise<boolean> {
  return closeCall(sql, id, { endedAt: at, hangupCause: 'LOST', outcome: 'lost' })
}

/** Calls that have not ended, as far as anybody has written down, with the run (Core-UUID) of their switch; the oldest 20 000: more do not live on the nodes of one database. */
export async function openCalls(sql: Queries): Promise<ReadonlyMap<string, string | null>> {
  const rows = await sql<
    { id: string; core: string | null }[]
  >`select id, switch_core as core from calls where ended_at is null order by started_at limit 20000`
  return new Map(rows.map(({ id, core }) => [id, core]))
}

export async function callWithId(sql: Queries, id: string): Promise<CallRow | null> {
  const [row] = await sql<CallRow[]>`select ${columns(sql)} from calls c where id = ${id}`
  return row ?? null
}

/** Which calls are looked for: of this number (as people or carriers write it, with a + or without), of the campaign of this name. */
export interface CallFilter {
  readonly number?: string | undefined
  readonly campaign?: string | undefined
}

/** Newest first, `limit` of them that began before `before`. */
export async function recentCalls(
  sql: Queries,
  limit: number,
  before?: Date,
  { number, campaign }: CallFilter = {},
): Promise<CallRow[]> {
  const earlier = before ? sql`and started_at < ${before}` : sql``
  const digits = number?.replace(/^\+/, '') ?? ''
  const written = sql([digits, `+${digits}`])
  const his =
    number === undefined
      ? sql``
      : sql`and (customer in ${written} or from_number in ${written} or to_number in ${written})`
  const its =
    campaign === undefined ? sql`` : sql`and campaign_id = (select id from campaigns where name = ${campaign})`
  return sql<
    CallRow[]
  >`select ${columns(sql)} from calls c where true ${earlier} ${his} ${its} order by started_at desc limit ${limit}`
}

/** By the CRM's own id. */
export async function callsOfCrm(sql: Queries, crmuuid: string): Promise<CallRow[]> {
  return sql<
    CallRow[]
  >`select ${columns(sql)} from calls c where crm ? 'crmuuid' and crm ->> 'crmuuid' = ${crmuuid} order by started_at`
}
