/**
 * What a person, a caller or a node does with a promised callback: the row in PostgreSQL and the place in the queue
 * together. The row goes first, because it is the truth; a place that is missing, or left over, is put right by the
 * next look of any node (callback-desk.ts).
 */
import { openFrom } from '../../base/hours.ts'
import type { Clock } from '../../base/clock.ts'
import type { Country } from '../../base/country.ts'
import { dialable, inCountry } from '../../esl/phone-number.ts'
import { dial, newUuid } from '../../esl/safe-text.ts'
import { uuidOf } from '../../switch/channel-list.ts'
import type { Events } from '../../events/events.ts'
import { awaitedAgain, type CallbackPlace, type Member } from '../member.ts'
import { settingOf, type QueueSettings } from '../settings.ts'
import type { QueueStore } from '../store.ts'
import { afterAttempt, expiryOf, failedCallback, newCallback, type Callback, type NewCallback } from './callback.ts'
import type { CallbackEnd } from './callback-ends.ts'
import type { CallbackTable } from './callback-table.ts'

/** Queues that never open are looked at again after this time. */
const NEVER_OPENS_MS = 86_400_000

export interface CallbacksParts {
  readonly table: CallbackTable
  readonly queueStore: QueueStore
  readonly clock: Clock
  readonly events: Events
  /** Of numbers that callers write without a country code (the setting COUNTRY). */
  readonly country?: Country | null | undefined
}

export class Callbacks {
  readonly #parts: CallbacksParts

  constructor(parts: CallbacksParts) {
    this.#parts = parts
  }

  get table(): CallbackTable {
    return this.#parts.table
  }

  /** False when there is one of this id. */
  async add(given: NewCallback, queue: QueueSettings): Promise<Callback | null> {
    const { table, clock, events } = this.#parts
    const callback = newCallback(given, queue, clock.now())
    if (!(await table.add(callback))) return null
    const { id, number, agent, joinedAt } = callback
    events.tell('callback.promised', {
      callback: id,
      queue: callback.queue,
      number,
      due: joinedAt,
      ...(agent !== null && { agent }),
    })
    await this.place(callback, queue)
    return callback
  }

  /** The requests of callers of these queues get their rows. One of an older version has the place of its moment. */
  async adopt(queues: readonly QueueSettings[]): Promise<void> {
    const { table, queueStore, clock, events, country } = this.#parts
    for (const request of await queueStore.callbackRequests(...queues.map(({ name }) => name))) {
      const queue = queues.find(({ name }) => name === request.queue)!
      const { call, number, keptAt, joinedAt = keptAt, headStartMs = 0 } = request
      const wish = { id: uuidOf(call) ?? newUuid(), queue: queue.name, joinedAt, headStartMs }
      const dialled = dialable(number)
      if (dialled !== null) await this.add({ ...wish, number: inCountry(dial(dialled), country) }, queue)
      else {
        // an older version kept any text
        const failed = failedCallback({ ...wish, number }, queue, clock.now())
        const about = { callback: failed.id, queue: queue.name, uuid: failed.attempt, end: 'invalid', tries: 0 }
        if (await table.add(failed)) events.tell('callback.failed', about)
      }
      await queueStore.removeCallbackRequest(queue.name, call)
    }
  }

  /** Null when it is not waiting. */
  async cancel(id: string): Promise<Callback | null> {
    const { table, clock, events } = this.#parts
    const ended = await table.end(id, 'cancelled', clock.now())
    if (!ended) return null
    events.tell('callback.cancelled', { callback: id, queue: ended.queue })
    await this.forget(ended)
    return ended
  }

  /** Another time, and the place in the queue of that time. Null when it is not waiting. */
  async reschedule(id: string, at: number, queue: QueueSettings): Promise<Callback | null> {
    const { table, events } = this.#parts
    const moved = await table.reschedule(id, { joinedAt: at, expiresAt: expiryOf(queue, at) })
    if (!moved) return null
    events.tell('callback.rescheduled', { callback: id, queue: moved.queue, due: at })
    await this.forget(moved)
    await this.place(moved, queue)
    return moved
  }

  /** Its time is over. */
  async expire(callback: Callback): Promise<void> {
    const { table, clock, events } = this.#parts
    const ended = await table.end(callback.id, 'expired', clock.now())
    if (!ended) return
    events.tell('callback.expired', { callback: ended.id, queue: ended.queue, tries: ended.tries })
    await this.forget(ended)
  }

  /**
   * The attempt has ended like this. The first end of an attempt counts: null when it was settled before, or when there
   * is no such attempt.
   */
  async settle(attempt: string, end: CallbackEnd, agent?: string | null): Promise<Callback | null> {
    const { table, clock, events } = this.#parts
    const before = await table.ofAttempt(attempt)
    if (before?.state !== 'calling') return null
    const queue = await this.queueOf(before)
    const settled = await table.settle(attempt, afterAttempt(before, end, { agent, queue, now: clock.now() }))
    if (!settled) return null
    const { id: callback, tries, state } = settled
    const about = { callback, queue: queue.name, uuid: attempt, end, tries }
    if (state === 'done')
      events.tell('callback.done', { callback, queue: queue.name, uuid: attempt, ...(agent && { agent }) })
    else if (state === 'failed') events.tell('callback.failed', about)
    else events.tell('callback.missed', { ...about, next: settled.dueAt })
    await this.forget(before)
    if (state === 'waiting') await this.place(settled, queue)
    return settled
  }

  /** Gives it its place in the queue, when its time has come. `there`: the place that it has, as far as it is known. */
  async place(
    { attempt, number, agent, joinedAt, headStartMs, dueAt }: Callback,
    queue: QueueSettings,
    there?: Member,
  ): Promise<void> {
    const { queueStore, clock } = this.#parts
    const now = clock.now()
    if (joinedAt > now) return
    const due = opening(queue, Math.max(dueAt, now))
    const agentUntil = joinedAt + settingOf(queue, 'callbackAgentWaitMs')
    const callback: CallbackPlace =
      agent !== null && agentUntil > now
        ? { order: 'agent-first', agent, agentUntil }
        : { order: settingOf(queue, 'callbackOrder') }
    const notBefore = due > now ? due : 0
    const place = { call: attempt, from: number, joinedAt, headStartMs, callback, notBefore }
    if (!there || awaitedAgain(there, place, now)) await queueStore.awaitCallback(queue.name, place, now)
  }

  /** Takes its place in the queue away, unless its call is there. Returns the place. */
  forget({ queue, attempt }: Pick<Callback, 'queue' | 'attempt'>): Promise<Member | null> {
    return this.#parts.queueStore.forgetCallback(queue, attempt)
  }

  /** The settings of its queue; the defaults when the queue is gone, as for one that waits for a queue to return. */
  async queueOf({ queue: name }: Pick<Callback, 'queue'>): Promise<QueueSettings> {
    const found = (await this.#parts.queueStore.queues()).find(queue => queue.name === name)
    return found ?? { name, strategy: '' }
  }
}

/** The first moment from `at` on that is within the calling hours of the queue. */
export function opening(queue: QueueSettings, at: number): number {
  const hours = settingOf(queue, 'callbackHours')
  return hours === null ? at : (openFrom(hours, at) ?? at + NEVER_OPENS_MS)
}
