/** Queries of the tables `queues`, `agents` and `agent_queues`: what a supervisor has defined. */
import type { Json, Queries, Sql } from './sql.ts'

export interface QueueRow {
  readonly name: string
  readonly strategy: string
  /** The queue was removed, and its name leads to this one; absent: it is in use. */
  readonly movedTo?: string
  /** The settings that were given, of those that have a default. */
  readonly settings: Readonly<Record<string, unknown>>
}

export interface AgentRow {
  readonly name: string
  readonly endpoint: string
  readonly wrapUpMs: number
  readonly ringForMs: number
  readonly queues: readonly { readonly queue: string; readonly level: number; readonly position: number }[]
  /** As those of a queue. */
  readonly settings: Readonly<Record<string, unknown>>
}

/** All queues, by name; also the removed ones whose names lead to another queue. */
export async function queueRows(sql: Queries): Promise<QueueRow[]> {
  const rows = await sql<(QueueRow & { movedTo: string | null })[]>`
    select name, strategy, moved_to as "movedTo", settings from queues order by name`
  return rows.map(({ movedTo, ...queue }) => ({ ...queue, ...(movedTo !== null && { movedTo }) }))
}

/** All agents, by name. */
export async function agentRows(sql: Queries): Promise<AgentRow[]> {
  const rows = await sql<AgentRow[]>`
    select name, endpoint, wrap_up_ms as "wrapUpMs", ring_for_ms as "ringForMs", settings,
      coalesce((select json_agg(json_build_object('queue', queue, 'level', level, 'position', position) order by queue)
        from agent_queues where agent = name), '[]') as queues
    from agents order by name`
  return [...rows]
}

/**
 * Adds a queue, or changes its settings. `known`: the names of all settings of this version; others, which a newer node
 * has set, stay.
 */
export async function saveQueue(
  sql: Queries,
  { name, strategy, movedTo, settings }: QueueRow,
  now: number,
  known: readonly string[],
): Promise<void> {
  const at = new Date(now)
  await sql`
    insert into queues (name, strategy, moved_to, settings, created_at, updated_at)
    values (${name}, ${strategy}, ${movedTo ?? null}, ${sql.json(settings as Json)}, ${at}, ${at})
    on conflict (name) do update set strategy = excluded.strategy, moved_to = excluded.moved_to,
      settings = (queues.settings - array(select jsonb_array_elements_text(${sql.json(known as Json)}))) || excluded.settings, updated_at = excluded.updated_at`
}

/** False when there is no such queue. */
export async function deleteQueue(sql: Queries, name: string): Promise<boolean> {
  return (await sql`delete from queues where name = ${name} returning 1`).length > 0
}

/** Adds an agent, or changes its settings and its queues. `known`: as of saveQueue. */
export async function saveAgent(sql: Sql, agent: AgentRow, now: number, known: readonly string[]): Promise<void> {
  const { name, endpoint, wrapUpMs, ringForMs, queues, settings } = agent
  const at = new Date(now)
  await sql.begin(async tx => {
    await tx`
      insert into agents (name, endpoint, wrap_up_ms, ring_for_ms, settings, created_at, updated_at)
      values (${name}, ${endpoint}, ${wrapUpMs}, ${ringForMs}, ${tx.json(settings as Json)}, ${at}, ${at})
      on conflict (name) do update set endpoint = excluded.endpoint, wrap_up_ms = excluded.wrap_up_ms,
        ring_for_ms = excluded.ring_for_ms,
        settings = (agents.settings - array(select jsonb_array_elements_text(${tx.json(known as Json)}))) || excluded.settings, updated_at = excluded.updated_at`
    await tx`delete from agent_queues where agent = ${name}`
    for (const { queue, level, position } of queues)
      await tx`insert into agent_queues (agent, queue, level, position) values (${name}, ${queue}, ${level}, ${position})`
  })
}

/** False when there is no such agent. */
export async function deleteAgent(sql: Queries, name: string): Promise<boolean> {
  return (await sql`delete from agents where name = ${name} returning 1`).length > 0
}
