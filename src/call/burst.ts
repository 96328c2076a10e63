/**
 * When a node dies, its calls come to this one in the same moment. Node accepts one connection in each turn of its loop, and as long as
 * a connection has not been greeted FreeSWITCH looks after it a thousand times a second, at real-time priority: with a hundred of them
 * this process gets a twentieth of a core (sched_rt_runtime_us), and none of that may be spent on anything but greeting.
 *
 * So calls that a node has driven before are served a few a turn, and only after a turn in which no connection was accepted; new calls are
 * served after those. Without a takeover nobody waits.
 */
import { within, type Clock } from '../base/clock.ts'

/** One at a time costs the last of a hundred 0.4 s more (measured); many would keep the next connection waiting. */
const IN_A_TURN = 4
/** Under a steady load somebody always comes: nobody waits longer than this for the others. */
const LONGEST_MS = 3_000
/** So many calls that were driven before come at once only when a node has died. */
const SOME = 5
/** A takeover is over when so long nobody came for whom it is one. */
const OVER_MS = 2_000
/** A new caller waits no longer than this for those who were there before. */
const NEW_WAITS_MS = 2_000

interface Waiting {
  readonly since: number
  serve(): void
}

export class Burst {
  readonly #clock: Clock
  #come = 0
  readonly #waiting: Waiting[] = []
  #serving = false
  #takenOverAt = -Infinity
  /** Calls that were driven before and are not served again yet. */
  #driven = 0
  /** New callers who wait until all of them are. */
  #served: { readonly all: Promise<void>; resolve(): void } | null = null

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** One more connection was accepted. */
  add(): void {
    this.#come++
  }

  /** Resolves when it is the turn of a call that was driven before: everybody who is there was greeted. */
  myTurn(): Promise<void> {
    return new Promise(serve => {
      this.#waiting.push({ since: this.#clock.monotonic(), serve })
      if (!this.#serving) void this.#serve()
    })
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

  async #serve(): Promise<void> {
    this.#serving = true
    await this.#turn() // the rest of this turn: who is accepted in it may have been accepted before us
    for (let before = -1; this.#waiting.length > 0; ) {
      const oldest = this.#waiting[0]!
      if (before === this.#come || this.#clock.monotonic() - oldest.since >= LONGEST_MS) {
        for (const one of this.#waiting.splice(0, IN_A_TURN)) one.serve()
      }
      before = this.#come
      await this.#turn()
    }
    this.#serving = false
  }

  #turn(): Promise<void> {
    return new Promise(resolve => this.#clock.turn(resolve))
  }
}

function deferred(): { readonly all: Promise<void>; resolve(): void } {
  let resolve!: () => void
  return { all: new Promise<void>(done => (resolve = done)), resolve: () => resolve() }
}
