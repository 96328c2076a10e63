/**
 * Queries of the column `campaigns.pacing`: what the pacing of a campaign has learned, by the name of the FreeSWITCH.
 * campaign/pacing/saved-pacer.ts writes and reads the records.
 */
import type { Json, Queries } from './sql.ts'

/** Records as JSON text, by the name of the FreeSWITCH. Empty for a campaign that was removed. */
export async function savedPacers(sql: Queries, campaign: string): Promise<ReadonlyMap<string, string>> {
  const [row] = await sql<{ pacing: Record<string, Json> }[]>`select pacing from campaigns where id = ${campaign}`
  return new Map(Object.entries(row?.pacing ?? {}).map(([name, record]) => [name, JSON.stringify(record)]))
}

/** Replaces the records of these FreeSWITCHes; those of others stay. */
export async function savePacers(sql: Queries, campaign: string, records: ReadonlyMap<string, string>): Promise<void> {
  const added = Object.fromEntries([...records].map(([name, record]) => [name, JSON.parse(record) as Json]))
  await sql`update campaigns set pacing = pacing || ${sql.json(added)} where id = ${campaign}`
}
