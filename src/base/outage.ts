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

  /** It is away. Again while it is away is no news. */
  begin(why: string): void {
    if (this.#began !== null) return
    const { what, fields, clock, log } = this.#options
    this.#began = clock.monotonic()
    this.#told.add(why)
    log.warn({ ...fields, error: why }, `${what} is down`)
  }

  /** One attempt to have it back was in vain. */
  failed(why: string): void {
    this.#attempts++
    if (this.#told.has(why) || this.#told.size >= MOST_REASONS) return
    const { what, fields, log } = this.#options
    this.#told.add(why)
    log.warn({ ...fields, error: why }, `${what} is not back yet`)
  }

  /** It is there. */
  end(): void {
    if (this.#began === null) return
    const { what, fields, clock, log } = this.#options
    log.info({ ...fields, attempts: this.#attempts + 1, ms: Math.round(clock.monotonic() - this.#began) }, `${what} is back`)
    this.#began = null
    this.#attempts = 0
    this.#told.clear()
  }
}
