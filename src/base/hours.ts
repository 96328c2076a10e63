/**
 * Opening hours of a week in a time zone: 'Mon-Fri 09:00-18:00, Sat 10:00-14:00 Europe/Berlin'. The clock of the zone
 * counts, so summer time is kept. Used for the hours in which a queue is open, callers are called back, and leads are
 * called: those are a week without a zone, because each lead has its own.
 */
import { z } from 'zod'
import { InputError } from './errors.ts'

const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] as const
const DAY_MINUTES = 24 * 60
const DAY_MS = 86_400_000
const MINUTE_MS = 60_000
/** A span that begins in a week lasts at most into the first day of the next. */
const LOOK_AHEAD_DAYS = 8

interface Span {
  /** 0 is Monday. */
  readonly days: readonly number[]
  /** Minutes since midnight; `until` is not part of the span. An `until` that is not later is that of the next day. */
  readonly from: number
  readonly until: number
}

/** Opening hours by the clock of no zone in particular. */
export type Week = readonly Span[]

export interface Hours {
  /** A name of the IANA data base, such as Europe/Berlin. */
  readonly zone: string
  readonly spans: Week
}

const storedWeek: z.ZodType<Week> = z.array(
  z.looseObject({ days: z.array(z.number()), from: z.number(), until: z.number() }),
)
export const storedHours: z.ZodType<Hours> = z.looseObject({ zone: z.string(), spans: storedWeek })

const EXAMPLE = "write days, times and the time zone, such as 'Mon-Fri 09:00-18:00, Sat 10:00-14:00 Europe/Berlin'"

const wordsOf = (text: string): string[] => text.split(/[\s,]+/).filter(word => word !== '')

/** @throws InputError (BAD_INPUT) for a text that is no opening hours, and for an unknown time zone */
export function parseHours(text: string): Hours {
  const words = wordsOf(text)
  const zone = zoneNamed(words.pop() ?? '')
  return { zone, spans: spansOf(words, text) }
}

/**
 * @example parseWeek('Mon-Fri 09:00-20:00, Sat 10:00-16:00')
 *
 * @throws InputError (BAD_INPUT) for a text that is no opening hours
 */
export const parseWeek = (text: string): Week => spansOf(wordsOf(text), text)

function spansOf(words: readonly string[], text: string): Week {
  const spans: Span[] = []
  let days: number[] = []
  let times = 0
  for (const word of words) {
    const named = daysNamed(word)
    if (named) {
      if (times > 0) [days, times] = [[], 0]
      days.push(...named)
    } else {
      if (days.length === 0) throw new InputError(`no day is named before '${word}': ${EXAMPLE}`)
      spans.push({ days, ...timesNamed(word) })
      times++
    }
  }
  if (times === 0) throw new InputError(`'${text}' names no times: ${EXAMPLE}`)
  return spans
}

/** As `parseHours` reads it. */
export const sayHours = ({ zone, spans }: Hours): string => `${sayWeek(spans)} ${zone}`

/** As `parseWeek` reads it. */
export const sayWeek = (spans: Week): string =>
  spans.map(({ days, from, until }) => `${sayDays(days)} ${sayTime(from)}-${sayTime(until)}`).join(', ')

/** `at`: milliseconds since the epoch. */
export function isOpen({ zone, spans }: Hours, at: number): boolean {
  const { day, minute } = wallTime(zone, at)
  return spans.some(({ days, from, until }) => {
    const onto = until <= from // into the next day
    const today = days.includes(day) && minute >= from && (onto || minute < until)
    return today || (onto && days.includes((day + 6) % 7) && minute < until)
  })
}

/**
 * The next moment after `at` at which it opens or closes, in milliseconds since the epoch; null when it never does. An
 * hour that the change to summer time leaves out may delay the answer by that hour.
 */
export function nextChange(hours: Hours, at: number): number | null {
  const now = isOpen(hours, at)
  const { midnight } = wallTime(hours.zone, at)
  const moments: number[] = []
  for (let ahead = -1; ahead <= LOOK_AHEAD_DAYS; ahead++) {
    const wall = midnight + ahead * DAY_MS
    const day = (new Date(wall).getUTCDay() + 6) % 7
    for (const { days, from, until } of hours.spans)
      if (days.includes(day))
        for (const minute of [from, until <= from ? until + DAY_MINUTES : until])
          moments.push(...momentsOf(hours.zone, wall + minute * MINUTE_MS))
  }
  return moments.sort((a, b) => a - b).find(moment => moment > at && isOpen(hours, moment) !== now) ?? null
}

/** The moment itself when it is open then, else the next opening; null when it never opens. */
export const openFrom = (hours: Hours, at: number): number | null => (isOpen(hours, at) ? at : nextChange(hours, at))

/** The date that the clock of the zone shows, such as '2026-12-25'. */
export const localDate = (zone: string, at: number): string => dateOf(wallTime(zone, at).midnight)

/** The day of the week (0 is Monday) and the hour (0 to 23) that the clock of the zone shows. */
export function localHour(zone: string, at: number): { readonly day: number; readonly hour: number } {
  const { day, minute } = wallTime(zone, at)
  return { day, hour: Math.floor(minute / 60) }
}

const dateOf = (midnight: number): string => new Date(midnight).toISOString().slice(0, 10)

/** The next moment after `at` at which a day begins in the zone. */
export function nextMidnight(zone: string, at: number): number {
  const [first = at + DAY_MS] = momentsOf(zone, wallTime(zone, at).midnight + DAY_MS).filter(moment => moment > at)
  return first
}

/** @throws InputError (BAD_INPUT) when it is no name of the IANA data base */
export function zoneNamed(word: string): string {
  try {
    formatOf(word)
    return word
  } catch {
    throw new InputError(`'${word}' is not a time zone: ${EXAMPLE}`)
  }
}

/** 'Mon' and 'Fri-Mon'; null for a word that names no days. */
function daysNamed(word: string): number[] | null {
  const [first, last, ...more] = word.split('-').map(dayNamed)
  if (first === undefined || first < 0 || (last ?? 0) < 0 || more.length > 0) return null
  const count = last === undefined ? 1 : ((last - first + 7) % 7) + 1
  return Array.from({ length: count }, (_, at) => (first + at) % 7)
}

const dayNamed = (word: string): number => DAYS.findIndex(day => day.toLowerCase() === word.toLowerCase())

function timesNamed(word: string): Pick<Span, 'from' | 'until'> {
  const [, fromHour, fromMinute, untilHour, untilMinute] = /^(\d\d?):(\d\d)-(\d\d?):(\d\d)$/.exec(word) ?? []
  const from = Number(fromHour) * 60 + Number(fromMinute)
  const until = Number(untilHour) * 60 + Number(untilMinute)
  const minutes = Math.max(Number(fromMinute), Number(untilMinute))
  if (!(minutes < 60 && from < DAY_MINUTES && until <= DAY_MINUTES))
    throw new InputError(`'${word}' is neither a day nor a time: ${EXAMPLE}`)
  return { from, until }
}

function sayDays(days: readonly number[]): string {
  const [first = 0] = days
  const inRow = days.every((day, at) => day === (first + at) % 7)
  if (days.length > 2 && inRow) return `${DAYS[first]}-${DAYS[days.at(-1)!]}`
  return days.map(day => DAYS[day]).join(',')
}

const sayTime = (minutes: number): string =>
  `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`

const FORMATS = new Map<string, Intl.DateTimeFormat>()

/** Throws RangeError for an unknown zone. */
function formatOf(zone: string): Intl.DateTimeFormat {
  const known = FORMATS.get(zone)
  if (known) return known
  const format = new Intl.DateTimeFormat('en-GB', { timeZone: zone, dateStyle: 'short', timeStyle: 'short' })
  FORMATS.set(zone, format)
  return format
}

/** What the clock of the zone shows. `midnight`: the begin of its day, in milliseconds of a clock without a zone. */
function wallTime(zone: string, at: number) {
  const parts = Object.fromEntries(
    formatOf(zone)
      .formatToParts(at)
      .map(({ type, value }) => [type, Number(value)]),
  )
  const midnight = Date.UTC(parts.year!, parts.month! - 1, parts.day)
  return { midnight, minute: parts.hour! * 60 + parts.minute!, day: (new Date(midnight).getUTCDay() + 6) % 7 }
}

/** The moments at which the clock of the zone shows `wall`: usually one, two when it is set back. */
function momentsOf(zone: string, wall: number): number[] {
  const moments = [-DAY_MS, DAY_MS].map(away => {
    const near = wall + away
    const { midnight, minute } = wallTime(zone, near)
    return wall - (midnight + minute * MINUTE_MS - near)
  })
  return moments[0] === moments[1] ? moments.slice(1) : moments
}
