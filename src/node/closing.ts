/**
 * The way out, step by step: what hangs is left behind and named, for who closes a house at night must not wait for a dead Redis. Each
 * step is one line of the log, with the milliseconds since the signal.
 */
import type { Clock, Timer } from '../base/clock.ts'
import type { Log } from '../base/log.ts'

export interface Step {
  /** For people: what hung, when it did. */
  readonly name: string
  /** So long the house waits for it, in milliseconds; then it goes on without. */
  readonly withinMs: number
  /** What it gives is told with the line. May reject: that is told too, and the next step comes. */
  run(): Promise<object | void> | object | void
}

export interface ClosingOptions {
  clock: Clock
  log: Log
  /** When it was asked for, by the clock that only grows. */
  began: number
}

/** One way out; its steps may be run in several goes. Never rejects. */
export class Closing {
  readonly #options: ClosingOptions
  readonly #hung: string[] = []
  #now: string | null = null

  constructor(options: ClosingOptions) {
    this.#options = options
  }

  /** Milliseconds since it was asked for. */
  get ms(): number {
    return Math.round(this.#options.clock.monotonic() - this.#options.began)
  }

  /** What is waited for, and what was left behind. */
  get hangs(): readonly string[] {
    return this.#now === null ? this.#hung : [...this.#hung, this.#now]
  }

  async run(steps: readonly Step[]): Promise<void> {
    for (const step of steps) await this.#one(step)
  }

  async #one({ name, withinMs, run }: Step): Promise<void> {
    const { clock, log } = this.#options
    this.#now = name
    let limit: Timer | undefined
    const late = new Promise<'late'>(resolve => (limit = clock.after(withinMs, () => resolve('late'))))
    try {
      const seen = await Promise.race([Promise.resolve().then(run), late])
      if (seen === 'late') {
        this.#hung.push(name)
        log.warn({ ms: this.ms, waitedMs: withinMs }, `closing: ${name}: this hangs and is left behind`)
      } else {
        log.info({ ms: this.ms, ...seen }, `closing: ${name}`)
      }
    } catch (error) {
      log.warn(
        { ms: this.ms, error: error instanceof Error ? error.message : String(error) },
        `closing: ${name}: this failed`,
      )
    } finally {
      limit?.cancel()
      this.#now = null
    }
  }
}
