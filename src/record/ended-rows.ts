/** The rows of calls that have ended here: written at once, or when PostgreSQL is back. Until then nothing else of such a call is kept. Used by run.ts. */
import type { CallContext } from '../call/call-context.ts'
import type { Journal } from '../journal/journal.ts'
import type { CallStore, Owner } from '../journal/call-store.ts'
import { isRefused } from '../store/sql.ts'
import type { CallRecord, CallRecords } from './call-record.ts'

export interface EndedRowsParts {
  readonly records: CallRecords
  readonly context: Pick<CallContext, 'log'>
  /** Where the journals are. */
  readonly calls?: Pick<CallStore, 'end'> | undefined
}

/** Whoever has the row tells it: asking once more is of no use. */
export const REFUSED =
  'PostgreSQL refuses the row of a call for what is in it: the row is missing, the journal of the call stays'

export class EndedRows {
  readonly #parts: EndedRowsParts
  readonly #waiting = new Set<string>()

  constructor(parts: EndedRowsParts) {
    this.#parts = parts
  }

  /** Does the row of this call wait for PostgreSQL? */
  has(uuid: string): boolean {
    return this.#waiting.has(uuid)
  }

  /** True when it is written; else how the call ended is in its journal, and the call needs nobody here any more. `settled` as in FlowCall. */
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
      // the caller is gone and must not be kept waiting for a database
      journal.note({ ended: { at, answeredAt, cause, hungUpBy } })
      await journal.write()
      journal.stop()
      if (isRefused(error)) context.log.error({ ...withoutEvent(record), error: (error as Error).message }, REFUSED)
      else if (records.later) void this.#wait(uuid, journal.owner, records.later(record), settled)
      return false
    }
  }

  /** What finds no room, and what waits when this process ends, is written by reconciliation, of the journal. */
  async #wait(uuid: string, owner: Owner, written: Promise<void>, settled: Promise<boolean>): Promise<void> {
    const { calls, context } = this.#parts
    this.#waiting.add(uuid)
    try {
      await written
      if (await settled) await calls?.end(uuid, owner)
    } catch (error) {
      if (isRefused(error)) context.log.error({ uuid, error: (error as Error).message }, REFUSED)
      else
        context.log.debug({ uuid, error: (error as Error).message }, 'a call that has ended is left to reconciliation')
    } finally {
      this.#waiting.delete(uuid)
    }
  }
}

/** Without the switch's last event: it holds every variable of the call, the keys that were pressed among them. */
const withoutEvent = ({ end, tags, ...record }: CallRecord) => ({
  ...record,
  cause: end.cause,
  tags: Object.fromEntries(tags),
})
