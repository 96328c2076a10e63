/** Queries of the table `installation`: what has happened once to this installation, and is never undone. */
import type { Queries } from './sql.ts'

/** A node has served a real FreeSWITCH with these stores; the demo's queues, agents and campaign were made. */
export type Milestone = 'served-freeswitch' | 'demo-furnished'

export async function hasHappened(sql: Queries, what: Milestone): Promise<boolean> {
  const rows = await sql`select 1 from installation where what = ${what}`
  return rows.length > 0
}

export async function noteHappened(sql: Queries, what: Milestone): Promise<void> {
  await sql`insert into installation (what) values (${what}) on conflict do nothing`
}
