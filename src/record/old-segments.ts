/**
 * Deletes the rows of segments that are older than the setting KEEP_SEGMENTS: every hour, a few thousand in each
 * statement, so that no statement of a call waits for it. Every node does it; the second one finds little. Used by the
 * node.
 */
import type { Clock, Timer } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import { deleteAgentStates } from '../store/agent-states.ts'
import { deleteCallSegments } from '../store/call-segments.ts'
import type { Sql } from '../store/sql.ts'

const EVERY_MS = 3_600_000
/** Rows in one statement: some tens of milliseconds. */
const AT_ONCE = 5_000

interface Parts {
  readonly sql: Sql
  readonly keepMs: number
  readonly clock: Clock
  readonly log: Log
}

/** Begins an hour after the start. Stops when it is disposed. */
export function deleteOldSegments({ sql, keepMs, clock, log }: Parts): Disposable {
  let stopped = false
  let timer: Timer = clock.after(EVERY_MS, () => void turn())
  const all = async (some: (from: Sql, before: number, most: number) => Promise<number>) => {
    for (let deleted = 1; deleted > 0 && !stopped;) deleted = await some(sql, clock.now() - keepMs, AT_ONCE)
  }
  const turn = async () => {
    try {
      await all(deleteCallSegments)
      await all(deleteAgentStates)
    } catch (error) {
      log.info({ error: (error as Error).message }, 'old segments could not be deleted; the next hour tries again')
    }
    if (!stopped) timer = clock.after(EVERY_MS, () => void turn())
  }
  return {
    [Symbol.dispose]() {
      stopped = true
      timer.cancel()
    },
  }
}
