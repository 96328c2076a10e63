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
  /** Whole milliseconds since the epoch, by Redis's clock. */
  readonly now: number
}

export class SharedClock implements Clock {
  readonly #machine: Clock
  /** Shared time less this machine's monotonic clock. */
  #offset: number

  /** Until the first sample the shared time is what the wall clock of the machine says. */
  constructor(machine: Clock) {
    this.#machine = machine
    this.#offset = machine.now() - machine.monotonic()
  }

  /** The shared time, whole milliseconds since the epoch: for records and for deadlines that several nodes compare. */
  now(): number {
    return Math.floor(this.#machine.monotonic() + this.#offset)
  }

  monotonic(): number {
    return this.#machine.monotonic()
  }

  after(ms: number, fn: () => void): Timer {
    return this.#machine.after(ms, fn)
  }

  /**
   * Takes Redis's word. Redis read its clock at some moment between `asked` and `answered`; the shared time moves only as far as it must to
   * fit that, so a slow answer moves nothing and time never goes back by more than it was wrong. Gives the milliseconds by which it moved.
   */
  learn({ asked, answered, now }: TimeSample): number {
    const before = this.#offset
    this.#offset = Math.min(Math.max(before, now - answered), now + 1 - asked) // it says whole milliseconds
    return this.#offset - before
  }

  /** How far the wall clock of this machine is ahead of the shared time, ms; negative: it is behind. */
  get machineAheadMs(): number {
    return Math.round(this.#machine.now() - this.#machine.monotonic() - this.#offset)
  }
}
