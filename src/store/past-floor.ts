/** Queries of the floor at a moment of the past, from the rows behind the figures. Used by operations/floor/show.ts. */
import type { Queries } from './sql.ts'

export interface PastAgent {
  readonly name: string
  readonly status: string
  readonly state: string
  readonly reason: string | null
  readonly since: Date
  /** Idle, and offered no call before; null: no rest. */
  readonly restsUntil: Date | null
}

/** What these agents did at this moment; an agent without a row from before is not among them. */
export const agentsAt = (sql: Queries, names: readonly string[], at: Date): Promise<PastAgent[]> =>
  sql<PastAgent[]>`
    select a.name, s.status, s.state, s.reason, s.at as since, s.rests_until as "restsUntil"
    from jsonb_array_elements_text(${sql.json(names)}) as a (name)
    cross join lateral (select * from agent_states where agent = a.name and at <= ${at} order by at desc, rev desc limit 1) s
    order by a.name`

export interface PastQueue {
  readonly queue: string
  /** Callers who waited, those for whom a telephone rang too. */
  readonly waiting: number
  /** Since when the one who waited longest had; null: nobody waited. */
  readonly longestSince: Date | null
  readonly talking: number
}

/** The queues in which somebody waited or talked at this moment. */
export const queuesAt = (sql: Queries, at: Date): Promise<PastQueue[]> =>
  sql<PastQueue[]>`
    select queue, count(*) filter (where kind = 'wait') as waiting, min(joined) filter (where kind = 'wait') as "longestSince",
      count(*) filter (where kind in ('talk', 'hold', 'consult')) as talking
    from call_segments where queue is not null and tstzrange(since, until) @> ${at}::timestamptz group by queue order by queue`
