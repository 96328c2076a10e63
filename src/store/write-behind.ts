/**
 * Writes rows to PostgreSQL behind whoever puts them: nobody waits. The rows of a moment are one statement, and one
 * statement runs at a time, so they are written in their order. While PostgreSQL is down the newest rows are kept, and
 * written when it is back. Used for the states of agents (record/agent-rows.ts) and for events (outbox/outbox.ts).
 */
import { within, type Clock, type Timer } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import { Outage } from '../base/outage.ts'
import { RETRY } from '../base/retry.ts'
import { isRefused } from './sql.ts'

/** A process that closes waits this long for the rows that are left. */
const CLOSE_MS = 1_000

export interface WriteBehindOptions<Row> {
  /** Subject of the messages about an outage: 'the table of events'. */
  readonly what: string
  /** A row waits so long for others, milliseconds. */
  readonly gatherMs: number
  /** Rows in one statement. */
  readonly atOnce: number
  /** Rows that wait; with more, the oldest are dropped. */
  readonly most: number
  /** Writes these rows in one statement. */
  write(rows: readonly Row[]): Promise<void>
  /** Some of the oldest rows were dropped since the last time. */
  dropped(count: number): void
  /** PostgreSQL will never take this row; the others go on. */
  refused(row: Row, error: Error): void
  readonly clock: Clock
  readonly log: Log
}

/** Disposing refuses further rows, and waits up to 1 s for those that are left. */
export class WriteBehind<Row> implements AsyncDisposable {
  readonly #options: WriteBehindOptions<Row>
  readonly #outage: Outage
  #waiting: Row[] = []
  #writing: Promise<void> | null = null
  /** The next statement, or the next try. */
  #next: Timer | null = null
  #dropped = 0
  #closed = false

  constructor(options: WriteBehindOptions<Row>) {
    const { what, clock, log } = options
    this.#options = options
    this.#outage = new Outage({ what, fields: {}, clock, log })
  }

  put(row: Row): void {
    const { most, gatherMs } = this.#options
    if (this.#closed) return
    this.#waiting.push(row)
    if (this.#waiting.length > most) {
      this.#waiting.shift()
      this.#dropped++
    }
    if (this.#writing === null) this.#writeAfter(gatherMs)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    this.#next?.cancel()
    const left = async () => {
      await this.#writing
      await this.#writeAll()
    }
    await within(this.#options.clock, CLOSE_MS, left())
  }

  #writeAfter(ms: number): void {
    this.#next ??= this.#options.clock.after(ms, () => {
      this.#next = null
      this.#writing = this.#writeAll().finally(() => (this.#writing = null))
    })
  }

  /** Writes the rows that wait now; those that come meanwhile wait for the next time. */
  async #writeAll(): Promise<void> {
    const { atOnce, gatherMs, dropped } = this.#options
    for (let left = this.#waiting.length; left > 0; left -= atOnce) {
      const batch = this.#waiting.splice(0, atOnce)
      try {
        await this.#save(batch)
        this.#outage.end()
      } catch (error) {
        this.#waiting.unshift(...batch)
        this.#outage.away((error as Error).message)
        if (!this.#closed) this.#writeAfter(RETRY.callRows.pauseMs)
        return
      }
    }
    if (this.#waiting.length > 0 && !this.#closed) this.#writeAfter(gatherMs)
    if (this.#dropped === 0) return
    dropped(this.#dropped)
    this.#dropped = 0
  }

  /** One row that PostgreSQL refuses must not block the others. */
  async #save(batch: readonly Row[]): Promise<void> {
    try {
      await this.#options.write(batch)
    } catch (error) {
      if (!isRefused(error)) throw error
      if (batch.length === 1) return this.#options.refused(batch[0]!, error as Error)
      for (const one of batch) await this.#save([one])
    }
  }
}
