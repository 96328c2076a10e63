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

export class RedisTimeout {
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
      const waiting = new Waiting(this.#clock.monotonic(), reject)
      this.#wait(waiting, Math.min(LATE_MS, this.#limitMs))
      question().then(
        value => {
          this.#heard(waiting)
          resolve(value)
        },
        (error: Error) => {
          this.#heard(waiting)
          reject(
            error instanceof SwitchhookError
              ? error
              : new SwitchhookError('SERVICE', `Redis: ${error.message}`, { cause: error }),
          )
        },
      )
    })
  }

  #heard(waiting: Waiting): void {
    waiting.timer?.cancel()
    this.#heardAt = this.#clock.monotonic()
    this.#silent = this.#late = false
  }

  /** Milliseconds until nothing was heard for `limit`, of what is asked at all. */
  #left({ asked }: Waiting, limit: number): number {
    return Math.max(asked, this.#heardAt) + limit - this.#clock.monotonic()
  }

  #wait(waiting: Waiting, limit: number): void {
    const left = this.#left(waiting, limit)
    // One more turn at the end: when this process itself stood still, answers wait in the socket, and timers come before sockets.
    if (left > 0) waiting.timer = this.#clock.after(left, () => this.#wait(waiting, limit))
    else
      waiting.timer = this.#clock.after(0, () =>
        this.#left(waiting, limit) > 0 ? this.#wait(waiting, limit) : this.#isOver(waiting, limit),
      )
  }

  #isOver(waiting: Waiting, limit: number): void {
    this.#late = true
    if (limit < this.#limitMs) return this.#wait(waiting, this.#limitMs)
    this.#silent = true
    waiting.reject(new SwitchhookError('SERVICE', `Redis has not answered for ${this.#limitMs} ms`))
  }
}

/** One question. Of a call there are eight: so no functions with a name are made for each (esl/connection.ts says why). */
class Waiting {
  readonly asked: number
  readonly reject: (error: Error) => void
  timer: Timer | undefined

  constructor(asked: number, reject: (error: Error) => void) {
    this.asked = asked
    this.reject = reject
  }
}
