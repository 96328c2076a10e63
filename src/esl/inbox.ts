/**
 * What the connections of a port have sent, handed on in the order in which it came.
 *
 * Node accepts one connection in each turn of its event loop, and FreeSWITCH wakes a thread a thousand times a second for each connection
 * that has not been greeted, at real-time priority (0.7 % of a core each, measured). When a node dies, or when more callers come than the
 * machine has time for, this process gets a twentieth of a core; a turn that did all the work that waits took six seconds then, in which
 * one caller was greeted (measured). So a turn in which a connection was accepted does nothing but that: what all others have sent waits for
 * a turn in which nobody came, and no turn hands on for longer than some milliseconds. When somebody comes in every turn nothing waits for
 * longer than it takes this process to greet hundreds: that is a time of its own work, for by the clock it may be anything.
 *
 * When nobody comes and nothing waits, everything is handed on at once. Used by esl/tcp.ts alone.
 */
import type { Clock } from '../base/clock.ts'

/** What a turn spends on those who were greeted: the next connection waits for so long. */
const SLICE_MS = 4
/** CPU time in which some three hundred are greeted: a dead node had no more calls than that, or this is a steady load. */
const GREETING_CPU_MS = 150
/** By the clock: nothing waits longer than this for others, and a caller who comes waits several times. */
const LONGEST_MS = 1_000

interface Waiting {
  readonly since: number
  readonly sinceCpu: number
  act(): void
}

export class Inbox {
  readonly #clock: Clock
  readonly #cpuMs: () => number
  #accepted = 0
  #waiting: Waiting[] = []
  /** A connection was accepted a moment ago, or something waits. */
  #busy = false

  /** CPU time of this process as this turn began. */
  #cpu = 0

  /** `cpuMs`: CPU time that this process has used so far. */
  constructor(clock: Clock, cpuMs: () => number) {
    this.#clock = clock
    this.#cpuMs = cpuMs
  }

  /** One more connection was accepted. */
  accepted(): void {
    this.#accepted++
    if (!this.#busy) void this.#run()
  }

  /** Runs `act` in its turn: at once when nobody is being greeted. */
  hand(act: () => void): void {
    if (this.#busy) this.#waiting.push({ since: this.#clock.monotonic(), sinceCpu: this.#cpu, act })
    else act()
  }

  async #run(): Promise<void> {
    this.#busy = true
    this.#cpu = this.#cpuMs()
    await this.#turn() // the rest of this turn: whoever is accepted in it may have come before those whose data is here
    for (let before = -1; before !== this.#accepted || this.#waiting.length > 0;) {
      const allAreGreeted = before === this.#accepted
      before = this.#accepted
      this.#cpu = this.#cpuMs()
      await this.#handOn(allAreGreeted)
      await this.#turn()
    }
    this.#busy = false
  }

  async #handOn(all: boolean): Promise<void> {
    const began = this.#clock.monotonic()
    let done = 0
    for (const { since, sinceCpu, act } of this.#waiting) {
      const now = this.#clock.monotonic()
      if (now - began >= SLICE_MS) break
      if (!all && now - since < LONGEST_MS && this.#cpu - sinceCpu < GREETING_CPU_MS) break
      act()
      done++
      await settled()
    }
    this.#waiting = this.#waiting.slice(done)
  }

  #turn(): Promise<void> {
    return new Promise(resolve => this.#clock.turn(resolve))
  }
}

/** What follows from an act without waiting for anybody belongs to it: a tick that is asked for in a microtask comes when all those are through. */
const settled = (): Promise<void> => new Promise(resolve => process.nextTick(resolve))
