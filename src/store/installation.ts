/**
 * Queries of the table `installation`: events in the life of this installation that are recorded once and never undone.
 */
import type { Queries } from './sql.ts'

/**
 * 'served-freeswitch': a node served a real FreeSWITCH with these stores. 'demo-furnished': the demo's queues, agents
 * and campaign exist.
 */
export type Milestone = 'served-freeswitch' | 'demo-furnished'

export async function hasHappened(sql: Queries, what: Milestone): Promise<boolean> {
  const rows = await sql`select 1 from installation where what = ${what}`
  return rows.length > 0
}

export async function noteHappened(sql: Queries, what: Milestone): Promise<void> {
  await sql`insert into installation (what) values (${what}) on conflict do nothing`
}

/** Resolves when PostgreSQL answers. */
export async function askDatabase(sql: Queries): Promise<void> {
  await sql`select 1`
}
