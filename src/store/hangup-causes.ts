/**
 * Why calls of campaigns ended in the last minutes, by gateway: FreeSWITCH's hang-up causes. From the table `attempts`;
 * of an answered call the cause is in its record (`calls`). Used by operations/figures/gateway.ts; the definitions are
 * in docs/figures.md.
 */
import { time } from './figure-window.ts'
import type { Queries } from './sql.ts'

export interface HangupCauses {
  /** Null: a node of an older version did not write it. */
  readonly gateway: string | null
  /** Null: none is known. */
  readonly cause: string | null
  /** Attempts that ended in the last 1, 5, 15 and 60 minutes. */
  readonly last1m: number
  readonly last5m: number
  readonly last15m: number
  readonly last60m: number
}

const MINUTE_MS = 60_000

/** `gateway`: only this one. Reads the index attempts_of_campaign for each campaign: only attempts of the last hour. */
export async function hangupCauses(sql: Queries, now: number, gateway: string | undefined): Promise<HangupCauses[]> {
  const since = (minutes: number) => sql`a.ended_at > ${time(now - minutes * MINUTE_MS)}`
  const rows = await sql<HangupCauses[]>`
    select a.gateway, coalesce(a.cause, r.hangup_cause) as cause, count(*) filter (where ${since(1)})::integer as last1m,
      count(*) filter (where ${since(5)})::integer as last5m, count(*) filter (where ${since(15)})::integer as last15m,
      count(*)::integer as last60m
    from campaigns c cross join lateral (
      select id, gateway, cause, ended_at from attempts a
      where campaign_id = c.id and ${since(60)} and a.ended_at <= ${time(now)} offset 0) a left join calls r on r.id = a.id
    ${gateway === undefined ? sql`` : sql`where a.gateway = ${gateway}`}
    group by 1, 2 order by 1 nulls last, last60m desc, 2 nulls last`
  return [...rows]
}
