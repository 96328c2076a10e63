/** Callbacks whose node has died, and one of them that cannot be settled. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { silentLog } from '../../src/base/log.ts'
import { CallbackAttempts } from '../../src/queue/callbacks/callback-attempts.ts'

test('a callback that cannot be settled delays no other one', async () => {
  const [broken, whole] = [randomUUID(), randomUUID()]
  const prolonged: string[] = []
  const settled: string[] = []
  const callback = (attempt: string) => ({ attempt, queue: 'sales', state: 'calling', called: 'customer', core: null })
  const callbacks = {
    table: {
      overdue: async () => [callback(broken), callback(whole)],
      prolong: async (attempt: string) => prolonged.push(attempt) > 0,
      ofAttempt: async (attempt: string) => callback(attempt),
    },
    settle: async (attempt: string) => void settled.push(attempt),
  }
  const calls = {
    read: async (attempt: string) => {
      if (attempt === broken) throw new Error('its journal cannot be read')
      return []
    },
  }
  const switchboard = { switches: [], isElsewhere: async () => false }
  const attempts = new CallbackAttempts({ callbacks, calls, switchboard, log: silentLog } as never)
  await attempts.settleOverdue(0)
  await attempts.settleOverdue(15_000) // asked for a second time
  assert.deepEqual(settled, [whole])
  assert.deepEqual(prolonged, [broken, whole, broken])
})
