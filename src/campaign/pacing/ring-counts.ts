/**
 * What ring-law.ts counts, by age: the time that calls spent there, and how they went on. And the counts that it starts
 * with, before the first call of the campaign.
 */
import { logNormalCdf } from './log-normal.ts'

export const BIN_MS = 500
/** 64 s. */
export const BINS = 128
export const DETECT_BIN_MS = 250
export const DETECT_BINS = 32
/** Calls between the dial and the ringing, by age; older ones count as this old. */
export const DIAL_BINS = 24
/** So many calls are known before the first one. */
const PRIOR_CALLS = 12

export const COUNTS = [
  'dialTime',
  'dialRang',
  'dialEnded',
  'ringTime',
  'ringHuman',
  'ringMachine',
  'ringEnded',
  'detectHuman',
  'detectMachine',
] as const
export type Counts = Record<(typeof COUNTS)[number], Float64Array>

/**
 * Before the first call: what most campaigns look like. Three of ten are answered by a person after 12 s; some calls
 * are refused at once, machines answer, the others ring until they are given up.
 */
export function priorCounts(): Counts {
  const counts = Object.fromEntries(
    COUNTS.map(name => [
      name,
      new Float64Array(name.startsWith('detect') ? DETECT_BINS : name.startsWith('dial') ? DIAL_BINS : BINS),
    ]),
  ) as Counts
  const law = (mean: number, cv: number, b: number, binMs: number) =>
    logNormalCdf((b + 1) * binMs, mean, cv) - logNormalCdf(b * binMs, mean, cv)
  let silent = 1
  for (let b = 0; b < DIAL_BINS; b++) {
    const rings = law(2_500, 0.5, b, BIN_MS)
    const ends = b < 3 ? 0.01 : 0
    counts.dialRang[b] = PRIOR_CALLS * rings * 0.97
    counts.dialEnded[b] = PRIOR_CALLS * ends
    counts.dialTime[b] = PRIOR_CALLS * Math.max(0.002, silent - (rings + ends) / 2)
    silent -= rings * 0.97 + ends
  }
  let ringing = 1
  for (let b = 0; b < BINS; b++) {
    const people = 0.31 * law(9_000, 0.6, b, BIN_MS)
    const machines = b < 6 ? 0.01 : b >= 28 && b < 42 ? 0.012 : 0
    const ends = b < 2 ? 0.05 : b >= 36 ? ringing * 0.08 : 0.001
    counts.ringHuman[b] = PRIOR_CALLS * people
    counts.ringMachine[b] = PRIOR_CALLS * machines
    counts.ringEnded[b] = PRIOR_CALLS * ends
    counts.ringTime[b] = PRIOR_CALLS * Math.max(0.002, ringing - (people + machines + ends) / 2)
    ringing = Math.max(0.002, ringing - people - machines - ends)
  }
  for (let b = 0; b < DETECT_BINS; b++) {
    counts.detectHuman[b] = (PRIOR_CALLS / 3) * law(700, 0.5, b, DETECT_BIN_MS)
    counts.detectMachine[b] = (PRIOR_CALLS / 3) * law(2_800, 0.5, b, DETECT_BIN_MS)
  }
  return counts
}
