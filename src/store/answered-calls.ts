/**
 * Queries of the ledger of answered calls: `answered_calls`, one row for each, and `answered_figures`, their sums by
 * the hour of the answer. Triggers write both (migrations/0022_outcomes.sql). Used by campaign/law/ and the operations.
 */
import type { CountsAs, Heard } from './attempts.ts'
import { keptFigures } from './figures.ts'
import type { Queries } from './sql.ts'

export interface AnsweredSums {
  /** A person answered and was not abandoned. */
  readonly served: number
  readonly abandoned: number
  /** Machines that an agent had on the line. */
  readonly machines: number
  /** Calls that detection took for machines. */
  readonly detected: number
}

/** Half open; milliseconds since the epoch. */
export interface Between {
  readonly from: number
  readonly to: number
}

const HOUR_MS = 3_600_000
const date = (at: number): Date => new Date(at)

/**
 * What the calls that were answered in this time were. Reads one row for each whole hour and counts the rest: some 720
 * rows for 30 days, however many calls there were.
 */
export async function answeredSums(sql: Queries, campaign: string, { from, to }: Between): Promise<AnsweredSums> {
  const [row] = await sql<[AnsweredSums]>`
    select ${sums(sql)} from (
      select served, abandoned, machines, detected from answered_figures
        where campaign_id = ${campaign} and hour >= ${date(firstHour(from))} and hour < ${date(lastHour(from, to))}
      union all ${counted(sql)} where campaign_id = ${campaign} and answered_at >= ${date(from)} and answered_at < ${date(Math.min(firstHour(from), to))}
      union all ${counted(sql)} where campaign_id = ${campaign} and answered_at >= ${date(lastHour(from, to))} and answered_at < ${date(to)}) one`
  return row
}

/** What all answered calls of a campaign were, by what they count as. From kept figures. */
export const answeredEver = (sql: Queries, campaign: string): Promise<Map<string, number>> =>
  keptFigures(sql, campaign, 'answered')

const firstHour = (from: number): number => Math.ceil(from / HOUR_MS) * HOUR_MS
/** The end of the last whole hour; never before the first one. */
const lastHour = (from: number, to: number): number => Math.max(firstHour(from), Math.floor(to / HOUR_MS) * HOUR_MS)

const sums = (sql: Queries) => sql`
  coalesce(sum(served), 0)::integer as served, coalesce(sum(abandoned), 0)::integer as abandoned,
  coalesce(sum(machines), 0)::integer as machines, coalesce(sum(detected), 0)::integer as detected`

const counted = (sql: Queries) => sql`
  select (counts = 'served')::integer, (counts = 'abandoned')::integer, (counts = 'machine' and connected_at is not null)::integer,
    (counts = 'machine' and connected_at is null)::integer from answered_calls`

export interface HourSums extends AnsweredSums {
  readonly hour: Date
}

/** The sums of each hour with an answered call, from `from` on, the oldest first. */
export async function answeredByHour(sql: Queries, campaign: string, from: number): Promise<HourSums[]> {
  const rows = await sql<HourSums[]>`
    select hour, ${sums(sql)} from answered_figures where campaign_id = ${campaign} and hour >= ${date(firstHour(from))}
    group by hour order by hour`
  return [...rows]
}

/** How the people who answered in a window were treated. Times in milliseconds; null: there was none. */
export interface Treatment {
  /** Abandoned, though an agent came: too late. */
  readonly late: number
  /** Abandoned, and no message was played. */
  readonly withoutMessage: number
  /** Calls that count otherwise because of the word of an agent. */
  readonly corrected: number
  /** From where the law's time begins to the agent, to the message, or to the end. */
  readonly longestWaitMs: number | null
  /** The same to the message. */
  readonly longestMessageWaitMs: number | null
}

type From = 'answer' | 'greeting'

/** Where the law's time begins. Without detection there is no greeting, and it is the answer. */
const began = (sql: Queries, from: From) =>
  from === 'greeting' ? sql`coalesce(greeted_at, answered_at)` : sql`answered_at`

export async function treatmentIn(
  sql: Queries,
  campaign: string,
  { from, to }: Between,
  deadlineFrom: From,
): Promise<Treatment> {
  const since = began(sql, deadlineFrom)
  const [row] = await sql<[Treatment]>`
    select count(*) filter (where counts = 'abandoned' and connected_at is not null)::integer as late,
      count(*) filter (where counts = 'abandoned' and connected_at is null and message_at is null)::integer as "withoutMessage",
      count(*) filter (where counts <> counted_as)::integer as corrected,
      max(extract(epoch from coalesce(connected_at, message_at, ended_at) - ${since}) * 1000)
        filter (where counts = 'abandoned' or counts = 'served' and connected_at is not null)::bigint as "longestWaitMs",
      max(extract(epoch from message_at - ${since}) * 1000) filter (where counts = 'abandoned')::bigint as "longestMessageWaitMs"
    from answered_calls where campaign_id = ${campaign} and answered_at >= ${date(from)} and answered_at < ${date(to)}`
  return row
}

/** The evidence of one call. */
export interface AnsweredCallRow {
  readonly attempt: string
  readonly lead: number
  /** Null: the lead is erased. */
  readonly phone: string | null
  readonly law: string
  readonly heard: Heard | null
  readonly answeredAt: Date
  readonly detectedAt: Date | null
  readonly greetedAt: Date | null
  readonly connectedAt: Date | null
  readonly messageAt: Date | null
  readonly endedAt: Date
  /** From where the law's time begins to the agent, ms; null: no agent came. */
  readonly waitMs: number | null
  readonly agent: string | null
  readonly disposition: string | null
  readonly countedAs: CountsAs
  readonly counts: CountsAs
}

export interface EvidencePage {
  readonly limit: number
  /** Only calls that follow this one. */
  readonly after?: string | undefined
  readonly deadlineFrom: From
}

/** In the order of their answers. */
export async function answeredCalls(
  sql: Queries,
  campaign: string,
  { limit, after, deadlineFrom }: EvidencePage,
): Promise<AnsweredCallRow[]> {
  const rows = await sql<AnsweredCallRow[]>`
    select attempt_id as attempt, lead_id as lead, (select phone from leads where id = lead_id) as phone, law, heard, answered_at as "answeredAt",
      detected_at as "detectedAt", greeted_at as "greetedAt", connected_at as "connectedAt", message_at as "messageAt", ended_at as "endedAt",
      (extract(epoch from connected_at - ${began(sql, deadlineFrom)}) * 1000)::bigint as "waitMs", agent, disposition,
      counted_as as "countedAs", counts
    from answered_calls where campaign_id = ${campaign}
      ${after === undefined ? sql`` : sql`and (answered_at, attempt_id) > (select answered_at, attempt_id from answered_calls where attempt_id = ${after})`}
    order by answered_at, attempt_id limit ${limit}`
  return [...rows]
}
