/** A channel's waiting: until its time is over, or until somebody pokes it and the next media frame notices. */
import type { Clock, Timer } from '../../base/clock.ts'

/** Half a media frame: the average time until a channel's thread notices what others did to it. */
export const REACTION_MS = 10

/** A hangup is noticed at the end of the frame. */
export const HANGUP_REACTION_MS = 20

export class Pulse {
  readonly #clock: Clock
  #waiting: { resolve: () => void; due: number; timer: Timer | undefined } | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Waits `ms` at most (Infinity: until poked). Resolves with the time that passed. Nobody else may wait on the same channel. */
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

  /** Ends the rest in `ms`, unless it ends sooner by itself. 0 = in this tick. Whoever does not rest sees the change by looking. */
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

  /** For ever: whoever rests here never goes on. */
  stop(): void {
    this.#waiting?.timer?.cancel()
    this.#waiting = undefined
  }

  get resting(): boolean {
    return this.#waiting !== undefined
  }
}
