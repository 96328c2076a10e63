/** Queries of the table `calls`: one row a call, written when it begins and closed when it ends. */
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
  /** Of a campaign's call. */
  readonly campaign?: string | null
  readonly lead?: number | null
  readonly attempt?: string | null
  /** The CRM's own ids, carried through unread: crmuuid, product_code, call_type, … */
  readonly crm?: Readonly<Record<string, string>>
}

export interface CallEnd {
  readonly endedAt: number
  readonly hangupCause: string | null
  /** What the flow returned, or how it ended. */
  readonly outcome: string | null
  readonly answeredAt?: number | null
  readonly agent?: string | null
  readonly queueTimeline?: readonly Json[]
  readonly recording?: string | null
  readonly crm?: Readonly<Record<string, string>>
}

export interface CallRow {
  readonly id: string
  readonly flow: string
  readonly direction: 'inbound' | 'outbound'
  readonly from: string | null
  readonly to: string | null
  readonly node: string | null
  readonly startedAt: Date
  readonly answeredAt: Date | null
  readonly endedAt: Date | null
  readonly hangupCause: string | null
  readonly outcome: string | null
  readonly agent: string | null
  readonly attempt: string | null
  readonly crm: Readonly<Record<string, string>>
  readonly queueTimeline: readonly Json[]
  readonly recording: string | null
}

const columns = (sql: Queries) => sql`
  id, flow, direction, from_number as "from", to_number as "to", node, started_at as "startedAt", answered_at as "answeredAt",
  ended_at as "endedAt", hangup_cause as "hangupCause", outcome, agent, attempt_id as attempt, crm,
  queue_timeline as "queueTimeline", recording`

const time = (at: number | null | undefined): Date | null => (at === null || at === undefined ? null : new Date(at))

/** Again for a call that another node has taken over: only the node changes. */
export async function openCall(sql: Queries, call: CallStart): Promise<void> {
  await sql`
    insert into calls (id, flow, direction, from_number, to_number, switch_core, node, started_at, answered_at,
      campaign_id, lead_id, attempt_id, crm)
    values (${call.id}, ${call.flow}, ${call.direction}, ${call.from}, ${call.to}, ${call.core}, ${call.node}, ${time(call.startedAt)},
      ${time(call.answeredAt)}, ${call.campaign ?? null}, ${call.lead ?? null}, ${call.attempt ?? null},
      ${sql.json((call.crm ?? {}) as Json)})
    on conflict (id) do update set node = excluded.node`
}

/** The first end counts. False when it has ended before, or when there is no such call. */
export async function closeCall(sql: Queries, id: string, end: CallEnd): Promise<boolean> {
  const rows = await sql`
    update calls set ended_at = ${time(end.endedAt)}, hangup_cause = ${end.hangupCause}, outcome = ${end.outcome},
      answered_at = coalesce(answered_at, ${time(end.answeredAt)}), agent = coalesce(${end.agent ?? null}, agent),
      queue_timeline = coalesce(${end.queueTimeline ? sql.json(end.queueTimeline as Json) : null}, queue_timeline),
      recording = coalesce(${end.recording ?? null}, recording), crm = crm || ${sql.json((end.crm ?? {}) as Json)}
    where id = ${id} and ended_at is null`
  return rows.count > 0
}

/** A call that is nowhere any more, and nobody says how it ended. False as above. */
export function closeLostCall(sql: Queries, id: string, at: number): Promise<boolean> {
  return closeCall(sql, id, { endedAt: at, hangupCause: 'LOST', outcome: 'lost' })
}

/** Calls that have not ended, as far as anybody has written down, with the run (Core-UUID) of their switch; oldest first. */
export async function openCalls(sql: Queries): Promise<ReadonlyMap<string, string | null>> {
  const rows = await sql<{ id: string; core: string | null }[]>`select id, switch_core as core from calls where ended_at is null order by started_at`
  return new Map(rows.map(({ id, core }) => [id, core]))
}

export async function callWithId(sql: Queries, id: string): Promise<CallRow | null> {
  const [row] = await sql<CallRow[]>`select ${columns(sql)} from calls where id = ${id}`
  return row ?? null
}

/** Newest first, `limit` of them that began before `before`. */
export async function recentCalls(sql: Queries, limit: number, before?: Date): Promise<CallRow[]> {
  const earlier = before ? sql`where started_at < ${before}` : sql``
  return sql<CallRow[]>`select ${columns(sql)} from calls ${earlier} order by started_at desc limit ${limit}`
}

/** By the CRM's own id. */
export async function callsOfCrm(sql: Queries, crmuuid: string): Promise<CallRow[]> {
  return sql<CallRow[]>`select ${columns(sql)} from calls where crm ? 'crmuuid' and crm ->> 'crmuuid' = ${crmuuid} order by started_at`
}
