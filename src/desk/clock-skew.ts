/** How people are told that the clock of this machine is wrong. */

/** A difference that people are told of is more than this. */
const TOLD_MS = 1_000

/** '…is 15 s ahead of Redis's'; null when it is not worth a word. `aheadMs`: below 0 when the clock of this machine is behind. */
export function differs(aheadMs: number): string | null {
  if (Math.abs(aheadMs) <= TOLD_MS) return null
  const seconds = Math.abs(aheadMs) / 1_000
  return `the clock of this machine is ${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s ${aheadMs > 0 ? 'ahead of' : 'behind'} Redis's`
}
