/** Durations: with a unit where people write them ('45s'), milliseconds everywhere inside. */
import { InputError } from './errors.ts'

export type Duration = `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`

const UNIT = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** Converts '45s' to 45 000. Throws InputError unless it is a non-negative number with a unit (ms, s, m, h, d). */
export function ms(duration: Duration): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(duration)
  if (!match)
    throw new InputError(`'${duration}' is not a duration: write a number and a unit, such as 500ms, 45s, 2m, 1h or 7d`)
  return Math.round(Number(match[1]) * UNIT[match[2] as keyof typeof UNIT])
}

/** Converts 75 000 to '1m15s', for display only. */
export function readable(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1_000))
  if (seconds < 60) return `${seconds}s`
  const minutes = Math.floor(seconds / 60)
  return minutes < 60 ? `${minutes}m${seconds % 60}s` : `${Math.floor(minutes / 60)}h${minutes % 60}m`
}

/** Converts 45 000 to '45s', as `ms` reads it. */
export function said(milliseconds: number): Duration {
  const unit = (['d', 'h', 'm', 's'] as const).find(one => milliseconds > 0 && milliseconds % UNIT[one] === 0)
  if (unit) return `${milliseconds / UNIT[unit]}${unit}`
  return milliseconds === 0 ? '0s' : `${milliseconds}ms`
}
