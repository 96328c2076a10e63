/**
 * The shared time when the clock of Redis itself is set, as hold-node.lua has it: this file is for the table in memory. Each renewal says
 * what time its node expects, by a clock that only grows. When Redis says another time, and nobody has renewed in what it jumped over, its
 * clock was set: the nodes keep their time, which goes back to Redis's clock by a tenth of the time that passes. So a wrap-up of 30 s
 * lasts 27 to 33 s then, and not an hour. A jump of more than 2 h is followed at once: that is a machine that slept, or never had the time.
 */

export interface TableTime {
  /** The clock of the table at the last renewal, ms since the epoch. */
  readonly raw: number
  /** How far the shared time is ahead of it. */
  readonly aheadMs: number
}

/** More than a question and its answer take; time that went back is seen sooner, for no slow answer looks so. */
const BACK_MS = 1_500
const FORWARD_MS = 3_000
const MOST_MS = 7_200_000
/** Nobody has renewed for so long: there is nobody who has kept another time. */
const ALONE_MS = 60_000
/** A longer gap between two renewals does not count as time that passed: the clock may have been set in it. */
const GAP_MS = 10_000

/** `expects`: the shared time of the node that renews; null when it has not heard of it lately. */
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
