/** Queries of the table `number_rules`: numbers whose callers have a priority, or are blocked. */
import type { Queries } from './sql.ts'

/** As queue/number-rules.ts explains it. */
export interface NumberRuleRow {
  readonly number: string
  readonly queue: string
  readonly priority: number
  readonly blocked: boolean
  readonly note: string
}

/** All rules, by number. */
export async function numberRules(sql: Queries): Promise<NumberRuleRow[]> {
  return [
    ...(await sql<
      NumberRuleRow[]
    >`select number, queue, priority, blocked, note from number_rules order by number, queue`),
  ]
}

/** Adds a rule, or changes the one that this number has for this queue. */
export async function saveNumberRule(
  sql: Queries,
  { number, queue, priority, blocked, note }: NumberRuleRow,
  now: number,
): Promise<void> {
  const at = new Date(now)
  await sql`
    insert into number_rules (number, queue, priority, blocked, note, created_at, updated_at)
    values (${number}, ${queue}, ${priority}, ${blocked}, ${note}, ${at}, ${at})
    on conflict (queue, number) do update set priority = excluded.priority, blocked = excluded.blocked,
      note = excluded.note, updated_at = excluded.updated_at`
}

/** False when there is no such rule. */
export async function deleteNumberRule(
  sql: Queries,
  { number, queue }: Pick<NumberRuleRow, 'number' | 'queue'>,
): Promise<boolean> {
  return (await sql`delete from number_rules where queue = ${queue} and number = ${number} returning 1`).length > 0
}
