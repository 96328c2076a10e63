/** How people are told that a clock is wrong. */

/** A difference that people are told of is more than this. */
const TOLD_MS = 1_000

export interface Skew {
  /** How far the clock of this machine is ahead of Redis's, ms; below 0: behind. */
  readonly machineAheadMs: number
  /** How far the time of the nodes is ahead of Redis's clock, ms: 0, unless that clock was set and they go back to it. */
  readonly aheadOfRedisMs: number
}

/** '…is 15 s ahead of Redis's', for each of the two that is worth a word. */
export function skewLines({ machineAheadMs, aheadOfRedisMs }: Skew): { machine: string | null; nodes: string | null } {
  return {
    machine: differs('the clock of this machine', machineAheadMs),
    nodes: differs('the time of the nodes', aheadOfRedisMs),
  }
}

function differs(what: string, aheadMs: number): string | null {
  if (Math.abs(aheadMs) <= TOLD_MS) return null
  const seconds = Math.abs(aheadMs) / 1_000
  return `${what} is ${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s ${aheadMs > 0 ? 'ahead of' : 'behind'} Redis's clock`
}
