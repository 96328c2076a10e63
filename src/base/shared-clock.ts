/**
 * The time that all nodes share: Redis's. A node hears it with each renewal of its lease; in between its time grows as the monotonic clock
 * of the machine does. So it does not matter how the wall clock of a machine stands, or who sets it (NTP, a resumed virtual machine):
 * deadlines and records of all nodes are one clock's. While Redis is away a node goes on with what it heard last.
 */
import type { Clock, Timer } from './clock.ts'

/** What Redis said of its time, and when: two moments of this machine's monotonic clock, before the question left and after the answer came. */
export interface TimeSample {
  readonly asked: number
  readonly answered: number
  /** The shared time, whole milliseconds since the epoch. */
  readonly now: number
  /** By how much that is ahead of Redis's own clock: 0, unless that clock was set (cluster/table-time.ts). */
  readonly aheadMs: number
}

/** For so long a node that hears nothing more knows what time it is, to the tenth of a second. */
const FRESH_MS = 60_000
/** Time that was wrong by more goes back at once; else it stands still until it is right. */
const BACK_MS = 1_000

export class SharedClock implements Clock {
  readonly #machine: Clock
  /** Shared time less this machine's monotonic clock. */
  #offset: number
  #heardAt = -Infinity
  #aheadOfRedisMs = 0
  #latest = -Infinity

  /** Until the first sample the shared time is what the wall clock of the machine says. */
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
   * Takes Redis's word. Redis read its clock at some moment between `asked` and `answered`; the shared time moves only as far as it must to
   * fit that, so a slow answer moves nothing. Gives the milliseconds by which it moved.
   */
  learn({ asked, answered, now, aheadMs }: TimeSample): number {
    const before = this.#offset
    this.#offset = Math.min(Math.max(before, now - answered), now + 1 - asked) // it says whole milliseconds
    this.#heardAt = answered
    this.#aheadOfRedisMs = aheadMs
    if (this.#offset < before - BACK_MS) this.#latest = -Infinity
    return this.#offset - before
  }

  /** What time it must be by now; null when that was not heard lately. */
  expected(): number | null {
    return this.monotonic() - this.#heardAt <= FRESH_MS ? this.#reckoned() : null
  }

  /** How far the shared time is ahead of Redis's own clock, ms; below 0: behind it. */
  get aheadOfRedisMs(): number {
    return this.#aheadOfRedisMs
  }

  /** How far the wall clock of this machine is ahead of Redis's own, ms; below 0: behind it. */
  get machineAheadMs(): number {
    return Math.round(this.#machine.now() - this.#machine.monotonic() - this.#offset + this.#aheadOfRedisMs)
  }

  #reckoned(): number {
    return Math.floor(this.#machine.monotonic() + this.#offset)
  }
}
