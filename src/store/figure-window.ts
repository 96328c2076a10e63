/** The window of figures, and its parts as SQL. Used by queue-figures.ts and agent-figures.ts. */
import type { Queries } from './sql.ts'

/** A window that begins at `from`, ends before `to` and is divided into parts of `stepMs`; ms since the epoch. */
export interface Window {
  readonly from: number
  readonly to: number
  readonly stepMs: number
  /** What goes on has lasted until now. */
  readonly now: number
}

export const time = (at: number): string => new Date(at).toISOString()

/** A row for each part: `part` from 0, which begins at `a` and ends before `b`. */
export const partsOf = (sql: Queries, { from, to, stepMs }: Window) => sql`
  select p as part, ${time(from)}::timestamptz + p * ${stepMs}::integer * interval '1 ms' as a,
      least(${time(to)}::timestamptz, ${time(from)}::timestamptz + (p + 1) * ${stepMs}::integer * interval '1 ms') as b
    from generate_series(0, ${Math.ceil((to - from) / stepMs) - 1}::integer) p`
