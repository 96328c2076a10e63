/**
 * Queries of the table `attempts`: one row per attempt to reach a lead. The id is the uuid of its leg. States:
 * intended, sent, ringing, answered, ended, in this order; some may be skipped. Used by the campaign code and
 * campaign/figures.ts.
 */
import { keptFigures } from './figures.ts'
import type { Queries, Transaction } from './sql.ts'

export type AttemptState = 'intended' | 'sent' | 'ringing' | 'answered' | 'ended'

export type Heard = 'person' | 'machine' | 'unknown'

/**
 * What an answered call counts as. 'served': a person was not abandoned. 'abandoned': no agent came in time for a
 * person. 'machine', and 'nobody' when it is not known that a person answered.
 */
export type CountsAs = 'served' | 'abandoned' | 'machine' | 'nobody'

export interface AttemptRow {
  readonly id: string
  readonly campaign: string
  readonly lead: number
  readonly state: AttemptState
  readonly node: string
  readonly core: string | null
  /** The gateway that the lead is called over. */
  readonly gateway: string | null
  /** The number that it calls; null: an attempt of the version before, to the first number of the lead. */
  readonly phone: string | null
  /** The number that the lead sees; null: the one of the gateway, or not yet dialled. */
  readonly callerId: string | null
  readonly cause: string | null
  readonly disposition: string | null
  readonly agent: string | null
  /** What answered, as far as the flow listened: a person or a machine. Null: no flow listened. */
  readonly heard: Heard | null
  /** Why detect() decided so; null: no flow listened. */
  readonly heardWhy: string | null
  /** Milliseconds from the beginning of detect() to its verdict. */
  readonly heardMs: number | null
  /** The last word of an agent, which goes before `disposition`; null: none. */
  readonly agentDisposition: string | null
  /**
   * What it counts as for the law, without the word of the agent and with it; null: an older version settled it, no
   * word.
   */
  readonly countsAs: CountsAs | null
  readonly agentCountsAs: CountsAs | null
  readonly intendedAt: Date
  readonly answeredAt: Date | null
  /** The person's greeting ended. */
  readonly greetedAt: Date | null
  readonly connectedAt: Date | null
  readonly endedAt: Date | null
}

const columns = (sql: Queries) => sql`
  a.id, a.campaign_id as campaign, a.lead_id as lead, a.state, a.node, a.switch_core as core, a.gateway, a.caller_id as "callerId", a.phone, a.cause, a.disposition, a.agent, a.amd as heard,
  a.amd_reason as "heardWhy", a.amd_ms as "heardMs",
  a.agent_disposition as "agentDisposition", a.counts_as as "countsAs", a.agent_counts_as as "agentCountsAs",
  a.intended_at as "intendedAt", a.answered_at as "answeredAt", a.greeted_at as "greetedAt", a.connected_at as "connectedAt", a.ended_at as "endedAt"`

export async function attemptWithId(sql: Queries, id: string): Promise<AttemptRow | null> {
  const [row] = await sql<AttemptRow[]>`select ${columns(sql)} from attempts a where id = ${id}`
  return row ?? null
}

/** Like `attemptWithId`, and locks the attempt until the transaction ends. */
export async function lockAttempt(tx: Transaction, id: string): Promise<AttemptRow | null> {
  const [row] = await tx<AttemptRow[]>`select ${columns(tx)} from attempts a where id = ${id} for update`
  return row ?? null
}

/** Moves an attempt forward to `stage`; a late event changes nothing. */
export async function markAttempt(
  sql: Queries,
  id: string,
  stage: 'sent' | 'ringing' | 'answered',
  now: number,
): Promise<void> {
  const at = new Date(now)
  if (stage === 'sent')
    await sql`update attempts set state = 'sent', sent_at = ${at} where id = ${id} and state = 'intended'`
  else if (stage === 'ringing') {
    await sql`update attempts set state = 'ringing', ringing_at = ${at} where id = ${id} and state in ('intended', 'sent')`
  } else {
    await sql`update attempts set state = 'answered', answered_at = ${at} where id = ${id} and state in ('intended', 'sent', 'ringing')`
  }
}

/** The lead talks with an agent; the first time counts. False when the attempt has ended, or does not exist. */
export async function markConnected(sql: Queries, id: string, agent: string, now: number): Promise<boolean> {
  const rows = await sql`
    update attempts set connected_at = coalesce(connected_at, ${new Date(now)}), agent = ${agent} where id = ${id} and state <> 'ended'`
  return rows.count > 0
}

/** What is known of an answered call, with times in milliseconds since the epoch; absent: not known. */
export interface AttemptEvidence {
  readonly cause?: string | null | undefined
  readonly agent?: string | null | undefined
  readonly heard?: Heard | null | undefined
  /** Why detect() decided so, and how many milliseconds after it began to listen. */
  readonly heardWhy?: string | null | undefined
  readonly heardMs?: number | null | undefined
  readonly answeredAt?: number | null | undefined
  readonly detectedAt?: number | null | undefined
  readonly greetedAt?: number | null | undefined
  /** The person and an agent were joined. */
  readonly connectedAt?: number | null | undefined
  /** The message for a person who is abandoned began. */
  readonly messageAt?: number | null | undefined
}

export interface AttemptClosing extends AttemptEvidence {
  /** Null: no telephone rang. */
  readonly disposition: string | null
  readonly countsAs?: CountsAs | undefined
  readonly agentCountsAs?: CountsAs | undefined
}

const time = (at: number | null | undefined): Date | null => (at === null || at === undefined ? null : new Date(at))

/** Ends an open attempt. Null when it has ended before, or does not exist. */
export async function endAttempt(
  sql: Queries,
  id: string,
  closing: AttemptClosing,
  now: number,
): Promise<AttemptRow | null> {
  const { disposition, cause, agent, heard, heardWhy, heardMs, countsAs, agentCountsAs } = closing
  const [row] = await sql<AttemptRow[]>`
    update attempts a set state = 'ended', disposition = ${disposition}, cause = coalesce(${cause ?? null}, cause),
      agent = coalesce(${agent ?? null}, agent), amd = coalesce(${heard ?? null}, amd),
      amd_reason = coalesce(${heardWhy ?? null}, amd_reason), amd_ms = coalesce(${heardMs ?? null}, amd_ms),
      answered_at = coalesce(${time(closing.answeredAt)}, answered_at), detected_at = ${time(closing.detectedAt)},
      greeted_at = ${time(closing.greetedAt)}, connected_at = coalesce(${time(closing.connectedAt)}, connected_at),
      message_at = ${time(closing.messageAt)}, counts_as = ${countsAs ?? null}, agent_counts_as = ${agentCountsAs ?? null}, ended_at = ${new Date(now)}
    where id = ${id} and state <> 'ended' returning ${columns(sql)}`
  return row ?? null
}

/** An agent has said what came of the call. `countsAs`: null while the attempt has not ended. */
export async function setAgentDisposition(
  tx: Transaction,
  id: string,
  said: { readonly disposition: string; readonly countsAs: CountsAs | null },
): Promise<void> {
  await tx`
    update attempts set agent_disposition = ${said.disposition}, agent_counts_as = ${said.countsAs} where id = ${id}`
}

/** Is this the newest attempt of its lead that rang a telephone, or may still? */
export async function isNewestAttempt(
  tx: Transaction,
  { id, lead }: Pick<AttemptRow, 'id' | 'lead'>,
): Promise<boolean> {
  const [row] = await tx<{ id: string }[]>`
    select id from attempts where lead_id = ${lead} and (disposition is not null or state <> 'ended')
    order by intended_at desc, id desc limit 1`
  return row?.id === id
}

/**
 * How often each lead was tried, by what came of it: the last word counts. Attempts that rang no telephone are left
 * out.
 */
export async function triesOf(sql: Queries, leads: readonly number[]): Promise<Map<number, Record<string, number>>> {
  const rows = await sql<{ lead: number; what: string; n: number }[]>`
    select lead_id as lead, coalesce(agent_disposition, disposition) as what, count(*) as n from attempts
    where lead_id = any(${leads as number[]}::bigint[]) and disposition is not null group by 1, 2 order by 1, 2`
  const tries = new Map<number, Record<string, number>>()
  for (const { lead, what, n } of rows) tries.set(lead, { ...tries.get(lead), [what]: n })
  return tries
}

/** Open attempts whose claim on the lead has expired: their node may be dead. The first 500. */
export async function overdueAttempts(sql: Queries, campaign: string, now: number): Promise<AttemptRow[]> {
  return sql<AttemptRow[]>`
    select ${columns(sql)} from attempts a join leads l on l.id = a.lead_id
    where l.campaign_id = ${campaign} and a.state <> 'ended' and l.state = 'claimed' and l.claimed_until <= ${new Date(now)}
    order by a.intended_at limit 500`
}

/**
 * Attempts under way that no agent has yet, oldest first; the first 2 000. `sentAt`: of one that may not be sent yet
 * the moment in which its lead was claimed.
 */
export async function openAttempts(
  sql: Queries,
  campaign: string,
): Promise<{ id: string; core: string | null; sentAt: Date; ringingAt: Date | null; answeredAt: Date | null }[]> {
  return sql`
    select a.id, a.switch_core as core, coalesce(a.sent_at, a.intended_at) as "sentAt", a.ringing_at as "ringingAt", a.answered_at as "answeredAt"
    from attempts a join leads l on l.id = a.lead_id
    where l.campaign_id = ${campaign} and l.state = 'claimed' and a.state <> 'ended' and a.connected_at is null
    order by a.intended_at limit 2000`
}

/** All attempts of one lead, oldest first. */
export async function attemptsOf(sql: Queries, lead: number): Promise<AttemptRow[]> {
  return sql<AttemptRow[]>`select ${columns(sql)} from attempts a where lead_id = ${lead} order by intended_at, id`
}

/**
 * The number of a campaign's attempts by disposition. 'refused': no telephone rang; 'under-way': not yet answered;
 * 'in-flow': answered, not ended. From figures kept by triggers (migrations/0002_growth.sql), not counted.
 */
export function countAttempts(sql: Queries, campaign: string): Promise<Map<string, number>> {
  return keptFigures(sql, campaign, 'attempt')
}

export interface NumberCall {
  readonly lead: number
  readonly state: AttemptState
  readonly disposition: string | null
  readonly intendedAt: Date
  readonly endedAt: Date | null
}

/** The last 200 calls of all campaigns to a number after `since`, newest first. */
export async function callsToNumber(sql: Queries, phone: string, since: number): Promise<NumberCall[]> {
  return sql<NumberCall[]>`
    select lead_id as lead, state, disposition, intended_at as "intendedAt", ended_at as "endedAt" from attempts
    where phone = ${phone} and intended_at > ${new Date(since)} order by intended_at desc limit 200`
}
