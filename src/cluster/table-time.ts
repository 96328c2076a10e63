/**
 * The shared time when the clock of Redis itself is set. hold-node.lua does the same for the table in Redis; this file
 * is for the table in memory. Each renewal carries the time that its node expects by a monotonic clock. When Redis has
 * another time, and no node has renewed in the time that was jumped over, its clock was set.
 * Then the nodes keep their time, and it returns to Redis's clock by a tenth of the time that passes. So a wrap-up of
 * 30 s lasts 27 to 33 s, and not an hour. A jump of more than 2 h is followed at once: the machine slept, or had no
 * time before.
 */

export interface TableTime {
  /** The clock of the table at the last renewal, ms since the epoch. */
  readonly raw: number
  /** How far the shared time is ahead of it. */
  readonly aheadMs: number
}

/**
 * Jumps that count: longer than a request and its answer take. For a jump back the limit is lower, because a slow
 * answer never looks like one.
 */
const BACK_MS = 1_500
const FORWARD_MS = 3_000
const MOST_MS = 7_200_000
/** After so long without a renewal no node has kept another time, so the table starts with Redis's clock. */
const ALONE_MS = 60_000
/** A gap between two renewals counts as passed time up to this value: the clock may have been set in the gap. */
const GAP_MS = 10_000

/**
 * The shared time after a renewal. `raw`: the table's clock, ms since the epoch. `expects`: the shared time of the node
 * that renews, ms since the epoch; null when the node has no recent answer of the table.
 */
export function timeAfter(before: TableTime | null, raw: number, expects: number | null): TableTime {
  const gap = before ? raw - before.raw : 0
  const kept = before && gap <= ALONE_MS ? before.aheadMs : 0
  const back = Math.min(Math.max(gap, 0), GAP_MS) / 10
  const aheadMs = Math.round(Math.sign(kept) * Math.max(0, Math.abs(kept) - back))
  if (expects === null) return { raw, aheadMs }
  const jump = raw + aheadMs - expects
  const wasSet = jump < -BACK_MS || (jump > FORWARD_MS && gap >= jump - BACK_MS)
  if (!wasSet) return { raw, aheadMs }
  return { raw, aheadMs: Math.abs(expects - raw) <= MOST_MS ? expects - raw : 0 }
}
