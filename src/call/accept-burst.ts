/**
 * When a node dies, its calls come to this one in the same moment: they go before new callers, and the event loop is late then because of
 * them, which ends. (Everybody is greeted before anybody is served: esl/inbox.ts.)
 */
import { within, type Clock } from '../base/clock.ts'

/** So many calls that were driven before come at once only when a node has died. */
const SOME = 5
/** A takeover is over when so long nobody came for whom it is one: a kernel asks again after one second, two or four (esl/tcp.ts, BACKLOG). */
const OVER_MS = 5_000
/** A new caller waits no longer than this for those who were there before. */
const NEW_WAITS_MS = 2_000

export class AcceptBurst {
  readonly #clock: Clock
  #takenOverAt = -Infinity
  /** Calls that were driven before and are not served again yet. */
  #driven = 0
  /** New callers who wait until all of them are. */
  #served: { readonly all: Promise<void>; resolve(): void } | null = null

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Are calls of a dead node being taken over, or were they a moment ago? More may be on their way. */
  get takesOver(): boolean {
    return this.#driven >= SOME || this.#clock.monotonic() - this.#takenOverAt < OVER_MS
  }

  /** A call that was driven before is being served: new ones wait until this is disposed. */
  drivenCall(): Disposable {
    this.#driven++
    return { [Symbol.dispose]: () => this.#isServed() }
  }

  /** Resolves when every call that was driven before is served, after 2 s at the latest. */
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
