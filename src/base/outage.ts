/**
 * Logs the outage of something that this process needs, without a line for every attempt: two minutes are three lines,
 * not two thousand.
 *
 *   up     logs nothing
 *   down   logs the start, then each new reason once (MOST_REASONS at most)
 *   up     logs the end, with the number of attempts and the duration
 */
import type { Clock } from './clock.ts'
import type { Log } from './log.ts'

/** Most reasons to log in one outage. There are few, unless a text differs each time (a port, a time). */
const MOST_REASONS = 5

export interface OutageOptions {
  /** Subject of the messages, such as 'the event link'. */
  readonly what: string
  /** Fields of every line, such as which switch. */
  readonly fields: Readonly<Record<string, unknown>>
  readonly clock: Clock
  readonly log: Log
}

export class Outage {
  readonly #options: OutageOptions
  readonly #told = new Set<string>()
  #began: number | null = null
  #attempts = 0

  constructor(options: OutageOptions) {
    this.#options = options
  }

  /** The outage begins; or, during an outage, one more attempt to reconnect failed. `why`: the reason. */
  away(why: string): void {
    const { what, fields, clock, log } = this.#options
    if (this.#began === null) this.#began = clock.monotonic()
    else this.#attempts++
    if (this.#told.has(why) || this.#told.size >= MOST_REASONS) return
    log.warn({ ...fields, error: why }, this.#told.size === 0 ? `${what} is down` : `${what} is not back yet`)
    this.#told.add(why)
  }

  /** The outage is over. Does nothing when there was none. */
  end(): void {
    if (this.#began === null) return
    const { what, fields, clock, log } = this.#options
    log.info(
      { ...fields, attempts: this.#attempts + 1, ms: Math.round(clock.monotonic() - this.#began) },
      `${what} is back`,
    )
    this.#began = null
    this.#attempts = 0
    this.#told.clear()
  }
}
