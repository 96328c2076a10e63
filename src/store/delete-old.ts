/** Deletes rows that are older than a setting says: every hour, some in each statement, so that nobody waits for it. */
import type { Clock, Timer } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { Sql } from './sql.ts'

const EVERY_MS = 3_600_000
/** Rows in one statement: some tens of milliseconds. */
const AT_ONCE = 5_000

export interface DeleteOldParts {
  readonly sql: Sql
  readonly keepMs: number
  readonly clock: Clock
  readonly log: Log
}

/** Deletes rows from before this moment, `most` at most, and returns how many. */
type DeleteSome = (from: Sql, before: number, most: number) => Promise<number>

/**
 * Begins an hour after the start, and stops when it is disposed. `failed`: 'old events could not be deleted'.
 * `afterwards`: what is done when all are deleted.
 */
export function deleteOld(
  { sql, keepMs, clock, log }: DeleteOldParts,
  failed: string,
  all: readonly DeleteSome[],
  afterwards: () => Promise<void> = async () => {},
): Disposable {
  let stopped = false
  let timer: Timer = clock.after(EVERY_MS, () => void turn())
  const turn = async () => {
    try {
      for (const some of all)
        for (let deleted = 1; deleted > 0 && !stopped;) deleted = await some(sql, clock.now() - keepMs, AT_ONCE)
      await afterwards()
    } catch (error) {
      log.info({ error: (error as Error).message }, `${failed}; the next hour tries again`)
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
