/**
 * How long anybody may wait for Redis. A link that is down fails at once by itself; a Redis that is connected but silent (stopped, or
 * behind a network that swallows packets) does not. Silent means that nothing at all was answered: a long queue that moves is no silence.
 * After the limit the next questions are refused at once, so that a silence costs a caller one limit and not one for every step, until
 * the first answer comes after all (or the link breaks: then whatever was asked fails).
 */
import type { Clock, Timer } from '../base/clock.ts'
import { SwitchhookError } from '../base/errors.ts'

export class Patience {
  readonly #clock: Clock
  readonly #limitMs: number
  #heardAt = -Infinity
  #waiting = 0
  /** Of those who wait now, when the first one asked. */
  #since = 0
  #silent = false

  constructor(clock: Clock, limitMs: number) {
    this.#clock = clock
    this.#limitMs = limitMs
  }

  /** For so many milliseconds somebody has waited and nothing was answered; 0 while nobody waits. */
  get silentMs(): number {
    return this.#waiting === 0 ? 0 : this.#clock.monotonic() - Math.max(this.#since, this.#heardAt)
  }

  /** Rejects with SERVICE: Redis refused, is away, or has been silent for the limit. What was asked may still happen then. */
  ask<T>(question: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#silent) return reject(new SwitchhookError('SERVICE', 'Redis is silent'))
      const asked = this.#clock.monotonic()
      if (this.#waiting++ === 0) this.#since = asked
      const left = () => Math.max(asked, this.#heardAt) + this.#limitMs - this.#clock.monotonic()
      let timer: Timer
      const wait = () => {
        const more = left()
        if (more > 0) timer = this.#clock.after(more, wait)
        // One more turn: when this process itself stood still, answers wait in the socket, and timers come before sockets.
        else timer = this.#clock.after(0, () => (left() > 0 ? wait() : giveUp()))
      }
      const giveUp = () => {
        this.#silent = true
        reject(new SwitchhookError('SERVICE', `Redis has not answered for ${this.#limitMs} ms`))
      }
      const heard = () => {
        timer.cancel()
        this.#waiting--
        this.#heardAt = this.#clock.monotonic()
        this.#silent = false
      }
      wait()
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
