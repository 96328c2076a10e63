/**
 * When a node dies, its calls come to this one in the same moment. Node accepts one connection in each turn of its loop, and as long as
 * a connection has not been greeted FreeSWITCH looks after it a thousand times a second: with a hundred of them the machine does little
 * else (measured: the last of a hundred was accepted after 1.5 s). So while connections keep coming they are only greeted.
 *
 * Then calls that a node has driven before are served, and after them new calls.
 */
import { within, type Clock } from '../base/clock.ts'

/** Under a steady load somebody always comes: nobody waits longer than this for the others. */
const LONGEST_MS = 300
/** So many calls that were driven before come at once only when a node has died. */
const SOME = 5
/** A new caller waits no longer than this for those who were there before. */
const NEW_WAITS_MS = 2_000

export class Burst {
  readonly #clock: Clock
  #come = 0
  #over: Promise<void> | null = null
  /** Calls that were driven before and are not served again yet. */
  #driven = 0
  #served: { readonly all: Promise<void>; resolve(): void } | null = null

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** One more connection was accepted. */
  add(): void {
    this.#come++
  }

  /** Resolves when no connection was accepted for a whole turn of the event loop. */
  over(): Promise<void> {
    return (this.#over ??= this.#wait().finally(() => (this.#over = null)))
  }

  /** Are calls of a dead node being taken over? */
  get takesOver(): boolean {
    return this.#driven >= SOME
  }

  /** A call that was driven before is being served: new ones wait until this is disposed. */
  drivenCall(): Disposable {
    this.#driven++
    return { [Symbol.dispose]: () => void (--this.#driven === 0 && this.#served?.resolve()) }
  }

  /** Resolves when every call that was driven before is served, after 2 s at the latest. */
  async drivenFirst(): Promise<void> {
    if (this.#driven === 0) return
    let resolve!: () => void
    this.#served ??= { all: new Promise(done => (resolve = done)), resolve: () => resolve() }
    const { all } = this.#served
    void all.then(() => (this.#served = null))
    await within(this.#clock, NEW_WAITS_MS, all)
  }

  async #wait(): Promise<void> {
    const end = this.#clock.monotonic() + LONGEST_MS
    await this.#turn() // the rest of this turn: who is accepted in it may have been accepted before us
    for (let before = -1; before !== this.#come && this.#clock.monotonic() < end; ) {
      before = this.#come
      await this.#turn()
    }
  }

  #turn(): Promise<void> {
    return new Promise(resolve => this.#clock.turn(resolve))
  }
}
