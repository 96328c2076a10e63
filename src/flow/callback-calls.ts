/** Maps the store of callbacks to what flows need of it (CallbackCalls in callback.ts). */
import type { Clock } from '../base/clock.ts'
import { mayStart, type CallStarts } from '../queue/callbacks/call-starts.ts'
import type { Callbacks } from '../queue/callbacks/callbacks.ts'
import { settingOf } from '../queue/settings.ts'
import type { CallbackCalls } from './callback.ts'

/** An answered call is asked for again after this time, when nobody has settled it. */
const ANSWERED_MS = 300_000

export function callbackCalls(callbacks: Callbacks, starts: CallStarts, clock: Clock): CallbackCalls {
  return {
    mayCall: at => mayStart(starts, at, clock),
    async find(uuid) {
      const row = await callbacks.table.ofAttempt(uuid)
      if (!row?.called || !(await callbacks.table.prolong(uuid, clock.now() + ANSWERED_MS))) return null
      const hours = settingOf(await callbacks.queueOf(row), 'callbackHours')
      return { number: row.number, queue: row.queue, called: row.called, promisedAt: row.createdAt, hours }
    },
    settle: async (uuid, end, agent) => void (await callbacks.settle(uuid, end, agent)),
  }
}
