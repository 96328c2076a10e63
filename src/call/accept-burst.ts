/**
 * The order in which a node serves legs during a takeover. When a node dies, FreeSWITCH connects its calls to this one
 * at once: they are served before new callers. The event loop is late then because of them, and that ends. (All are
 * greeted before any is served: esl/inbox.ts.)
 */
import { within, type Clock } from '../base/clock.ts'

/** This number of calls that a node drove before arrives at once only when a node has died. */
const SOME = 5
/**
 * A takeover is over when no such call has arrived for this time: a kernel tries again after one second, two or four
 * (esl/tcp.ts, BACKLOG).
 */
const OVER_MS = 5_000
/** The longest wait of a new caller for the calls of a takeover. */
const NEW_WAITS_MS = 2_000

export class AcceptBurst {
  readonly #clock: Clock
  #takenOverAt = -Infinity
  /** Calls that a node drove before and that are not served again yet. */
  #driven = 0
  /** Resolved when all of them are served; new callers wait for it. */
  #served: { readonly all: Promise<void>; resolve(): void } | null = null

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** True during a takeover and for 5 s after it: more calls may be on their way. */
  get takesOver(): boolean {
    return this.#driven >= SOME || this.#clock.monotonic() - this.#takenOverAt < OVER_MS
  }

  /** A call that a node drove before is being served: new ones wait until the result is disposed. */
  drivenCall(): Disposable {
    this.#driven++
    return { [Symbol.dispose]: () => this.#isServed() }
  }

  /** Resolves when every call that a node drove before is served, after 2 s at the latest. */
  async drivenFirst(): Promise<void> {
    if (this.#driven === 0) return
    this.#served ??= deferred()
    await within(this.#clock, NEW_WAITS_MS, this.#served.all)
  }

  #isServed(): void {
    if (this.#driven-- === SOME) this.#takenOverAt = this.#clock.monotonic()
    if (this.#driven > 0) return
    this.#served?.resolve()
    this.#served = null
  }
}

function deferred(): { readonly all: Promise<void>; resolve(): void } {
  let resolve!: () => void
  return { all: new Promise<void>(done => (resolve = done)), resolve: () => resolve() }
}
