/** The wait of a channel's thread: until its time is over, or until a poke and the next media frame after it. */
import type { Clock, Timer } from '../../base/clock.ts'

/** Half a media frame: the average time until a channel's thread notices a change by another thread. */
export const REACTION_MS = 10

/** A thread notices a hangup at the end of the frame. */
export const HANGUP_REACTION_MS = 20

export class Pulse {
  readonly #clock: Clock
  #waiting: { resolve: () => void; due: number; timer: Timer | undefined } | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /**
   * Waits at most `ms` milliseconds (Infinity: until poked). Resolves with the milliseconds that passed. Only one wait
   * at a time is allowed.
   */
  rest(ms: number): Promise<number> {
    const start = this.#clock.monotonic()
    return new Promise(resolve => {
      const done = () => {
        this.#waiting = undefined
        resolve(this.#clock.monotonic() - start)
      }
      this.#waiting = {
        resolve: done,
        due: start + ms,
        timer: ms === Infinity ? undefined : this.#clock.after(ms, done),
      }
    })
  }

  /**
   * Ends the wait in `ms` milliseconds, unless it ends sooner by itself; 0: in this tick. Without a wait it has no
   * effect: a running thread sees the change by itself.
   */
  poke(ms: number = REACTION_MS): void {
    const waiting = this.#waiting
    if (!waiting) return
    if (ms === 0) {
      waiting.timer?.cancel()
      return waiting.resolve()
    }
    const due = this.#clock.monotonic() + ms
    if (waiting.due <= due) return
    waiting.timer?.cancel()
    waiting.due = due
    waiting.timer = this.#clock.after(ms, waiting.resolve)
  }

  /** The current wait never ends. */
  stop(): void {
    this.#waiting?.timer?.cancel()
    this.#waiting = undefined
  }

  get resting(): boolean {
    return this.#waiting !== undefined
  }
}
