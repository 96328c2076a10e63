/** When a delivery that failed is tried again. Pure. */

/** After the first failure, the second, …: 5 s, 30 s, 2 min, 15 min, 1 h, 6 h, 24 h. After the last one it is dead. */
const PLAN_MS = [5_000, 30_000, 120_000, 900_000, 3_600_000, 21_600_000, 86_400_000]
/** So many failures one after the other: the receiver is down. */
export const DOWN_AFTER = 5
/** A receiver that is down is tried again after 5 s, then 10 s, 20 s … up to this. */
const LONGEST_DOWN_MS = 120_000
/** A receiver may ask for more time, up to this. */
const LONGEST_ASKED_MS = 3_600_000

/** `tries`: of this delivery so far. `chance`: in [0, 1): each pause is up to a tenth longer. Null: it is dead. */
export function nextTry(tries: number, askedMs: number | null, chance: number): number | null {
  const pause = PLAN_MS[tries - 1]
  return pause === undefined ? null : Math.max(pause * (1 + chance / 10), asked(askedMs))
}

/** `failures`: one after the other, DOWN_AFTER or more. */
export function nextProbe(failures: number, askedMs: number | null, chance: number): number {
  const pause = Math.min(5_000 * 2 ** Math.min(failures - DOWN_AFTER, 10), LONGEST_DOWN_MS)
  return Math.max(pause * (1 + chance / 10), asked(askedMs))
}

const asked = (ms: number | null): number => Math.min(ms ?? 0, LONGEST_ASKED_MS)

/**
 * What an answer means. 2xx: taken. 410: the receiver wants nothing any more. 408, 425, 429, 3xx, 5xx and no answer:
 * later. Any other 4xx: the receiver will never take this event.
 */
export function meaningOf(status: number | null): 'taken' | 'gone' | 'later' | 'never' {
  if (status === null || status < 200 || status === 408 || status === 425 || status === 429) return 'later'
  if (status < 300) return 'taken'
  if (status === 410) return 'gone'
  return status >= 400 && status < 500 ? 'never' : 'later'
}
