/**
 * Something that this process needs is away for a while. The log tells of it when it goes, once for each reason why it is not back, and when
 * it is back, with the number of attempts: two minutes are three lines, and not two thousand.
 */
import type { Clock } from './clock.ts'
import type { Log } from './log.ts'

/** Reasons are few. What differs each time (a port, a time) is told so often and no more. */
const MOST_REASONS = 5

export interface OutageOptions {
  /** Subject of the sentences: 'the event link'. */
  readonly what: string
  /** Of every line: which one it is. */
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

  /** It is away: told when that begins. Again while it is away: one more attempt to have it back was in vain. */
  away(why: string): void {
    const { what, fields, clock, log } = this.#options
    if (this.#began === null) this.#began = clock.monotonic()
    else this.#attempts++
    if (this.#told.has(why) || this.#told.size >= MOST_REASONS) return
    log.warn({ ...fields, error: why }, this.#told.size === 0 ? `${what} is down` : `${what} is not back yet`)
    this.#told.add(why)
  }

  /** It is there. No news when it was not away. */
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
