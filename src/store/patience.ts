/**
 * How long anybody may wait for Redis. A link that is down fails at once by itself; a Redis that is connected but silent (stopped, or
 * behind a network that swallows packets) does not. Silent means that nothing at all was answered: a long queue that moves is no silence.
 * After the limit the next questions are refused at once, so that a silence costs a caller one limit and not one for every step, until
 * the first answer comes after all (or the link breaks: then whatever was asked fails).
 */
import type { Clock, Timer } from '../base/clock.ts'
import { SwitchhookError } from '../base/errors.ts'

/** Sooner than the limit it is known that Redis is late. */
const LATE_MS = 250

export class Patience {
  readonly #clock: Clock
  readonly #limitMs: number
  #heardAt = -Infinity
  #late = false
  #silent = false

  constructor(clock: Clock, limitMs: number) {
    this.#clock = clock
    this.#limitMs = limitMs
  }

  /** Somebody has waited for LATE_MS, and nothing was answered since. */
  get isLate(): boolean {
    return this.#late
  }

  /** Rejects with SERVICE: Redis refused, is away, or has been silent for the limit. What was asked may still happen then. */
  ask<T>(question: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#silent) return reject(new SwitchhookError('SERVICE', 'Redis is silent'))
      const asked = this.#clock.monotonic()
      const left = (limit: number) => Math.max(asked, this.#heardAt) + limit - this.#clock.monotonic()
      let timer: Timer
      const wait = (limit: number) => {
        const more = left(limit)
        if (more > 0) timer = this.#clock.after(more, () => wait(limit))
        // One more turn: when this process itself stood still, answers wait in the socket, and timers come before sockets.
        else timer = this.#clock.after(0, () => (left(limit) > 0 ? wait(limit) : isOver(limit)))
      }
      const isOver = (limit: number) => {
        this.#late = true
        if (limit < this.#limitMs) return wait(this.#limitMs)
        this.#silent = true
        reject(new SwitchhookError('SERVICE', `Redis has not answered for ${this.#limitMs} ms`))
      }
      const heard = () => {
        timer.cancel()
        this.#heardAt = this.#clock.monotonic()
        this.#silent = this.#late = false
      }
      wait(Math.min(LATE_MS, this.#limitMs))
      question().then(
        value => {
          heard()
          resolve(value)
        },
        (error: Error) => {
          heard()
          reject(error instanceof SwitchhookError ? error : new SwitchhookError('SERVICE', `Redis: ${error.message}`, { cause: error }))
        },
      )
    })
  }
}
