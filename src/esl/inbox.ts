/**
 * Queues the data that the connections of a port receive, and passes it on in order of arrival, so that new connections
 * are greeted first.
 *
 * Node accepts one connection per turn of its event loop. FreeSWITCH wakes a thread a thousand times a second for each
 * connection that has not been greeted (sent `connect`), at real-time priority (0.7 % of a core each, measured). After
 * the death of a node, or under overload, this process gets a twentieth of a core; a turn that did all waiting work
 * then took six seconds, and greeted one caller (measured).
 *
 *   greeting   a turn that accepted a connection does nothing else; data of all other connections waits
 *   passing    a turn without a new connection passes data on, for SLICE_MS at most
 *   idle       no new connection and no waiting data: data is passed on at once
 *
 * When every turn accepts a connection, data waits no longer than this process needs to greet hundreds. That limit is
 * CPU time, because the same work may take any time by the clock. Used by esl/tcp.ts.
 */
import type { Clock } from '../base/clock.ts'

/** Time of a turn for data of greeted connections; the next new connection waits so long. */
const SLICE_MS = 4
/**
 * CPU time that greets about 300 connections: a dead node had no more calls than that; beyond it, this is a steady
 * load.
 */
const GREETING_CPU_MS = 150
/** Limit by the clock for one piece of data; the data of a new caller waits several times. */
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
  /** True while connections arrive or data waits. */
  #busy = false

  /** CPU time of this process at the start of this turn. */
  #cpu = 0

  /** `cpuMs` returns the CPU time that this process has used so far. */
  constructor(clock: Clock, cpuMs: () => number) {
    this.#clock = clock
    this.#cpuMs = cpuMs
  }

  /** Call for each accepted connection. */
  accepted(): void {
    this.#accepted++
    if (!this.#busy) void this.#run()
  }

  /** Runs `act` when its turn comes: at once while idle. */
  hand(act: () => void): void {
    if (this.#busy) this.#waiting.push({ since: this.#clock.monotonic(), sinceCpu: this.#cpu, act })
    else act()
  }

  async #run(): Promise<void> {
    this.#busy = true
    this.#cpu = this.#cpuMs()
    await this.#turn() // the rest of this turn: a connection accepted in it may be older than the data here
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

/**
 * Resolves after all microtasks of an act: they belong to it, and a nextTick queued in a microtask runs after all of
 * them.
 */
const settled = (): Promise<void> => new Promise(resolve => process.nextTick(resolve))
