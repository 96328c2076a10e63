/** How figures are written. Of nothing there is no figure: '–', never 0 or 100 %. */
import { language } from './words.tsx'

/** '4:07', or '1:02:03' from an hour on. */
export function duration(ms: number | null): string {
  if (ms === null) return '–'
  const seconds = Math.max(0, Math.floor(ms / 1_000))
  const [hours, minutes, rest] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60]
  const two = (n: number) => String(n).padStart(2, '0')
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`
}

/** The time of the day, as people write it in the language of the page. */
export const timeOf = (at: string | number): string =>
  new Date(at).toLocaleTimeString(language.value === 'zh' ? 'zh-CN' : 'en-GB')

/** 0.8333 is '83 %'; `digits` after the point. */
export const percent = (part: number | null, digits = 0): string =>
  part === null ? '–' : `${(part * 100).toFixed(digits)} %`

/** How much somebody must look at it: colour, and a sign that works without colour. */
export type Tone = 'good' | 'warn' | 'bad' | 'plain'

export const SIGN: Readonly<Record<Tone, string>> = { good: '', warn: '▲ ', bad: '■ ', plain: '' }

export const toneOfWait = (ms: number | null): Tone =>
  ms === null ? 'plain' : ms >= 120_000 ? 'bad' : ms >= 60_000 ? 'warn' : 'plain'

export const toneOfLevel = (level: number | null, goal: number | null): Tone =>
  level === null || goal === null ? 'plain' : level >= goal ? 'good' : level >= goal - 0.1 ? 'warn' : 'bad'
