/** Queries of the table `break_reasons`: the reasons for breaks that agents may give. */
import type { Queries } from './sql.ts'

export interface BreakReasonRow {
  readonly reason: string
  /** How long such a break may last, milliseconds; null: as long as the agent wants. */
  readonly limitMs: number | null
}

export async function breakReasonRows(sql: Queries): Promise<BreakReasonRow[]> {
  const rows = await sql<BreakReasonRow[]>`select reason, limit_ms as "limitMs" from break_reasons order by reason`
  return [...rows]
}

/** Adds a reason, or changes its limit. */
export async function saveBreakReason(sql: Queries, { reason, limitMs }: BreakReasonRow, now: number): Promise<void> {
  const at = new Date(now)
  await sql`
    insert into break_reasons (reason, limit_ms, updated_at) values (${reason}, ${limitMs}, ${at})
    on conflict (reason) do update set limit_ms = excluded.limit_ms, updated_at = excluded.updated_at`
}

/** False when there is no such reason. */
export async function deleteBreakReason(sql: Queries, reason: string): Promise<boolean> {
  return (await sql`delete from break_reasons where reason = ${reason} returning 1`).length > 0
}
