/**
 * Leads of a campaign that are ready and not due, and what they wait for. Counted and looked at only as far as a number
 * says, so a list of a million leads costs no more than one of ten thousand. Used by campaign/list-now.ts.
 */
import type { Claim } from './claims.ts'
import { freeAgain, freeByPlace } from './number-limits.ts'
import type { Queries } from './sql.ts'

/** How many leads are ready and not due, counted up to `upTo`. Reads the index leads_next. */
export async function countWaiting(sql: Queries, campaign: string, now: number, upTo: number): Promise<number> {
  const [row] = await sql<[{ n: number }]>`
    select count(*) as n from (
      select 1 from leads where campaign_id = ${campaign} and state = 'ready' and next_at > ${new Date(now)}
      order by next_at limit ${upTo}) counted`
  return row.n
}

export interface WaitingLeads {
  /**
   * callback: the person has asked for a time; called-now: another campaign calls the number; abandoned: the lock after
   * an abandoned call; limit: the most calls to one number; retry: the pause after `after`; call-at: the list says so.
   */
  readonly why: 'callback' | 'called-now' | 'abandoned' | 'limit' | 'retry' | 'call-at'
  /** The last disposition; null: not called yet. */
  readonly after: string | null
  readonly leads: number
  /** When the first of them may be called. */
  readonly next: Date
}

/** What the first `looked` of them wait for. `limits`, `dayLimits` and `abandonedMs` as in Claim. */
export async function waitingLeads(
  sql: Queries,
  campaign: string,
  rules: Pick<Claim, 'limits' | 'dayLimits' | 'abandonedMs' | 'now'>,
  looked: number,
): Promise<WaitingLeads[]> {
  const { now, limits, abandonedMs } = rules
  const rows = await sql<WaitingLeads[]>`
    with p as materialized (
      select l.place, l.next_at, l.disposition, l.callback_at, case when l.current_number = 0 then l.phone
        else (select n.phone from lead_numbers n where n.lead_id = l.id and n.position = l.current_number) end as phone
      from leads l where l.campaign_id = ${campaign} and l.state = 'ready' and l.next_at > ${new Date(now)} order by l.next_at limit ${looked}),
    held as (
      select p.*, (select max(a.ended_at) + ${abandonedMs} * interval '1 ms' from attempts a
          where a.phone = p.phone and a.disposition = 'abandoned') as unlocked,
        greatest(${freeAgain(sql, limits, now)}, ${freeByPlace(sql, rules.dayLimits, now)}) as free_again
      from p),
    told as (
      select disposition, greatest(next_at, unlocked, free_again) as next, case when callback_at is not null then 'callback'
        when exists (select 1 from (select state from attempts where phone = held.phone offset 0) a where a.state <> 'ended') then 'called-now'
        when unlocked >= next_at then 'abandoned' when free_again >= next_at then 'limit'
        when disposition is null then 'call-at' else 'retry' end as why
      from held)
    select why, case when why = 'retry' then disposition end as after, count(*)::integer as leads, min(next) as next
    from told group by 1, 2 order by 3 desc, 1, 2`
  return [...rows]
}
