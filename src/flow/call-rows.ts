/**
 * Writes the rows of calls. A row that PostgreSQL cannot take waits, and is written with the others when it is back, the oldest first.
 * Nothing else of such a call is kept: it is no load. So many have room. The journal of each says how it ended, so that reconciliation
 * writes what finds no room here, and what waits when this process ends. Used by flow/run.ts.
 */
import type { Clock, Timer } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { Journal } from '../call/journal.ts'
import type { CallStore, Owner } from '../call/ownership.ts'
import type { CallBeginning, CallRecord, CallRecords } from './call-record.ts'

export interface CallRowsParts {
  readonly records: CallRecords
  /** Where the journals are. */
  readonly calls: Pick<CallStore, 'end'> | null
  readonly clock: Clock
  readonly log: Log
}

/** 1 to 2 kB each. */
const MOST = 10_000
/** In one transaction: 500 statements that leave together, a tenth of a second. */
const AT_ONCE = 250
/** Until PostgreSQL is asked again, and by how much that differs from time to time: several nodes wait for the same server. */
const AGAIN_MS = 1_000
const SPREAD_MS = 500
const TOLD_EVERY_MS = 30_000

const REFUSED = 'PostgreSQL refuses the row of a call for what is in it: the row is missing, the journal of the call stays'

interface Waiting {
  readonly record: CallRecord
  readonly owner: Owner
  /** False: whoever made the call could not be told what came of it, so its journal stays. */
  readonly settled: Promise<boolean>
}

export class CallRows {
  readonly #parts: CallRowsParts
  readonly #waiting = new Map<string, Waiting>()
  #timer: Timer | null = null
  #since: number | null = null
  #toldAt = -Infinity
  /** Found no room. */
  #left = 0
  #closed = false

  constructor(parts: CallRowsParts) {
    this.#parts = parts
  }

  /** Does the row of this call wait for PostgreSQL? */
  has(uuid: string): boolean {
    return this.#waiting.has(uuid)
  }

  /** Never rejects: a row that could not begin is made when the call has ended. */
  async begun(call: CallBeginning): Promise<void> {
    const { records, log } = this.#parts
    try {
      await records.begun(call)
    } catch (error) {
      log.debug({ uuid: call.uuid, error: (error as Error).message }, 'the row of a call could not begin: it is written when the call has ended')
    }
  }

  /** True when it is written; else how the call ended is in its journal, and the call needs nobody here any more. `settled` as in FlowCall. */
  async ended(record: CallRecord, journal: Journal, settled: Promise<boolean>): Promise<boolean> {
    const { records, log } = this.#parts
    const { uuid, endedAt: at, answeredAt, outcome, end } = record
    let refused = false
    try {
      // those that wait go first: this one would wait as long as they do
      if (this.#waiting.size === 0) {
        const [fault] = await records.ended([record])
        if (!fault) return true
        refused = true
        log.error({ uuid, error: fault.why }, REFUSED)
      }
    } catch (error) {
      log.debug({ uuid, error: (error as Error).message }, 'the row of a call that has ended could not be written yet')
    }
    journal.note({ ended: { at, answeredAt, cause: end.cause, outcome } })
    await journal.write()
    if (!refused) this.#keep(record, journal.owner, settled)
    return false
  }

  /** This process ends: reconciliation writes the rest. */
  close(): void {
    this.#closed = true
    this.#timer?.cancel()
  }

  #keep(record: CallRecord, owner: Owner, settled: Promise<boolean>): void {
    const { cause } = record.end
    // copied: a part of an event's text would keep all of it alive (V8), 9 kB for each call
    if (this.#waiting.size < MOST) this.#waiting.set(record.uuid, { record: structuredClone({ ...record, end: { cause } }), owner, settled })
    else this.#left++
    this.#tell()
    this.#timer ??= this.#later()
  }

  #later(): Timer | null {
    if (this.#closed) return null
    return this.#parts.clock.after(AGAIN_MS + Math.floor(Math.random() * SPREAD_MS), () => void this.#write())
  }

  async #write(): Promise<void> {
    const { clock, log } = this.#parts
    const began = clock.monotonic()
    let written = 0
    try {
      while (this.#waiting.size > 0 && !this.#closed) written += await this.#writeOldest()
    } catch (error) {
      log.debug({ waiting: this.#waiting.size, error: (error as Error).message }, 'rows of calls wait for PostgreSQL still')
      this.#tell()
      this.#timer = this.#later()
      return
    }
    log.info({ written, ms: Math.round(clock.monotonic() - began), waitedMs: Math.round(began - (this.#since ?? began)), leftToReconciliation: this.#left }, 'rows of calls that waited for PostgreSQL were written')
    this.#since = this.#timer = null
    this.#left = 0
  }

  /** Gives the number of rows that were written. */
  async #writeOldest(): Promise<number> {
    const { records, log } = this.#parts
    const batch = [...this.#waiting.values()].slice(0, AT_ONCE)
    const refused = new Map((await records.ended(batch.map(({ record }) => record))).map(({ uuid, why }) => [uuid, why]))
    for (const one of batch) {
      const { uuid } = one.record
      this.#waiting.delete(uuid)
      if (refused.has(uuid)) log.error({ uuid, error: refused.get(uuid) }, REFUSED)
      else void this.#forget(one)
    }
    return batch.length - refused.size
  }

  #tell(): void {
    const { clock, log } = this.#parts
    const now = clock.monotonic()
    this.#since ??= now
    if (now - this.#toldAt < TOLD_EVERY_MS) return
    this.#toldAt = now
    log.warn({ waiting: this.#waiting.size, most: MOST, leftToReconciliation: this.#left }, 'PostgreSQL does not take the rows of calls that have ended: they wait until it does')
  }

  /** Nobody waits for it: a lead may be settled later than the row is written. */
  async #forget({ record: { uuid }, owner, settled }: Waiting): Promise<void> {
    const { calls, log } = this.#parts
    try {
      if (await settled) await calls?.end(uuid, owner)
    } catch (error) {
      log.warn({ uuid, error: (error as Error).message }, 'the journal of a call that has ended could not be thrown away') // reconciliation does
    }
  }
}
