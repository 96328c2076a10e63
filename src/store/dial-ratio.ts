/**
 * How many calls were under way for each agent who could take one, looked at in even steps of a window: the lowest and
 * the highest of these ratios. From the tables `attempts` and `agent_states`. Used by operations/figures/campaign.ts;
 * the definition is in docs/figures.md.
 */
import { time } from './figure-window.ts'
import type { Queries } from './sql.ts'

/** A window is looked at so often at most, and once a minute at most. */
const MOST_LOOKS = 60
const MINUTE_MS = 60_000

export interface DialRatio {
  /** Null: no agent could take a call at any of these moments. */
  readonly lowest: number | null
  readonly highest: number | null
}

/**
 * `agents`: the names of those who serve the campaign. `from` and `to` in ms since the epoch. Reads each attempt that
 * was under way in the window once, and each change of these agents.
 */
export async function dialRatio(
  sql: Queries,
  campaign: string,
  agents: readonly string[],
  { from, to }: { readonly from: number; readonly to: number },
): Promise<DialRatio> {
  const stepMs = Math.max(MINUTE_MS, Math.ceil((to - from) / MOST_LOOKS))
  const looks = Math.floor((to - from) / stepMs)
  // the number of the first look at or after a moment: what begins at it is seen by it, what ends at it is not
  const look = (at: 'began' | 'ended') => sql`
    greatest(0, ceil(extract(epoch from ${at === 'began' ? sql`began` : sql`ended`} - ${time(from)}::timestamptz) * 1000
      / ${stepMs}::bigint))::integer`
  const [row] = await sql<[DialRatio]>`
    with calls as (
      select sent_at as began, coalesce(connected_at, ended_at) as ended from attempts
        where campaign_id = ${campaign} and state = 'ended' and ended_at > ${time(from)} and sent_at < ${time(to)}
      union all select sent_at, connected_at from attempts
        where campaign_id = ${campaign} and state <> 'ended' and sent_at < ${time(to)}),
    states as (
      select s.agent, s.at, s.rev, s.status, s.state from jsonb_array_elements_text(${sql.json([...agents])}) as a (name)
        cross join lateral (
          (select * from agent_states where agent = a.name and at <= ${time(from)} order by at desc, rev desc limit 1)
          union all select * from agent_states where agent = a.name and at > ${time(from)} and at < ${time(to)}) s),
    ready as (
      select at as began, until as ended from (
        select at, lead(at) over (partition by agent order by at, rev) as until, status, state from states) one
      where status in ('ready', 'on-demand') and state in ('idle', 'reserved') and until is distinct from at),
    moves as (
      select ${look('began')} as look, 1 as calls, 0 as agents from calls
      union all select ${look('ended')}, -1, 0 from calls where ended is not null
      union all select ${look('began')}, 0, 1 from ready
      union all select ${look('ended')}, 0, -1 from ready where ended is not null),
    looks as (
      select n, coalesce(sum(calls), 0) as calls, coalesce(sum(agents), 0) as agents
      from generate_series(0, ${looks}::integer) n left join moves on moves.look = n group by n),
    seen as (select sum(calls) over (order by n) as calls, sum(agents) over (order by n) as agents from looks)
    select min(calls / agents)::float8 as lowest, max(calls / agents)::float8 as highest from seen where agents > 0`
  return row
}
