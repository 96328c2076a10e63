/**
 * Requests to the store of queues and agents, repeated while it is unavailable. That happens for half a second now and
 * then (its connection breaks, it is restarted), and callers must not notice. All requests of this directory may be
 * repeated: they are decided on records with revs and epochs, so the second changes nothing when only the answer to the
 * first was lost.
 */
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import { isUnavailable, retry, RETRY } from '../base/retry.ts'

interface Limit<T> {
  readonly within?: number | undefined
  readonly late?: T
}

export class StoreRequests {
  readonly #clock: Clock
  readonly #log: Log
  readonly #closing: AbortSignal

  constructor(clock: Clock, log: Log, closing: AbortSignal) {
    this.#clock = clock
    this.#log = log
    this.#closing = closing
  }

  /**
   * Runs `work` for a call until the store is available, for `within` milliseconds (default: RETRY.queueForCaller).
   * Then it rejects as the last attempt did, or resolves with `late` when that is given: a caller with a waiting time
   * of their own gets the next announcement then. Rejects with the reason of the call's signal as soon as that aborts
   * between two attempts. A SwitchhookError other than SERVICE (no such queue) is an answer, and it rejects with it.
   * `what` is the log's sentence, such as 'entering a queue failed'.
   */
  async forCaller<T>(
    what: string,
    call: AbortSignal,
    work: () => Promise<T>,
    { within, ...otherwise }: Limit<T> = {},
  ): Promise<T> {
    const policy = within === undefined ? RETRY.queueForCaller : { ...RETRY.queueForCaller, forMs: within }
    try {
      return await retry(work, {
        clock: this.#clock,
        policy,
        signal: call,
        isTemporary: isUnavailable,
        failed: this.#tell.bind(this, what),
      })
    } catch (error) {
      if (!('late' in otherwise) || !isUnavailable(error) || call.aborted) throw error
      return otherwise.late as T
    }
  }

  /** Runs `work` for nobody who waits, until it succeeds or this node closes. Resolves after the first attempt. */
  inBackground(what: string, work: () => Promise<void>): Promise<void> {
    return new Promise(attempted => {
      let tries = 0
      const attempt = async () => {
        tries++
        try {
          await work()
        } finally {
          attempted()
        }
      }
      const failed = this.#tell.bind(this, what)
      retry(attempt, { clock: this.#clock, policy: RETRY.queueLater, signal: this.#closing, failed }).then(
        () => tries > 1 && this.#log.info({ tries }, `${what} at first; a retry succeeded`),
        () => {}, // this node closes
      )
    })
  }

  #tell(what: string, error: Error, tries: number): void {
    if (tries === 1) this.#log.warn({ error: error.message }, `${what}; it is retried`)
  }
}
