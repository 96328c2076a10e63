/**
 * What became of earlier calls to a number, and of the latest calls of a campaign: what the pacing learns from. Used by
 * claims.ts and campaign/paced-leads.ts.
 */
import type { Queries } from './sql.ts'

/** So many of the last calls to a number are looked at: index entries of that number. */
const LAST = 3

/** 'answered': a person did. 'machine'. Else the disposition. Null for a call that has not ended, or rang nowhere. */
const result = (sql: Queries) => sql`
  case coalesce(a.agent_counts_as, attempt_counts(a.counts_as, a.disposition))
    when 'served' then 'answered' when 'abandoned' then 'answered' when 'machine' then 'machine' else a.disposition end`

/**
 * As part of a statement: what became of the last calls of all campaigns to the number `phone` that began before `at`,
 * the newest first, divided by commas; null: there were none.
 */
export const lastResults = (sql: Queries, phone: ReturnType<typeof result>, at: ReturnType<typeof result>) => sql`
  (select string_agg(last.result, ',' order by last.intended_at desc) from (
    select a.intended_at, ${result(sql)} as result from attempts a
    where a.phone = ${phone} and a.intended_at < ${at} and a.disposition is not null order by a.intended_at desc limit ${LAST}) last)`

export interface DialledCall {
  readonly id: string
  readonly intendedAt: Date
  /** The place of the lead's number, as campaign/place.ts writes it. */
  readonly key: string
  /** What became of the calls before this one, as `lastResults` tells it. */
  readonly before: string | null
  /** Null: it is under way. */
  readonly answered: boolean | null
}

/**
 * The calls of a campaign that were dialled after `since` (ms since the epoch) and rang a telephone, or still may, in
 * the order of their dials: all that are under way, and of the others the `most` that ended last.
 */
export async function callsSince(sql: Queries, campaign: string, since: number, most: number): Promise<DialledCall[]> {
  const from = new Date(since)
  return sql<DialledCall[]>`
    select c.id, c.intended_at as "intendedAt", (select p.key from leads l join places p on p.id = l.place where l.id = c.lead_id) as key, ${lastResults(sql, sql`c.phone`, sql`c.intended_at`)} as before,
      case when c.state = 'ended' then c.result = 'answered' end as answered
    from (
      (select a.id, a.lead_id, a.phone, a.intended_at, a.state, null as result from attempts a
        where a.campaign_id = ${campaign} and a.state <> 'ended' limit ${most})
      union all
      (select a.id, a.lead_id, a.phone, a.intended_at, a.state, ${result(sql)} from attempts a
        where a.campaign_id = ${campaign} and a.ended_at > ${from} and a.disposition is not null order by a.ended_at desc limit ${most})
    ) c where c.intended_at > ${from} order by c.intended_at, c.id`
}

/** Of these calls those that have ended. `answered`: null: no telephone rang. */
export async function resultsOf(
  sql: Queries,
  calls: readonly string[],
): Promise<{ readonly id: string; readonly answered: boolean | null }[]> {
  return sql<{ id: string; answered: boolean | null }[]>`
    select a.id, ${result(sql)} = 'answered' as answered from attempts a where a.id = any (${calls as string[]}::uuid[]) and a.state = 'ended'`
}
