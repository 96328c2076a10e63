/**
 * Repeats a request while the store is unavailable. That happens for half a second now and then (its connection breaks,
 * it is restarted), and callers must not notice. All requests of this directory may be repeated: they are decided on
 * records with revs and epochs, so the second changes nothing when only the answer to the first was lost.
 */
import { SwitchhookError } from '../base/errors.ts'
import { sleep, type Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'

/**
 * Between two attempts while a person waits: a connection to Redis is back 50 ms after its first attempt at the
 * earliest.
 */
const SOON_MS = 250
/**
 * A caller (or an agent who has pressed 1) hears the apology within 10 s. The last attempt may take a second more
 * (store/redis.ts), and the call has waited for the store before this.
 */
const PATIENCE_MS = 8_000
/** Between two attempts while no person waits. */
const LATER_MS = 1_000

interface Limit<T> {
  readonly within?: number | undefined
  readonly late?: T
}

/** True when the store is unavailable. Any other SwitchhookError is an answer of the store. */
export const isAway = (error: unknown): boolean => !(error instanceof SwitchhookError) || error.code === 'SERVICE'

export class Retry {
  readonly #clock: Clock
  readonly #log: Log
  readonly #closing: AbortSignal

  constructor(clock: Clock, log: Log, closing: AbortSignal) {
    this.#clock = clock
    this.#log = log
    this.#closing = closing
  }

  /**
   * Runs `work` for a call, and again until the store is available: for `within` milliseconds (default PATIENCE_MS).
   * Then it rejects as the last attempt did, or resolves with `late` when that is given: a caller with a waiting time
   * of their own gets the next announcement then. Between two attempts it rejects with the reason of the call's signal
   * as soon as that aborts. A SwitchhookError other than SERVICE (no such queue) is an answer, and it rejects with it.
   * `what` is the log's sentence, such as 'entering a queue failed'.
   */
  async insist<T>(
    what: string,
    call: AbortSignal,
    work: () => Promise<T>,
    { within = PATIENCE_MS, ...otherwise }: Limit<T> = {},
  ): Promise<T> {
    const begun = this.#clock.monotonic()
    for (let tries = 1; ; tries++) {
      try {
        return await work()
      } catch (error) {
        if (!isAway(error)) throw error
        call.throwIfAborted()
        const left = begun + within - this.#clock.monotonic()
        if (left <= 0 && 'late' in otherwise) return otherwise.late as T
        if (left <= 0) throw error
        if (tries === 1) this.#log.warn({ error: (error as Error).message }, `${what}; it is retried`)
        await sleep(this.#clock, Math.min(SOON_MS, left), call)
      }
    }
  }

  /**
   * Runs `work` now, and again until it succeeds or this node closes. Resolves after the first attempt. Logs after a
   * failed first attempt and at the end.
   */
  async persist(what: string, work: () => Promise<void>, tries = 1): Promise<void> {
    try {
      await work()
      if (tries > 1) this.#log.info({ tries }, `${what} at first; a retry succeeded`)
    } catch (error) {
      if (tries === 1) this.#log.warn({ error: (error as Error).message }, `${what}; it is retried`)
      void this.later(() => this.persist(what, work, tries + 1))
    }
  }

  /** Runs `work` after LATER_MS, unless this node closes before. */
  async later(work: () => Promise<void>): Promise<void> {
    if (
      await sleep(this.#clock, LATER_MS, this.#closing).then(
        () => true,
        () => false,
      )
    )
      await work()
  }
}
