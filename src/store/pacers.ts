/**
 * Queries of the column `campaigns.pacing`: what the pacing of a campaign has learned. Of its calls and agents by the
 * name of the FreeSWITCH (campaign/pacing/saved-pacer.ts writes and reads these records), and of its leads once
 * (campaign/pacing/lead-answers.ts).
 */
import type { Json, Queries } from './sql.ts'

/**
 * No FreeSWITCH has such a name: names have no spaces. PostgreSQL sorts long keys last, and a node of the version
 * before takes the first record of the column for a FreeSWITCH without one.
 */
const LEADS = 'who answers, of the leads of this campaign'

export interface SavedPacing {
  /** Records as JSON text, by the name of the FreeSWITCH. */
  readonly pacers: ReadonlyMap<string, string>
  /** As JSON text; null: nothing was learned yet. */
  readonly leads: string | null
}

/** Nothing for a campaign that was removed. */
export async function savedPacing(sql: Queries, campaign: string): Promise<SavedPacing> {
  const [row] = await sql<{ pacing: Record<string, Json> }[]>`select pacing from campaigns where id = ${campaign}`
  const { [LEADS]: leads, ...pacers } = row?.pacing ?? {}
  return {
    pacers: new Map(Object.entries(pacers).map(([name, record]) => [name, JSON.stringify(record)])),
    leads: leads === undefined ? null : JSON.stringify(leads),
  }
}

/** Replaces the records of these FreeSWITCHes, and that of the leads unless it is null; others stay. */
export async function savePacing(sql: Queries, campaign: string, { pacers, leads }: SavedPacing): Promise<void> {
  const all = leads === null ? [...pacers] : [...pacers, [LEADS, leads] as const]
  const added = Object.fromEntries(all.map(([name, record]) => [name, JSON.parse(record) as Json]))
  await sql`update campaigns set pacing = pacing || ${sql.json(added)} where id = ${campaign}`
}
