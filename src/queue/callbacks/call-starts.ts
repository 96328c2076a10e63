/**
 * The calls per second that may start at a FreeSWITCH (the setting CPS), as callbacks need them: campaigns and
 * callbacks share one count (campaign/dial-capacity.ts, which the node passes in). A call to a customer waits for its
 * start.
 */
import { sleep, type Clock } from '../../base/clock.ts'

export interface CallStarts {
  /**
   * A call is about to start at the FreeSWITCH of this name. Resolves with 0 when it may; else with the milliseconds
   * until one may, and nothing counts. Rejects when the store is unavailable.
   */
  start(at: string): Promise<number>
}

/** A reserved agent is waiting meanwhile; the reservation lasts for 10 s. */
const WAITS_MS = 5_000

/** Resolves with true when the call may start now; with false after 5 s. Rejects when the store is unavailable. */
export async function mayStart(starts: CallStarts, at: string, clock: Clock): Promise<boolean> {
  const end = clock.monotonic() + WAITS_MS
  for (;;) {
    const wait = await starts.start(at)
    if (wait === 0) return true
    if (clock.monotonic() + wait > end) return false
    await sleep(clock, wait)
  }
}
