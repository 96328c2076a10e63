/**
 * A promised callback: its states, and what follows from the end of an attempt. Pure.
 *
 *   waiting    has its place in the queue, in the order of `joinedAt` (from that moment on, when it is scheduled). Each
 *              attempt has the uuid of its call beforehand, and that is the name of the place.
 *   calling    the call of this attempt was dialled, or is about to be: written first, dialled once. The flow of the
 *              call ends it, or the node that dialled, or any node that finds the call gone (callback-attempts.ts).
 *   done       the customer talked with an agent.
 *   failed     there is no such number, or the tries are used up.
 *   expired    its time was over before it was its turn.
 *   cancelled  by a person.
 */
import { newUuid } from '../../esl/safe-text.ts'
import { settingOf, type QueueSettings } from '../settings.ts'
import type { CallbackNext, CallbackRow } from '../../store/callbacks.ts'
import { meaningOf, type CallbackEnd } from './callback-ends.ts'

export type Callback = CallbackRow

/** A refusal of FreeSWITCH (a limit, a gateway that is down) is not asked for again in a tight loop. */
const SOON_MS = 10_000

export interface NewCallback {
  readonly id: string
  readonly queue: string
  readonly number: string
  readonly agent?: string | null | undefined
  readonly joinedAt: number
  readonly headStartMs?: number
}

/** A callback of this queue, promised now. */
export function newCallback(given: NewCallback, queue: QueueSettings, now: number): Callback {
  const { id, number, agent = null, joinedAt, headStartMs = 0 } = given
  return {
    ...{ id, queue: given.queue, number, agent, joinedAt, headStartMs },
    state: 'waiting',
    dueAt: joinedAt,
    expiresAt: expiryOf(queue, Math.max(now, joinedAt)),
    tries: 0,
    attempt: newUuid(),
    ...{ called: null, node: null, core: null, outcome: null, answeredBy: null },
    createdAt: now,
    endedAt: null,
  }
}

/** One that nobody can make: its number cannot be dialled. */
export const failedCallback = (given: NewCallback, queue: QueueSettings, now: number): Callback => ({
  ...newCallback(given, queue, now),
  ...({ state: 'failed', outcome: 'invalid', endedAt: now } as const),
})

/** `since`: when it was promised, or the time for which it is scheduled. */
export const expiryOf = (queue: QueueSettings, since: number): number => since + settingOf(queue, 'callbackExpiresMs')

/** What becomes of a callback whose attempt has ended like this. */
export function afterAttempt(
  { tries: before }: Pick<Callback, 'tries'>,
  end: CallbackEnd,
  { agent = null, queue, now }: { agent?: string | null | undefined; queue: QueueSettings; now: number },
): CallbackNext {
  const { counts, next } = meaningOf(end)
  const tries = before + (counts ? 1 : 0)
  const is = { tries, outcome: end, answeredBy: next === 'done' ? agent : null, attempt: newUuid() }
  if (next === 'done' || next === 'failed' || (counts && tries >= settingOf(queue, 'callbackTries')))
    return { ...is, state: next === 'done' ? 'done' : 'failed', dueAt: now, endedAt: now }
  return { ...is, state: 'waiting', dueAt: now + pauseAfter(end, queue), endedAt: null }
}

function pauseAfter(end: CallbackEnd, queue: QueueSettings): number {
  const { next } = meaningOf(end)
  if (next === 'at once') return 0
  if (next === 'soon') return SOON_MS
  const { [end]: own, other } = settingOf(queue, 'callbackRetryAfter')
  return own ?? other
}
