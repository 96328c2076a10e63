/**
 * When a node dies, its calls come to this one in the same moment. Node accepts one connection in each turn of its loop, and as long as
 * a connection has not been greeted FreeSWITCH looks after it a thousand times a second: with a hundred of them the machine does little
 * else (measured: the last of a hundred was accepted after 1.5 s). So while connections keep coming they are only greeted.
 */
import { sleep, type Clock } from '../base/clock.ts'

/** Under a steady load somebody always comes: nobody waits longer than this for the others. */
const LONGEST_MS = 300

export class Burst {
  readonly #clock: Clock
  #come = 0
  #over: Promise<void> | null = null

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** One more. */
  add(): void {
    this.#come++
  }

  /** Resolves when nobody has come for a turn. */
  over(): Promise<void> {
    return (this.#over ??= this.#wait().finally(() => (this.#over = null)))
  }

  async #wait(): Promise<void> {
    const end = this.#clock.monotonic() + LONGEST_MS
    for (let before = -1; before !== this.#come && this.#clock.monotonic() < end; ) {
      before = this.#come
      await sleep(this.#clock, 0)
    }
  }
}
