/**
 * How far a job is, for its client (`job.progress`, and the event `progress`): {"phase": "adding", "done": 5000, "all":
 * 10000}. One report is under way at a time, and the newest one follows it. Used by jobs.ts.
 */
import type { Clock } from '../base/clock.ts'
import type { Progress } from '../operations/operation.ts'

/** The end of a phase is told at once, everything else at most so often. */
const EVERY_MS = 250

export interface JobProgressParts {
  readonly clock: Pick<Clock, 'monotonic'>
  /** Stores one report. Rejects when Redis is unavailable. */
  readonly store: (progress: Progress) => Promise<void>
  /** Hears that a report was not stored: the job goes on. */
  readonly failed: (error: Error) => void
}

export class JobProgress {
  readonly #parts: JobProgressParts
  #told = -Infinity
  #next: Progress | null = null
  #storing: Promise<void> | null = null

  constructor(parts: JobProgressParts) {
    this.#parts = parts
  }

  show(progress: Progress): void {
    const now = this.#parts.clock.monotonic()
    if (progress.done !== progress.all && now < this.#told + EVERY_MS) return
    this.#told = now
    this.#next = progress
    this.#storing ??= this.#store()
  }

  /** Resolves when the last report is stored: a report after the answer would be about a job that may be gone. */
  async end(): Promise<void> {
    await this.#storing
  }

  async #store(): Promise<void> {
    const { store, failed } = this.#parts
    try {
      for (let next = this.#next; next !== null; next = this.#next) {
        this.#next = null
        await store(next)
      }
    } catch (error) {
      failed(error as Error)
    } finally {
      this.#storing = null
    }
  }
}
