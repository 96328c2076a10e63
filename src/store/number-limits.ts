/**
 * When a number may be called again, as SQL about a row `p` with `phone` and `place`. Used by the claim (claims.ts),
 * and by waiting-leads.ts, which tells what leads wait for.
 */
import type { NumberLimit } from './campaigns.ts'
import type { Queries } from './sql.ts'

/** Most calls to a number of this place within 24 hours. */
export interface DayLimit {
  readonly place: number
  readonly most: number
}

const DAY_MS = 86_400_000

/** A list of whole numbers as PostgreSQL writes it: the driver knows no arrays of them. */
export const numbers = (values: readonly number[]): string => `{${values.join(',')}}`

/**
 * When a number may be called again by these limits; null: now. The limit of three calls in a day is used up until a
 * day after the third last call. A call that reached nobody's telephone (no disposition) does not count.
 */
export function freeAgain(sql: Queries, limits: readonly NumberLimit[], now: number) {
  if (limits.length === 0) return sql`null::timestamptz`
  const each = limits.map(
    ({ most, withinMs }) => sql`
          (select a.intended_at + ${withinMs} * interval '1 ms' from attempts a where a.phone = p.phone
            and a.intended_at > ${new Date(now - withinMs)} and (a.state <> 'ended' or a.disposition is not null)
            order by a.intended_at desc offset ${most - 1} limit 1)`,
  )
  return sql`greatest(${each.reduce((all, one) => sql`${all}, ${one}`)})`
}

/** The same by the rules of the places. */
export function freeByPlace(sql: Queries, dayLimits: readonly DayLimit[], now: number) {
  if (dayLimits.length === 0) return sql`null::timestamptz`
  const places = sql`${numbers(dayLimits.map(one => one.place))}::text::int[]`
  return sql`(select a.intended_at + interval '1 day' from attempts a where a.phone = p.phone and a.intended_at > ${new Date(now - DAY_MS)}
            and (a.state <> 'ended' or a.disposition is not null) and p.place = any (${places}) order by a.intended_at desc
            offset (select t.most - 1 from unnest(${places}, ${numbers(dayLimits.map(one => one.most))}::text::int[]) as t (place, most)
              where t.place = p.place) limit 1)`
}
