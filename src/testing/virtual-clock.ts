/** Virtual time: a Clock for tests that jumps from timer to timer, and only while all code waits for timers. */
import type { Clock, Timer } from '../base/clock.ts'

/** A Monday morning in winter: no weekend, no holiday, no change to summer time. */
const START = Date.UTC(2026, 0, 5, 8, 0, 0)

/**
 * Promises settle within one turn of the event loop; the second turn is for code that uses setImmediate once itself.
 */
const TURNS = 2

class VirtualTimer implements Timer {
  readonly at: number
  readonly order: number
  fn: (() => void) | undefined
  stack: string | undefined
  readonly #clock: VirtualClock

  constructor(clock: VirtualClock, at: number, order: number, fn: () => void) {
    this.#clock = clock
    this.at = at
    this.order = order
    this.fn = fn
  }

  cancel(): void {
    if (!this.fn) return
    this.fn = undefined
    this.#clock.forget()
  }
}

const before = (a: VirtualTimer, b: VirtualTimer) => a.at < b.at || (a.at === b.at && a.order < b.order)

export class VirtualClock implements Clock {
  /** Records where every timer was set, to find a leak. Costs a stack trace for each timer. Default: false. */
  traceTimers = false

  readonly #start: number
  #time = 0
  #order = 0
  #heap: VirtualTimer[] = []
  #dead = 0
  #held = 0
  /** Called when work that was held is done. */
  #goOn: () => void = () => {}

  /** `start` is the wall clock at the beginning, in milliseconds since the epoch. */
  constructor(start: number = START) {
    this.#start = start
  }

  now(): number {
    return this.#start + this.#time
  }

  monotonic(): number {
    return this.#time
  }

  after(ms: number, fn: () => void): Timer {
    // whole milliseconds, as real timers: the remainder of a fraction may be too small to move the time at all
    const timer = new VirtualTimer(
      this,
      this.#time + Math.max(0, Number.isNaN(ms) ? 0 : Math.ceil(ms)),
      this.#order++,
      fn,
    )
    if (this.traceTimers) timer.stack = new Error().stack?.split('\n').slice(2, 6).join('\n')
    this.#push(timer)
    return timer
  }

  turn(fn: () => void): void {
    this.after(0, fn)
  }

  /** Lets `ms` milliseconds pass and runs all timers that fall due in them. */
  async advance(ms: number): Promise<void> {
    const end = this.#time + ms
    await this.settle()
    while ((this.#next()?.at ?? Infinity) <= end) await this.#step()
    this.#time = end
  }

  /** Runs everything that needs no time to pass, including timers that are due now. */
  async settle(): Promise<void> {
    await this.#drain()
    while ((this.#next()?.at ?? Infinity) <= this.#time) await this.#step()
  }

  /**
   * Jumps from timer to timer until the promise settles or the predicate returns something true; returns that value.
   * Rejects when `limitMs` milliseconds of virtual time have passed, or when no timer is left.
   */
  async runUntil<T>(goal: Promise<T> | (() => T), limitMs: number): Promise<T> {
    const end = this.#time + limitMs
    const reached = typeof goal === 'function' ? goal : watch(goal)
    await this.settle()
    for (;;) {
      const value = reached()
      if (value) return typeof goal === 'function' ? (value as T) : goal
      const next = this.#next()
      if (!next) throw new Error(`no timer is left ${this.#time} ms after the start: this can no longer happen`)
      if (next.at > end) throw new Error(`not reached within ${limitMs} ms of virtual time`)
      await this.#step()
    }
  }

  /** Stops virtual time until this real work (a file, an import) is done. Returns the same promise. */
  hold<T>(work: Promise<T>): Promise<T> {
    this.#held++
    const release = () => {
      this.#held--
      this.#goOn()
    }
    work.then(release, release)
    return work
  }

  /** The pending timers, soonest first. `inMs` is in milliseconds; `stack` needs `traceTimers`. */
  pending(): { inMs: number; stack: string }[] {
    return this.#heap
      .filter(timer => timer.fn)
      .sort((a, b) => (before(a, b) ? -1 : 1))
      .map(timer => ({
        inMs: timer.at - this.#time,
        stack: timer.stack ?? '(set clock.traceTimers = true to see who set it)',
      }))
  }

  /**
   * A timer was cancelled. Cancelled timers stay in the heap until they are half of it: cheaper than a search for each.
   */
  forget(): void {
    if (++this.#dead < 1_000 || this.#dead * 2 < this.#heap.length) return
    const alive = this.#heap.filter(timer => timer.fn)
    this.#heap = []
    this.#dead = 0
    for (const timer of alive) this.#push(timer)
  }

  /** Runs all timers of the next moment in order, then lets promises settle. */
  async #step(): Promise<void> {
    const at = this.#next()!.at
    this.#time = Math.max(this.#time, at)
    for (let timer = this.#next(); timer && timer.at <= this.#time; timer = this.#next()) {
      const fn = timer.fn!
      timer.fn = undefined
      this.#pop()
      fn()
    }
    await this.#drain()
  }

  async #drain(): Promise<void> {
    for (let turn = 0; turn < TURNS; turn++) await new Promise(resolve => setImmediate(resolve))
    while (this.#held > 0) {
      await new Promise<void>(resolve => (this.#goOn = resolve)) // no turn is taken meanwhile: the work needs the CPU
      await new Promise(resolve => setImmediate(resolve))
    }
  }

  #next(): VirtualTimer | undefined {
    while (this.#heap[0] && !this.#heap[0].fn) {
      this.#pop()
      this.#dead--
    }
    return this.#heap[0]
  }

  #push(timer: VirtualTimer): void {
    const heap = this.#heap
    let at = heap.push(timer) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!before(timer, heap[parent]!)) break
      heap[at] = heap[parent]!
      at = parent
    }
    heap[at] = timer
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()!
    if (heap.length === 0) return
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++
      if (!before(heap[child]!, last)) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = last
  }
}

function watch(promise: Promise<unknown>): () => boolean {
  let settled = false
  const mark = () => void (settled = true)
  promise.then(mark, mark)
  return () => settled
}
