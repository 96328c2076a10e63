/** The clock of one machine. Several machines share one passage of time, but each wall clock may be wrong or be set. */
import type { Clock, Timer } from '../base/clock.ts'

export class MachineClock implements Clock {
  readonly #time: Clock
  #aheadMs: number

  /** `aheadMs`: milliseconds that this wall clock is ahead of `time`; negative: behind. */
  constructor(time: Clock, aheadMs = 0) {
    this.#time = time
    this.#aheadMs = aheadMs
  }

  now(): number {
    return this.#time.now() + this.#aheadMs
  }

  monotonic(): number {
    return this.#time.monotonic()
  }

  after(ms: number, fn: () => void): Timer {
    return this.#time.after(ms, fn)
  }

  turn(fn: () => void): void {
    this.#time.turn(fn)
  }

  /**
   * Sets the wall clock forward by `ms` milliseconds, or back when negative. No time passes and no timer is affected.
   */
  setWallClock(ms: number): void {
    this.#aheadMs += ms
  }
}
