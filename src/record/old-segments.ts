/**
 * Deletes the rows of segments that are older than the setting KEEP_SEGMENTS: every hour, a few thousand in each
 * statement, so that no statement of a call waits for it. Every node does it; the second one finds little. Used by the
 * node.
 */
import type { Clock } from '../base/clock.ts'
import { hourly } from '../base/hourly.ts'
import type { Log } from '../base/log.ts'
import { deleteAgentStates } from '../store/agent-states.ts'
import { deleteCallSegments } from '../store/call-segments.ts'
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
export const deleteOldSegments = ({ sql, keepMs, clock, log }: Parts): Disposable =>
  hourly({ failed: 'old segments could not be deleted', clock, log }, async stopped => {
    for (const some of [deleteCallSegments, deleteAgentStates])
      for (let deleted = 1; deleted > 0 && !stopped();) deleted = await some(sql, clock.now() - keepMs, AT_ONCE)
  })
