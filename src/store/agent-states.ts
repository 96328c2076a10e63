/**
 * Queries of the table `agent_states`: what each agent does, from each change on. record/agent-rows.ts writes them,
 * store/agent-figures.ts reads them.
 */
import type { Json, Queries } from './sql.ts'

/** What an agent does from a moment on, until the next row of this agent. Times in milliseconds since the epoch. */
export interface AgentStateRow {
  readonly agent: string
  readonly at: number
  /** Of the agent's record: of two rows with the same `at`, the higher one counts. */
  readonly rev: number
  readonly status: string
  readonly reason: string | null
  readonly state: string
  /** Idle, and offered no call before this moment; null: no rest. */
  readonly restsUntil: number | null
  /** On a break with a limit: the limit is over at this moment; null: there is none. */
  readonly breakUntil: number | null
  /** The call for which the agent is reserved, or that the wrap-up follows, and the queue that assigned it. */
  readonly call: string | null
  readonly queue: string | null
}

/**
 * Writes these rows in one statement. A row that is there stays: every node writes the same ones, in one order, because
 * two statements with other orders wait for each other until PostgreSQL ends one (deadlock detected, measured).
 */
export async function saveAgentStates(sql: Queries, rows: readonly AgentStateRow[]): Promise<void> {
  await sql`
    insert into agent_states (agent, at, rev, status, reason, state, rests_until, break_until, call, queue)
    select r.agent, to_timestamp(r.at / 1000), r.rev, r.status, r.reason, r.state, to_timestamp(r."restsUntil" / 1000),
      to_timestamp(r."breakUntil" / 1000), r.call, r.queue
    from jsonb_to_recordset(${sql.json(rows as unknown as Json)}) as r (agent text, at numeric, rev bigint, status text, reason text,
      state text, "restsUntil" numeric, "breakUntil" numeric, call uuid, queue text)
    order by r.agent, r.at, r.rev on conflict (agent, at, rev) do nothing`
}

/**
 * Deletes of the `most` oldest rows those from before this moment, and returns how many. The last row of each agent
 * before it stays: it says what the agent does until the next one.
 */
export async function deleteAgentStates(sql: Queries, before: number, most: number): Promise<number> {
  const old = new Date(before).toISOString()
  const { count } = await sql`
    with oldest as materialized (select ctid as row, agent, at, rev from agent_states where at < ${old} order by at limit ${most})
    delete from agent_states where ctid = any (array(
      select row from oldest o cross join lateral
        (select at from agent_states n where n.agent = o.agent and (n.at, n.rev) > (o.at, o.rev) order by n.at, n.rev limit 1) next
      where next.at < ${old}))`
  return count
}
