/**
 * The shutdown of a node, step by step (compose.ts). Each step has a time limit, because a shutdown must not wait for a
 * dead Redis: a step that exceeds it is skipped and named. Each step writes one line to the log, with the milliseconds
 * since the signal.
 */
import type { Clock, Timer } from '../base/clock.ts'
import type { Log } from '../base/log.ts'

export interface Step {
  /** For people: what the step closes. */
  readonly name: string
  /** Time limit in milliseconds; then the next step begins. */
  readonly withinMs: number
  /** Its result becomes fields of the log line. When it rejects, the error is logged and the next step begins. */
  run(): Promise<object | void> | object | void
}

export interface ClosingOptions {
  clock: Clock
  log: Log
  /** When the shutdown was requested, on the monotonic clock. */
  began: number
}

/** One shutdown; `run` may be called several times. Never rejects. */
export class Closing {
  readonly #options: ClosingOptions
  readonly #hung: string[] = []
  #now: string | null = null

  constructor(options: ClosingOptions) {
    this.#options = options
  }

  /** Milliseconds since the shutdown was requested. */
  get ms(): number {
    return Math.round(this.#options.clock.monotonic() - this.#options.began)
  }

  /** The step that runs now, and the steps that timed out. */
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
        log.warn({ ms: this.ms, waitedMs: withinMs }, `closing: ${name}: timed out, the next step begins`)
      } else {
        log.info({ ms: this.ms, ...seen }, `closing: ${name}: done`)
      }
    } catch (error) {
      log.warn(
        { ms: this.ms, error: error instanceof Error ? error.message : String(error) },
        `closing: ${name}: failed`,
      )
    } finally {
      limit?.cancel()
      this.#now = null
    }
  }
}
