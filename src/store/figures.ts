/**
 * Queries of the table `campaign_figures`: counts of a campaign's leads, attempts, answered calls and previews.
 * Triggers keep them (migrations/0002_growth.sql, 0022_outcomes.sql, 0026_preview.sql, 0027_done_leads.sql).
 */
import type { Queries } from './sql.ts'

/**
 * The figures of one kind that are not 0, by name: { ready: 12, done: 3 }, { busy: 2, 'under-way': 1 }. Exact at this
 * moment.
 */
export async function keptFigures(
  sql: Queries,
  campaign: string,
  kind: 'lead' | 'done' | 'attempt' | 'answered' | 'preview',
): Promise<Map<string, number>> {
  const from = `${kind} `
  const rows = await sql<{ what: string; n: number }[]>`
    select what, sum(n)::bigint as n from campaign_figures
    where campaign_id = ${campaign} and what >= ${from} and what < ${`${kind}!`} group by what having sum(n) <> 0`
  return new Map(rows.map(({ what, n }) => [what.slice(from.length), n]))
}
