/** Deletes events, and what became of their deliveries, when they are older than KEEP_EVENTS. Used by the node. */
import type { Clock } from '../base/clock.ts'
import { hourly } from '../base/hourly.ts'
import type { Log } from '../base/log.ts'
import { deleteOldDeliveries, skipDeleted } from '../store/event-targets.ts'
import { deleteOldEvents } from '../store/events.ts'
import type { Sql } from '../store/sql.ts'

/** Rows in one statement: some tens of milliseconds. */
const AT_ONCE = 5_000

interface Parts {
  readonly sql: Sql
  readonly keepMs: number
  readonly clock: Clock
  readonly log: Log
}

/** Begins an hour after the start. Stops when it is disposed. */
export const deletesOldEvents = ({ sql, keepMs, clock, log }: Parts): Disposable =>
  hourly({ failed: 'old events could not be deleted', clock, log }, async stopped => {
    for (const some of [deleteOldDeliveries, deleteOldEvents])
      for (let deleted = 1; deleted > 0 && !stopped();) deleted = await some(sql, clock.now() - keepMs, AT_ONCE)
    for (const webhook of await skipDeleted(sql)) log.warn({ webhook }, SKIPPED)
  })

const SKIPPED = 'events were deleted before a receiver took them, because they were older than KEEP_EVENTS'
