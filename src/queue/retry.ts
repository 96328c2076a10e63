/**
 * The store is away for half a second now and then (its link breaks, it is started anew), and nobody who is being served is to notice:
 * what was asked of it is asked again. All that this room asks may be: it is decided on records with revs and epochs, so that the second
 * time changes nothing when only the answer to the first was lost.
 */
import { SwitchhookError } from '../base/errors.ts'
import { sleep, type Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'

/** Between two tries while somebody waits for the answer: a link to Redis is back 50 ms after its first try at the soonest. */
const SOON_MS = 250
/**
 * A caller (or an agent who has pressed 1) hears the apology within 10 s. The last try may take a second more (store/redis.ts), and the
 * call has waited for the store before it came here.
 */
const PATIENCE_MS = 8_000
/** Between two tries while nobody waits. */
const LATER_MS = 1_000

interface Limit<T> {
  readonly within?: number | undefined
  readonly late?: T
}

/** The store cannot be had: whatever it says is an answer. */
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
   * Does it for a call, again until the store can be had: for `within` milliseconds (PATIENCE_MS unless said otherwise), then rejects as the
   * last try did, or resolves with `late` when that is given: who has said how long they wait hears something meanwhile. Between two tries
   * it rejects with the reason of the call's signal as soon as that aborts. What the store says in our words (there is no such queue) is
   * an answer.
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
        if (tries === 1) this.#log.warn({ error: (error as Error).message }, `${what}, trying again`)
        await sleep(this.#clock, Math.min(SOON_MS, left), call)
      }
    }
  }

  /** Does it now; when the store cannot be had, again until it can, or this node closes. Resolves after the first try; told after that one and at the end. */
  async persist(what: string, work: () => Promise<void>, tries = 1): Promise<void> {
    try {
      await work()
      if (tries > 1) this.#log.info({ tries }, `${what} at first, and has been done now`)
    } catch (error) {
      if (tries === 1) this.#log.warn({ error: (error as Error).message }, `${what}, trying again`)
      void this.later(() => this.persist(what, work, tries + 1))
    }
  }

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
