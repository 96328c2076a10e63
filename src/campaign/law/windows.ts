/** The windows of time over which a law counts. Pure. Times are milliseconds since the epoch. */
import type { LawWindow } from './policy.ts'

/** Half open: `to` belongs to the next one. */
export interface TimeWindow {
  readonly from: number
  readonly to: number
}

/** What a window depends on, besides the law. */
export interface CampaignTimes {
  /** Its first start; before that: its creation. */
  readonly began: number
  /** Of the calendar months. */
  readonly timeZone: string
}

const DAY_MS = 86_400_000
const PERIOD_MS = 30 * DAY_MS

/**
 * The window that counts at `now`. It ends at the end of the period, for `day` just after `now`. A time before the
 * campaign began is in its first period.
 */
export function windowAt(window: LawWindow, { began, timeZone }: CampaignTimes, now: number): TimeWindow {
  if (window === 'day') return { from: now + 1 - DAY_MS, to: now + 1 }
  if (window === 'month') return monthAt(now, timeZone)
  const from = began + Math.max(0, Math.floor((now - began) / PERIOD_MS)) * PERIOD_MS
  return { from, to: from + PERIOD_MS }
}

/** The newest `most` windows up to `now`, the newest first; none ends before the campaign began. */
export function windowsUpTo(window: LawWindow, times: CampaignTimes, now: number, most: number): TimeWindow[] {
  const found: TimeWindow[] = []
  for (let at = now; found.length < most && (found.length === 0 || at >= times.began);) {
    const one = windowAt(window, times, at)
    found.push(one)
    at = one.from - 1
  }
  return found
}

function monthAt(at: number, timeZone: string): TimeWindow {
  const { year, month } = partsOf(at, timeZone)
  return { from: midnightOf(year, month, timeZone), to: midnightOf(year, month + 1, timeZone) }
}

/** The first moment of a month in a time zone; month 13 is January of the next year. */
function midnightOf(year: number, month: number, timeZone: string): number {
  const asUtc = Date.UTC(year, month - 1, 1)
  // twice: the offset of the first guess may be that of the other side of a change of the clocks
  const guess = asUtc - offsetAt(asUtc, timeZone)
  return asUtc - offsetAt(guess, timeZone)
}

function offsetAt(at: number, timeZone: string): number {
  const { year, month, day, hour, minute, second } = partsOf(at, timeZone)
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(at / 1_000) * 1_000
}

function partsOf(at: number, timeZone: string) {
  const parts = new Intl.DateTimeFormat('en-US-u-hc-h23', {
    timeZone,
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  }).formatToParts(at)
  const of = (type: Intl.DateTimeFormatPartTypes) => Number(parts.find(part => part.type === type)!.value)
  return {
    year: of('year'),
    month: of('month'),
    day: of('day'),
    hour: of('hour'),
    minute: of('minute'),
    second: of('second'),
  }
}
