/**
 * Limits the wait for a silent Redis: connected, but without answers (stopped, or the network loses packets). A link
 * that is down fails by itself. A long queue of commands that gets answers is not silence.
 *
 *   normal   answers arrive
 *   late     a command has waited for LATE_MS, and none was answered meanwhile
 *   silent   the same for the limit; new commands are refused at once, so a silence costs a caller one limit,
 *            not one for every step
 *
 * The first answer, or the loss of the link (which fails all commands), ends both. Used by store/redis.ts,
 * journal/redis-call-store.ts and cluster/redis-node-table.ts.
 */
import type { Clock, Timer } from '../base/clock.ts'
import { SwitchhookError } from '../base/errors.ts'

/** When Redis counts as late; shorter than the limit. */
const LATE_MS = 250

export class RedisTimeout {
  readonly #clock: Clock
  readonly #limitMs: number
  readonly #fellSilent: (error: Error) => void
  #heardAt = -Infinity
  #late = false
  #silent = false

  /** `fellSilent`: called once for each silence, with its error. */
  constructor(clock: Clock, limitMs: number, fellSilent: (error: Error) => void = () => {}) {
    this.#clock = clock
    this.#limitMs = limitMs
    this.#fellSilent = fellSilent
  }

  /** True when a command has waited for LATE_MS without any answer from Redis. */
  get isLate(): boolean {
    return this.#late
  }

  /**
   * Runs `question` under the limit. Rejects with SERVICE when Redis refused, is down, or was silent for the limit; the
   * command may still run then.
   */
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

  /** Milliseconds until this command will have waited for `limit` without any answer from Redis. */
  #left({ asked }: Waiting, limit: number): number {
    return Math.max(asked, this.#heardAt) + limit - this.#clock.monotonic()
  }

  #wait(waiting: Waiting, limit: number): void {
    const left = this.#left(waiting, limit)
    // One more turn at the end: when this process itself stood still, answers wait in the socket, and Node runs timers
    // first.
    if (left > 0) waiting.timer = this.#clock.after(left, () => this.#wait(waiting, limit))
    else
      waiting.timer = this.#clock.after(0, () =>
        this.#left(waiting, limit) > 0 ? this.#wait(waiting, limit) : this.#isOver(waiting, limit),
      )
  }

  #isOver(waiting: Waiting, limit: number): void {
    this.#late = true
    if (limit < this.#limitMs) return this.#wait(waiting, this.#limitMs)
    const [error, first] = [
      new SwitchhookError('SERVICE', `Redis has not answered for ${this.#limitMs} ms`),
      !this.#silent,
    ]
    this.#silent = true
    waiting.reject(error)
    if (first) this.#fellSilent(error)
  }
}

/**
 * One command. A call has eight of them, so no named functions are created for each (for the cost see
 * esl/connection.ts).
 */
class Waiting {
  readonly asked: number
  readonly reject: (error: Error) => void
  timer: Timer | undefined

  constructor(asked: number, reject: (error: Error) => void) {
    this.asked = asked
    this.reject = reject
  }
}
