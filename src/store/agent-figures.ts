/**
 * The figures of agents over a window, from the tables `agent_states` and `call_segments`. The definitions are in
 * docs/figures.md. Used by operations/figures/agent.ts.
 */
import type { Queries } from './sql.ts'
import { partsOf, time, type Window } from './figure-window.ts'

/**
 * Counts and sums of one agent in one part of the window. The times `readyMs` to `outMs` together are the part of the
 * window since the first known state of the agent. Times in milliseconds.
 */
export interface AgentSums {
  readonly agent: string
  /** The number of the part, from 0. */
  readonly part: number
  readonly readyMs: number
  /** After a call that was not answered: idle, and not offered a call yet. */
  readonly restingMs: number
  readonly ringingMs: number
  /** State `talking`, as the queue sees it; `talkMs` and `holdMs` are the talks themselves. */
  readonly talkingMs: number
  readonly wrapUpMs: number
  readonly elsewhereMs: number
  readonly breakMs: number
  readonly outMs: number
  /** Breaks by their reason; '' without one. */
  readonly breaks: Readonly<Record<string, number>>
  /** The part of the breaks after the limit of their reason, and the same by reason. */
  readonly breakOverMs: number
  readonly breaksOver: Readonly<Record<string, number>>
  readonly talkMs: number
  readonly holdMs: number
  readonly consultMs: number
  readonly handled: number
  readonly offered: number
  readonly answered: number
  readonly refused: number
  readonly callerLeft: number
  /** Calls that the agent gave to somebody else: at once, and after asking them. */
  readonly transfersBlind: number
  readonly transfersAttended: number
}

/** One row for each agent and part in which the agent had a state, by agent and part. `only`: this agent alone. */
export async function agentSums(sql: Queries, window: Window, only: string | null): Promise<AgentSums[]> {
  const { from, to, stepMs, now } = window
  // one look into the index for each agent: a list of the distinct names reads the whole table
  const agents =
    only === null
      ? sql`select min(agent) as agent from agent_states
          union all select (select min(agent) from agent_states s where s.agent > known.agent) from known where known.agent is not null`
      : sql`select ${only}::text as agent`
  return sql<AgentSums[]>`
    with recursive part as (${partsOf(sql, window)}),
    known as (${agents}),
    change as (select s.* from known cross join lateral (
        (select * from agent_states where agent = known.agent and at <= ${time(from)} order by at desc, rev desc limit 1)
        union all
        (select * from agent_states where agent = known.agent and at > ${time(from)} and at < ${time(to)})) s where known.agent is not null),
    state as (select *, least(coalesce(lead(at) over (partition by agent order by at, rev), ${time(now)}), ${time(now)}) as until from change),
    did as (select agent, reason, at as since, least(until, coalesce(rests_until, at)) as until, 'resting' as what, null::timestamptz as limited from state
        where rests_until is not null and status in ('ready', 'on-demand')
      union all
      select agent, reason, case when status in ('ready', 'on-demand') then greatest(at, least(until, coalesce(rests_until, at))) else at end, until,
        case when state in ('reserved', 'ringing') and queue is not null or state = 'ringing' then 'ringing'
          when state in ('talking', 'wrap-up') then state
          when state = 'busy-elsewhere' then 'elsewhere'
          when status = 'break' then 'break' when status = 'logged-out' then 'out' else 'ready' end, break_until
      from state),
    over as (select agent, reason, greatest(since, limited) as since, until, 'over' as what from did where what = 'break' and limited < until),
    lasted as (select agent, part, what, coalesce(reason, '') as reason,
        sum(extract(epoch from least(until, b) - greatest(since, a)) * 1000) as ms
      from (select agent, reason, since, until, what from did union all select * from over) one join part on since < b and until > a group by agent, part, what, coalesce(reason, '')),
    day as (select agent, part,
        sum(ms) filter (where what = 'ready') as "readyMs", sum(ms) filter (where what = 'resting') as "restingMs",
        sum(ms) filter (where what = 'ringing') as "ringingMs", sum(ms) filter (where what = 'talking') as "talkingMs",
        sum(ms) filter (where what = 'wrap-up') as "wrapUpMs", sum(ms) filter (where what = 'elsewhere') as "elsewhereMs",
        sum(ms) filter (where what = 'break') as "breakMs", sum(ms) filter (where what = 'out') as "outMs",
        jsonb_object_agg(reason, ms::bigint) filter (where what = 'break') as breaks,
        sum(ms) filter (where what = 'over') as "breakOverMs", jsonb_object_agg(reason, ms::bigint) filter (where what = 'over') as "breaksOver"
      from lasted group by agent, part),
    ended as (select agent, kind, how, queue, floor(extract(epoch from until - ${time(from)}::timestamptz) * 1000 / ${stepMs}::integer)::integer as part
      from call_segments where until >= ${time(from)} and until < ${time(to)} and agent is not null and (${only}::text is null or agent = ${only})),
    calls_of as (select agent, part,
        count(*) filter (where kind in ('talk', 'hold', 'consult') and how = 'ended') as handled,
        count(*) filter (where kind = 'ring' and queue is not null) as offered,
        count(*) filter (where kind = 'ring' and queue is not null and how = 'answered') as answered,
        count(*) filter (where kind = 'ring' and queue is not null and how = 'declined') as refused,
        count(*) filter (where kind = 'ring' and queue is not null and how = 'caller-left') as "callerLeft",
        count(*) filter (where kind = 'transfer' and how = 'blind') as "transfersBlind",
        count(*) filter (where kind = 'transfer' and how = 'attended') as "transfersAttended"
      from ended group by agent, part),
    spent as (select agent, part,
        sum(ms) filter (where kind = 'talk') as "talkMs", sum(ms) filter (where kind = 'hold') as "holdMs",
        sum(ms) filter (where kind = 'consult') as "consultMs"
      from (select s.agent, s.kind, part, extract(epoch from least(coalesce(s.until, ${time(now)}), b) - greatest(s.since, a)) * 1000 as ms
        from part cross join lateral (select * from call_segments one where tstzrange(one.since, one.until) && tstzrange(a, b) offset 0) s
        where s.kind in ('talk', 'hold', 'consult') and s.agent is not null and s.since < ${time(now)} and (${only}::text is null or s.agent = ${only})) one
      group by agent, part),
    there as (select agent, part from day union select agent, part from calls_of union select agent, part from spent)
    select agent, part, coalesce("readyMs", 0)::bigint as "readyMs", coalesce("restingMs", 0)::bigint as "restingMs",
      coalesce("ringingMs", 0)::bigint as "ringingMs", coalesce("talkingMs", 0)::bigint as "talkingMs",
      coalesce("wrapUpMs", 0)::bigint as "wrapUpMs", coalesce("elsewhereMs", 0)::bigint as "elsewhereMs",
      coalesce("breakMs", 0)::bigint as "breakMs", coalesce("outMs", 0)::bigint as "outMs", coalesce(breaks, '{}') as breaks,
      coalesce("breakOverMs", 0)::bigint as "breakOverMs", coalesce("breaksOver", '{}') as "breaksOver",
      coalesce("talkMs", 0)::bigint as "talkMs", coalesce("holdMs", 0)::bigint as "holdMs", coalesce("consultMs", 0)::bigint as "consultMs",
      coalesce(handled, 0)::integer as handled, coalesce(offered, 0)::integer as offered, coalesce(answered, 0)::integer as answered,
      coalesce(refused, 0)::integer as refused, coalesce("callerLeft", 0)::integer as "callerLeft",
      coalesce("transfersBlind", 0)::integer as "transfersBlind", coalesce("transfersAttended", 0)::integer as "transfersAttended"
    from there left join day using (agent, part) left join calls_of using (agent, part) left join spent using (agent, part)
    order by agent, part`
}
