/** The texts about wrong clocks, for the status lines and the doctor. */

/** Only a larger difference is reported. */
const TOLD_MS = 1_000

export interface Skew {
  /** By how many ms the clock of this machine is ahead of Redis's; below 0: behind. */
  readonly machineAheadMs: number
  /**
   * By how many ms the shared time of the nodes is ahead of Redis's clock: 0, unless that clock was set and the nodes
   * still approach it.
   */
  readonly aheadOfRedisMs: number
}

/** '… is 15 s ahead of Redis's clock' for each of the two; null when its difference is 1 s at most. */
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
