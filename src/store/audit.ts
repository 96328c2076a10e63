/** Queries of the table `audit`: one row for each change that a person or a system asked for. */
import type { Json, Queries } from './sql.ts'

export interface AuditRow {
  /** A uuid. */
  readonly id: string
  readonly at: Date
  readonly who: string
  readonly door: string
  readonly operation: string
  readonly subject: string | null
  readonly input: unknown
  /** The thing before and after the change; null: there was none. */
  readonly before: unknown
  readonly after: unknown
  /** DONE, or the code of the refusal or the error; null: under way, or the process ended during the change. */
  readonly outcome: string | null
}

/** Writes a row, or completes the one with this id; a complete row stays as it is. */
export async function saveAudit(sql: Queries, row: AuditRow): Promise<void> {
  const { id, at, who, door, operation, subject, outcome } = row
  const json = (value: unknown) => (value === null || value === undefined ? null : sql.json(value as Json))
  await sql`
    insert into audit (id, at, who, door, operation, subject, input, before, after, outcome)
    values (${id}, ${at}, ${who}, ${door}, ${operation}, ${subject}, ${sql.json(row.input as Json)}, ${json(row.before)},
      ${json(row.after)}, ${outcome})
    on conflict (id) do update set after = excluded.after, outcome = excluded.outcome where audit.outcome is null`
}

export interface AuditFilter {
  readonly limit: number
  readonly subject?: string | undefined
  readonly who?: string | undefined
  /** Only rows before the one with this id. */
  readonly after?: string | undefined
}

/** The newest rows first. */
export async function auditRows(sql: Queries, { limit, subject, who, after }: AuditFilter): Promise<AuditRow[]> {
  return sql<AuditRow[]>`
    select id, at, who, door, operation, subject, input, before, after, outcome from audit where true
      ${subject === undefined ? sql`` : sql`and subject = ${subject}`}
      ${who === undefined ? sql`` : sql`and who = ${who}`}
      ${after === undefined ? sql`` : sql`and (at, id) < (select at, id from audit where id = ${after})`}
    order by at desc, id desc limit ${limit}`
}
