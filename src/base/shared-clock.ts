/**
 * The time that all nodes share: the clock of Redis. A node reads it with each renewal of its lease; between renewals
 * the shared time advances with the machine's monotonic clock. So a wrong or adjusted wall clock (NTP, a resumed
 * virtual machine) has no effect: deadlines and records of all nodes use one clock. While Redis is down, a node
 * continues from its last sample.
 */
import type { Clock, Timer } from './clock.ts'

/**
 * One reading of Redis's time, with two times of this machine's monotonic clock: before the query was sent and after
 * its answer arrived.
 */
export interface TimeSample {
  readonly asked: number
  readonly answered: number
  /** The shared time, whole milliseconds since the epoch. */
  readonly now: number
  /**
   * Milliseconds by which `now` is ahead of Redis's own clock: 0, unless that clock was set
   * (cluster/table-time.ts).
   */
  readonly aheadMs: number
}

/** A sample stays accurate to a tenth of a second for so long. */
const FRESH_MS = 60_000
/**
 * A correction backwards by more than this is applied at once; a smaller one stops the shared time until it is right.
 */
const BACK_MS = 1_000

export class SharedClock implements Clock {
  readonly #machine: Clock
  /** Shared time minus this machine's monotonic clock. */
  #offset: number
  #heardAt = -Infinity
  #aheadOfRedisMs = 0
  #latest = -Infinity

  /** Until the first sample the shared time is the machine's wall clock. */
  constructor(machine: Clock) {
    this.#machine = machine
    this.#offset = machine.now() - machine.monotonic()
  }

  /** The shared time, whole milliseconds since the epoch: for records and for deadlines that several nodes compare. */
  now(): number {
    return (this.#latest = Math.max(this.#latest, this.#reckoned()))
  }

  monotonic(): number {
    return this.#machine.monotonic()
  }

  after(ms: number, fn: () => void): Timer {
    return this.#machine.after(ms, fn)
  }

  turn(fn: () => void): void {
    this.#machine.turn(fn)
  }

  /**
   * Applies a sample. Redis read its clock at some time between `asked` and `answered`. The shared time moves only as
   * far as it must to be consistent with that, so a slow answer moves nothing. Returns by how many milliseconds it
   * moved.
   */
  learn({ asked, answered, now, aheadMs }: TimeSample): number {
    const before = this.#offset
    this.#offset = Math.min(Math.max(before, now - answered), now + 1 - asked) // Redis's time is in whole milliseconds
    this.#heardAt = answered
    this.#aheadOfRedisMs = aheadMs
    if (this.#offset < before - BACK_MS) this.#latest = -Infinity
    return this.#offset - before
  }

  /** The shared time now; null when the last sample is older than FRESH_MS. */
  expected(): number | null {
    return this.monotonic() - this.#heardAt <= FRESH_MS ? this.#reckoned() : null
  }

  /** Milliseconds by which the shared time is ahead of Redis's own clock; negative: behind. */
  get aheadOfRedisMs(): number {
    return this.#aheadOfRedisMs
  }

  /** Milliseconds by which this machine's wall clock is ahead of Redis's own clock; negative: behind. */
  get machineAheadMs(): number {
    return Math.round(this.#machine.now() - this.#machine.monotonic() - this.#offset + this.#aheadOfRedisMs)
  }

  #reckoned(): number {
    return Math.floor(this.#machine.monotonic() + this.#offset)
  }
}
