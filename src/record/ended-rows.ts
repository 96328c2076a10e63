/** Writes the records of calls that ended on this node: at once, or when PostgreSQL is back. Used by flow/run.ts. */
import type { CallContext } from '../call/call-context.ts'
import type { Journal } from '../journal/journal.ts'
import type { CallStore, Owner } from '../journal/call-store.ts'
import { isRefused } from '../store/sql.ts'
import type { CallRecord, CallRecords } from './call-record.ts'

export interface EndedRowsParts {
  readonly records: CallRecords
  readonly context: Pick<CallContext, 'log'>
  /** The store of journals. */
  readonly calls?: Pick<CallStore, 'end'> | undefined
}

/** Logged with the record: a retry of the same record would be refused again. */
export const REFUSED =
  'PostgreSQL refused the record of a call for its content; the record is missing, the journal of the call stays'

export class EndedRows {
  readonly #parts: EndedRowsParts
  readonly #waiting = new Set<string>()

  constructor(parts: EndedRowsParts) {
    this.#parts = parts
  }

  /** Does the record of this call wait for PostgreSQL? */
  has(uuid: string): boolean {
    return this.#waiting.has(uuid)
  }

  /**
   * Resolves with true when the record is written. Otherwise the end of the call is in its journal, and the flow's part
   * is over. `settled` is FlowCall.settled.
   */
  async write(record: CallRecord, journal: Journal, settled: Promise<boolean>): Promise<boolean> {
    const { records, context } = this.#parts
    const {
      uuid,
      endedAt: at,
      answeredAt,
      end: { cause },
      hungUpBy,
    } = record
    try {
      await records.ended(record)
      return true
    } catch (error) {
      // the call is over and holds nothing on this node while PostgreSQL is down
      journal.note({ kind: 'ended', at, answeredAt, cause, hungUpBy })
      await journal.write()
      journal.stop()
      if (isRefused(error)) context.log.error({ ...withoutEvent(record), error: (error as Error).message }, REFUSED)
      else if (records.later) void this.#wait(uuid, journal.owner, records.later(record), settled)
      return false
    }
  }

  /**
   * A record that finds no room, or still waits when this process ends, is written by reconciliation, from the journal.
   */
  async #wait(uuid: string, owner: Owner, written: Promise<void>, settled: Promise<boolean>): Promise<void> {
    const { calls, context } = this.#parts
    this.#waiting.add(uuid)
    try {
      await written
      if (await settled) await calls?.end(uuid, owner)
    } catch (error) {
      if (isRefused(error)) context.log.error({ uuid, error: (error as Error).message }, REFUSED)
      else context.log.debug({ uuid, error: (error as Error).message }, 'an ended call is left to reconciliation')
    } finally {
      this.#waiting.delete(uuid)
    }
  }
}

/**
 * The record without FreeSWITCH's last event: that holds every variable of the call, among them the keys that were
 * pressed.
 */
const withoutEvent = ({ end, tags, ...record }: CallRecord) => ({
  ...record,
  cause: end.cause,
  tags: Object.fromEntries(tags),
})
