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
import { happening, type Happening } from '../../events/happening.ts'
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
    const { id, number, agent, joinedAt } = callback
    const about = { callback: id, queue: callback.queue, number, due: joinedAt, ...(agent !== null && { agent }) }
    const told = happening('callback.promised', about, clock.now())
    if (!(await table.add(callback, [told]))) return null
    told.tell(events)
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
        const told = happening('callback.failed', about, clock.now())
        if (await table.add(failed, [told])) told.tell(events)
      }
      await queueStore.removeCallbackRequest(queue.name, call)
    }
  }

  /** Null when it is not waiting. */
  async cancel(id: string): Promise<Callback | null> {
    const { table, clock } = this.#parts
    const callback = await table.withId(id)
    if (!callback) return null
    const now = clock.now()
    return this.#end(id, 'cancelled', happening('callback.cancelled', { callback: id, queue: callback.queue }, now))
  }

  /** Another time, and the place in the queue of that time. Null when it is not waiting. */
  async reschedule(id: string, at: number, queue: QueueSettings): Promise<Callback | null> {
    const { table, events, clock } = this.#parts
    const told = happening('callback.rescheduled', { callback: id, queue: queue.name, due: at }, clock.now())
    const moved = await table.reschedule(id, { joinedAt: at, expiresAt: expiryOf(queue, at) }, [told])
    if (!moved) return null
    told.tell(events)
    await this.forget(moved)
    await this.place(moved, queue)
    return moved
  }

  /** Its time is over. */
  async expire({ id, queue, tries }: Callback): Promise<void> {
    const now = this.#parts.clock.now()
    await this.#end(id, 'expired', happening('callback.expired', { callback: id, queue, tries }, now))
  }

  async #end(id: string, state: 'expired' | 'cancelled', told: Happening): Promise<Callback | null> {
    const { table, clock, events } = this.#parts
    const ended = await table.end(id, state, clock.now(), [told])
    if (!ended) return null
    told.tell(events)
    await this.forget(ended)
    return ended
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
    const now = clock.now()
    const after = afterAttempt(before, end, { agent, queue, now })
    const about = { callback: before.id, queue: queue.name, uuid: attempt }
    const failure = { ...about, end, tries: after.tries }
    const told =
      after.state === 'done'
        ? happening('callback.done', { ...about, ...(agent && { agent }) }, now)
        : after.state === 'failed'
          ? happening('callback.failed', failure, now)
          : happening('callback.missed', { ...failure, next: after.dueAt }, now)
    const settled = await table.settle(attempt, after, [told])
    if (!settled) return null
    told.tell(events)
    await this.forget(before)
    if (settled.state === 'waiting') await this.place(settled, queue)
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
