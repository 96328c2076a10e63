/**
 * The figures of queues over a window, from the tables `call_segments` and `agent_states`. The definitions are in
 * docs/figures.md. Used by operations/figures/queue.ts.
 */
import { partsOf, time, type Window } from './figure-window.ts'
import type { Json, Queries } from './sql.ts'

/** What the figures of one queue depend on. */
export interface QueueGoals {
  readonly queue: string
  /** Milliseconds. */
  readonly within: number
  readonly shortAbandon: number
  /** A number that was answered so long ago calls again. */
  readonly repeatWithin: number
}

/** The upper limits of the histogram of waits, in seconds; the last column counts all longer waits. */
export const WAIT_LIMITS_S = [5, 10, 20, 30, 60, 120, 300] as const

/** Counts and sums of one queue in one part of the window. Times in milliseconds; null: nothing to sum up. */
export interface QueueSums {
  readonly queue: string
  /** The number of the part, from 0. */
  readonly part: number
  readonly answered: number
  readonly answeredWithin: number
  readonly abandoned: number
  readonly shortAbandons: number
  readonly callbacks: number
  /** Transferred, overflowed, timed out, or given up by the flow for another reason. */
  readonly leftOtherwise: number
  /** The end is unknown: FreeSWITCH or a node crashed. */
  readonly lost: number
  readonly answeredWaitMs: number
  readonly abandonedWaitMs: number
  readonly longestAbandonedMs: number | null
  readonly waitP50Ms: number | null
  readonly waitP90Ms: number | null
  /** How many answered callers waited at most so long, by WAIT_LIMITS_S; one more than there are limits. */
  readonly waits: readonly number[]
  readonly handled: number
  readonly talkMs: number
  readonly holdMs: number
  readonly holds: number
  readonly consultMs: number
  readonly wrapUpMs: number
  /** Callers who were not let in, and the same by reason. */
  readonly refused: number
  readonly refusedBy: Readonly<Record<string, number>>
  /** Calls that the agent of this queue gave to somebody else: at once, and after asking them. */
  readonly transfersBlind: number
  readonly transfersAttended: number
  /** Callers who had talked with somebody before they came here, in the same call. */
  readonly requeues: number
  /** Offered callers whose number was answered here before, within `repeatWithin`. */
  readonly repeats: number
  /** Answered callers whose number came again until now, within `repeatWithin`. */
  readonly calledAgain: number
}

/**
 * One row for each queue and part in which something happened, by queue and part. `goals`: one for each queue; a queue
 * without one has `otherwise`. `only`: the figures of this queue alone.
 */
export async function queueSums(
  sql: Queries,
  window: Window,
  goals: readonly QueueGoals[],
  otherwise: Omit<QueueGoals, 'queue'>,
  only: string | null,
): Promise<QueueSums[]> {
  const { from, to, stepMs, now } = window
  const limits = WAIT_LIMITS_S.map(seconds => seconds * 1_000)
  const rows = await sql<QueueSums[]>`
    with goal as (select * from jsonb_to_recordset(${sql.json(goals as unknown as Json)}) as g (queue text, within integer, "shortAbandon" integer, "repeatWithin" bigint)),
    part as (${partsOf(sql, window)}),
    ended as (select s.*, floor(extract(epoch from s.until - ${time(from)}::timestamptz) * 1000 / ${stepMs}::integer)::integer as part
      from call_segments s where until >= ${time(from)} and until < ${time(to)} and queue is not null
        and (${only}::text is null or queue = ${only})),
    waited as (select e.queue, part, how, call, n, customer, joined, until, (extract(epoch from until - joined) * 1000)::bigint as ms,
        width_bucket((extract(epoch from until - joined) * 1000)::bigint - 1, ${limits}::bigint[]) as slot,
        coalesce(g.within, ${otherwise.within}::integer) as within, coalesce(g."shortAbandon", ${otherwise.shortAbandon}::integer) as short,
        coalesce(g."repeatWithin", ${otherwise.repeatWithin}::bigint) * interval '1 ms' as again
      from ended e left join goal g on g.queue = e.queue where kind = 'wait'),
    calls_left as (select queue, part,
        count(*) filter (where how = 'answered') as answered,
        count(*) filter (where how = 'answered' and ms <= within) as "answeredWithin",
        count(*) filter (where how = 'abandoned' and ms > short) as abandoned,
        count(*) filter (where how = 'abandoned' and ms <= short) as "shortAbandons",
        count(*) filter (where how = 'callback') as callbacks,
        count(*) filter (where how not in ('answered', 'abandoned', 'callback', 'moved', 'lost')) as "leftOtherwise",
        count(*) filter (where how = 'lost') as lost,
        sum(ms) filter (where how = 'answered') as "answeredWaitMs",
        sum(ms) filter (where how = 'abandoned' and ms > short) as "abandonedWaitMs",
        max(ms) filter (where how = 'abandoned' and ms > short) as "longestAbandonedMs",
        percentile_disc(array[0.5, 0.9]) within group (order by ms) filter (where how = 'answered') as percentiles,
        json_build_array(count(*) filter (where how = 'answered' and slot = 0), count(*) filter (where how = 'answered' and slot = 1),
          count(*) filter (where how = 'answered' and slot = 2), count(*) filter (where how = 'answered' and slot = 3),
          count(*) filter (where how = 'answered' and slot = 4), count(*) filter (where how = 'answered' and slot = 5),
          count(*) filter (where how = 'answered' and slot = 6), count(*) filter (where how = 'answered' and slot = 7)) as waits
      from waited group by queue, part),
    requeued as (select queue, part, count(*) as requeues from waited w
      where exists (select 1 from call_segments t where t.call = w.call and t.n < w.n and t.kind = 'talk') group by queue, part),
    repeated as (select w.queue, w.part, -- offset 0: each by its number; else it may read the whole table
        count(*) filter (where (how not in ('callback', 'moved', 'lost', 'abandoned') or how = 'abandoned' and ms > short) and exists (
          select 1 from call_segments s where s.kind = 'wait' and s.customer = w.customer and s.queue = w.queue and s.call <> w.call and s.how = 'answered'
            and s.since <= w.joined and s.since >= w.joined - again - interval '1 day' and s.until <= w.joined and s.until >= w.joined - again offset 0)) as repeats,
        count(*) filter (where how = 'answered' and exists (
          select 1 from call_segments s where s.kind = 'wait' and s.customer = w.customer and s.queue = w.queue and s.call <> w.call
            and s.since > w.until and s.since <= least(w.until + again, ${time(now)}) offset 0)) as "calledAgain"
      from waited w where w.customer is not null group by w.queue, w.part),
    reasons as (select queue, part, how, count(*) as n from ended where kind = 'refused' group by queue, part, how),
    refusals as (select queue, part, sum(n) as refused, jsonb_object_agg(how, n) as "refusedBy" from reasons group by queue, part),
    talked as (select queue, part, count(*) filter (where kind <> 'transfer' and how = 'ended') as handled, count(*) filter (where kind = 'hold') as holds,
        count(*) filter (where how = 'blind') as "transfersBlind", count(*) filter (where how = 'attended') as "transfersAttended"
      from ended where kind in ('talk', 'hold', 'consult', 'transfer') group by queue, part),
    spent as (select queue, part,
        sum(ms) filter (where kind = 'talk') as "talkMs", sum(ms) filter (where kind = 'hold') as "holdMs",
        sum(ms) filter (where kind = 'consult') as "consultMs"
      from (select s.queue, s.kind, part,
          extract(epoch from least(coalesce(s.until, ${time(now)}), b) - greatest(s.since, a)) * 1000 as ms
        from part cross join lateral (select * from call_segments one where tstzrange(one.since, one.until) && tstzrange(a, b) offset 0) s -- else it may read the whole table
        where s.kind in ('talk', 'hold', 'consult') and s.queue is not null and s.since < ${time(now)} and (${only}::text is null or s.queue = ${only})) one
      group by queue, part),
    wrapped as (select queue, part, sum(extract(epoch from least(until, b) - greatest(since, a)) * 1000) as "wrapUpMs"
      from (select w.queue, w.at as since, least(coalesce(next.at, ${time(now)}), ${time(now)}) as until
        from agent_states w left join lateral (select at from agent_states n where n.agent = w.agent and (n.at, n.rev) > (w.at, w.rev)
          order by n.at, n.rev limit 1) next on true
        where w.state = 'wrap-up' and w.queue is not null and (${only}::text is null or w.queue = ${only})
          and w.at < ${time(to)} and w.at >= ${time(from - LONGEST_WRAP_UP_MS)}) one
      join part on since < b and until > a group by queue, part),
    there as (select queue, part from calls_left union select queue, part from talked union select queue, part from spent
      union select queue, part from wrapped union select queue, part from refusals)
    select queue, part, coalesce(answered, 0)::integer as answered, coalesce("answeredWithin", 0)::integer as "answeredWithin",
      coalesce(abandoned, 0)::integer as abandoned, coalesce("shortAbandons", 0)::integer as "shortAbandons",
      coalesce(callbacks, 0)::integer as callbacks, coalesce("leftOtherwise", 0)::integer as "leftOtherwise", coalesce(lost, 0)::integer as lost,
      coalesce("answeredWaitMs", 0)::bigint as "answeredWaitMs", coalesce("abandonedWaitMs", 0)::bigint as "abandonedWaitMs",
      "longestAbandonedMs"::bigint as "longestAbandonedMs", percentiles[1]::bigint as "waitP50Ms", percentiles[2]::bigint as "waitP90Ms",
      waits, coalesce(handled, 0)::integer as handled, coalesce("talkMs", 0)::bigint as "talkMs",
      coalesce("holdMs", 0)::bigint as "holdMs", coalesce(holds, 0)::integer as holds, coalesce("consultMs", 0)::bigint as "consultMs",
      coalesce("wrapUpMs", 0)::bigint as "wrapUpMs", coalesce(refused, 0)::integer as refused, coalesce("refusedBy", '{}') as "refusedBy",
      coalesce("transfersBlind", 0)::integer as "transfersBlind", coalesce("transfersAttended", 0)::integer as "transfersAttended",
      coalesce(requeues, 0)::integer as requeues, coalesce(repeats, 0)::integer as repeats, coalesce("calledAgain", 0)::integer as "calledAgain"
    from there left join calls_left using (queue, part) left join talked using (queue, part) left join spent using (queue, part)
      left join wrapped using (queue, part) left join refusals using (queue, part) left join requeued using (queue, part)
      left join repeated using (queue, part)
    order by queue, part`
  return rows.map(row => ({ ...row, waits: row.waits ?? [...limits.map(() => 0), 0] }))
}

/** A wrap-up that began earlier before the window is not looked for. */
const LONGEST_WRAP_UP_MS = 86_400_000
