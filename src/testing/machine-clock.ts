/** The clock of one machine of several, in a time that all have: its wall clock may be wrong, and can be set. */
import type { Clock, Timer } from '../base/clock.ts'

export class MachineClock implements Clock {
  readonly #time: Clock
  #aheadMs: number

  /** `aheadMs`: how far its wall clock is ahead of `time`'s; below 0: behind. */
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

  /** Somebody sets the wall clock forward by `ms`, or back when it is below 0. No time passes, and no timer notices. */
  setWallClock(ms: number): void {
    this.#aheadMs += ms
  }
}
