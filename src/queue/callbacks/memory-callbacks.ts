/** Callbacks in this process's memory, for tests. `reach` may reject, as PostgreSQL does when it is down. */
import type { CallbackRow } from '../../store/callbacks.ts'
import type { CallbackTable } from './callback-table.ts'

type Kept = CallbackRow & { readonly checkedAt: number | null }

export function memoryCallbacks(reach: () => Promise<void> = async () => {}): CallbackTable {
  const rows = new Map<string, Kept>()
  const shown = (kept: Kept): CallbackRow => {
    const row: CallbackRow & { checkedAt?: unknown } = { ...kept }
    delete row.checkedAt
    return row
  }
  const isOpen = ({ state }: CallbackRow) => state === 'waiting' || state === 'calling'
  const byPlace = (a: CallbackRow, b: CallbackRow) => a.joinedAt - b.joinedAt || (a.id < b.id ? -1 : 1)
  const newest = (a: CallbackRow, b: CallbackRow) => b.createdAt - a.createdAt || (a.id > b.id ? -1 : 1)
  const all = (isWanted: (row: Kept) => boolean) => [...rows.values()].filter(isWanted)
  const change = (row: Kept | undefined, fields: Partial<Kept>) => {
    if (!row) return null
    const next = { ...row, ...fields }
    rows.set(row.id, next)
    return shown(next)
  }
  const find = (attempt: string) => all(row => row.attempt === attempt)[0]
  const waiting = (id: string) => all(row => row.id === id && row.state === 'waiting')[0]
  const calling = (attempt: string) => all(row => row.attempt === attempt && row.state === 'calling')[0]
  return {
    async add(callback) {
      await reach()
      if (rows.has(callback.id)) return false
      rows.set(callback.id, { ...callback, checkedAt: null })
      return true
    },
    async withId(id) {
      await reach()
      const row = rows.get(id)
      return row ? shown(row) : null
    },
    async ofAttempt(attempt) {
      await reach()
      const row = find(attempt)
      return row ? shown(row) : null
    },
    async open(now, limit) {
      await reach()
      return all(row => isOpen(row) && row.joinedAt <= now)
        .sort(byPlace)
        .slice(0, limit)
        .map(shown)
    },
    async openOf(queue) {
      await reach()
      return all(row => isOpen(row) && row.queue === queue)
        .sort(byPlace)
        .map(shown)
    },
    async list({ queue, state, after, limit }) {
      await reach()
      return all(row => row.queue === (queue ?? row.queue) && row.state === (state ?? row.state))
        .sort(newest)
        .filter(row => !after || newest({ ...row, ...after }, row) < 0)
        .slice(0, limit)
        .map(shown)
    },
    async claim(attempt, by, now) {
      await reach()
      const row = find(attempt)
      const isDue = row?.state === 'waiting' && row.joinedAt <= now && row.dueAt <= now && row.expiresAt > now
      return isDue ? change(row, { state: 'calling', ...by }) : null
    },
    async overdue(now) {
      await reach()
      return all(row => row.state === 'calling' && row.checkedAt! <= now)
        .sort(byPlace)
        .map(shown)
    },
    async prolong(attempt, checkedAt) {
      await reach()
      return change(calling(attempt), { checkedAt }) !== null
    },
    async settle(attempt, next) {
      await reach()
      return change(calling(attempt), { ...next, called: null, node: null, core: null, checkedAt: null })
    },
    async end(id, state, now) {
      await reach()
      return change(waiting(id), { state, endedAt: now })
    },
    async reschedule(id, { joinedAt, expiresAt }) {
      await reach()
      return change(waiting(id), { joinedAt, dueAt: joinedAt, headStartMs: 0, expiresAt })
    },
  }
}
