/** Where callbacks are stored: the table of PostgreSQL, or memory for tests (memory-callbacks.ts). Applies no rules. */
import type { Happening } from '../../events/happening.ts'
import * as rows from '../../store/callbacks.ts'
import type { CallbackClaim, CallbackNext, CallbackQuery, CallbackRow } from '../../store/callbacks.ts'
import { withEvents } from '../../store/events.ts'
import type { Sql } from '../../store/sql.ts'

/**
 * The functions of store/callbacks.ts. Each change names the state on which it is based: of two nodes one succeeds, and
 * the other gets null or false. `told` is staged with the change. Every method rejects when the store is unavailable.
 */
export interface CallbackTable {
  add(callback: CallbackRow, told?: readonly Happening[]): Promise<boolean>
  withId(id: string): Promise<CallbackRow | null>
  ofAttempt(attempt: string): Promise<CallbackRow | null>
  open(now: number, limit: number): Promise<CallbackRow[]>
  openOf(queue: string): Promise<CallbackRow[]>
  list(query: CallbackQuery): Promise<CallbackRow[]>
  claim(attempt: string, by: CallbackClaim, now: number): Promise<CallbackRow | null>
  overdue(now: number): Promise<CallbackRow[]>
  prolong(attempt: string, checkedAt: number): Promise<boolean>
  settle(attempt: string, next: CallbackNext, told?: readonly Happening[]): Promise<CallbackRow | null>
  end(id: string, state: 'expired' | 'cancelled', now: number, told?: readonly Happening[]): Promise<CallbackRow | null>
  reschedule(
    id: string,
    times: Pick<CallbackRow, 'joinedAt' | 'expiresAt'>,
    told?: readonly Happening[],
  ): Promise<CallbackRow | null>
}

export const sqlCallbacks = (sql: Sql): CallbackTable => ({
  add: (callback, told = []) => withEvents(sql, told, tx => rows.addCallback(tx, callback)),
  withId: id => rows.callbackWithId(sql, id),
  ofAttempt: attempt => rows.callbackOfAttempt(sql, attempt),
  open: (now, limit) => rows.openCallbacks(sql, now, limit),
  openOf: queue => rows.openCallbacksOf(sql, queue),
  list: query => rows.listCallbacks(sql, query),
  claim: (attempt, by, now) => rows.claimCallback(sql, attempt, by, now),
  overdue: now => rows.overdueCallbacks(sql, now),
  prolong: (attempt, checkedAt) => rows.prolongCallback(sql, attempt, checkedAt),
  settle: (attempt, next, told = []) => withEvents(sql, told, tx => rows.settleCallback(tx, attempt, next)),
  end: (id, state, now, told = []) => withEvents(sql, told, tx => rows.endCallback(tx, id, state, now)),
  reschedule: (id, times, told = []) => withEvents(sql, told, tx => rows.rescheduleCallback(tx, id, times)),
})
