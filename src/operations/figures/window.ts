/** The window of time that figures are about, as people name it. A day begins at midnight in the process's zone. */
import { ms, type Duration } from '../../base/duration.ts'
import { InputError } from '../../base/errors.ts'
import { described, oneOf, parsed } from '../../base/parsed.ts'
import type { Window } from '../../store/figure-window.ts'

const LAST = ['15m', '30m'] as const
const STEPS = ['15m', '30m', '1h'] as const
const ALLOWED = '15m, 30m (the last minutes), today, or a day such as 2026-03-02'

type Asked = { readonly lastMs: number } | { readonly day: 'today' | string }

function read(text: string): Asked {
  if ((LAST as readonly string[]).includes(text)) return { lastMs: ms(text as Duration) }
  if (text === 'today') return { day: text }
  const day = /^\d{4}-\d\d-\d\d$/.test(text) ? new Date(`${text}T00:00:00`) : null
  if (day === null || Number.isNaN(day.getTime()))
    throw new InputError(`'${text}' is not a window; allowed: ${ALLOWED}`)
  return { day: text }
}

/** The fields of an operation with figures. */
export const windowFields = {
  window: described(parsed(read), ALLOWED, '<window>').prefault('today'),
  by: described(
    oneOf(STEPS),
    'figures for each 15 or 30 minutes, or each hour, of the window',
    `<${STEPS.join('|')}>`,
  ).optional(),
}

/** What goes on has lasted until `now`; a window never ends later. */
export function windowOf({ window, by }: { window: Asked; by?: Duration | undefined }, now: number): Window {
  const { from, end } = 'lastMs' in window ? { from: now - window.lastMs, end: now } : dayOf(window.day, now)
  const to = Math.max(from + 1, Math.min(end, now))
  return { from, to, stepMs: by === undefined ? end - from : ms(by), now }
}

function dayOf(day: string, now: number): { readonly from: number; readonly end: number } {
  const first = day === 'today' ? new Date(now) : new Date(`${day}T00:00:00`)
  first.setHours(0, 0, 0, 0)
  const next = new Date(first)
  next.setDate(next.getDate() + 1) // not 24 h: some days have 23 or 25
  return { from: first.getTime(), end: next.getTime() }
}

/** The interval of one part of the window; the last one may be shorter. */
export const partOf = ({ from, to, stepMs }: Window, part: number) => ({
  from: new Date(from + part * stepMs),
  to: new Date(Math.min(to, from + (part + 1) * stepMs)),
})

/** `part` of `whole`, from 0 to 1; null when there is nothing of which it could be a part. */
export const share = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole)

/** The mean, in whole milliseconds; null of nothing. */
export const mean = (sum: number, count: number): number | null => (count === 0 ? null : Math.round(sum / count))
