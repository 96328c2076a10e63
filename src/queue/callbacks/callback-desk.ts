/**
 * Keeps the rows of callbacks, and their places in the queues, together: at start, every 5 s, and when a caller of this
 * node asks for a callback. Each node does it; what one has done, the others find done.
 *
 *   requests   a caller's request is in the store of queues, because no caller waits for PostgreSQL. It gets its row.
 *   places     a callback whose time has come, and that has no place (it was scheduled, or Redis has lost its data),
 *              gets it; a place whose callback is over goes.
 *   ends       what has expired ends; what a dead node was dialling is settled (callback-attempts.ts).
 */
import type { Clock, Timer } from '../../base/clock.ts'
import type { Log } from '../../base/log.ts'
import { Outage } from '../../base/outage.ts'
import type { Member } from '../member.ts'
import type { QueueStore } from '../store.ts'
import type { CallbackAttempts } from './callback-attempts.ts'
import type { Callbacks } from './callbacks.ts'

const EVERY_MS = 5_000
/** Callbacks of one look, those who wait longest first. */
const MOST = 2_000

export interface CallbackDeskParts {
  readonly callbacks: Callbacks
  readonly attempts: CallbackAttempts
  readonly queueStore: QueueStore
  /** The places of callbacks in all queues, as this node knows them. Rejects with SERVICE when it knows none yet. */
  readonly places: () => Promise<readonly Member[]>
  readonly clock: Clock
  readonly log: Log
}

export class CallbackDesk implements AsyncDisposable {
  readonly #parts: CallbackDeskParts
  readonly #outage: Outage
  #timer: Timer | null = null
  #looking: Promise<void> | null = null
  #again = false
  #closed = false

  constructor(parts: CallbackDeskParts) {
    this.#parts = parts
    const { clock, log } = parts
    this.#outage = new Outage({ what: 'the table of callbacks', fields: {}, clock, log })
  }

  /** Looks now, or once more when it is looking. */
  look(): void {
    this.#again = true
    this.#looking ??= this.#lookUntilQuiet()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    this.#timer?.cancel()
    await this.#looking
  }

  async #lookUntilQuiet(): Promise<void> {
    const { clock } = this.#parts
    this.#timer?.cancel()
    try {
      while (this.#again && !this.#closed) {
        this.#again = false
        await this.#look(clock.now())
      }
      this.#outage.end()
    } catch (error) {
      this.#outage.away((error as Error).message)
    } finally {
      this.#looking = null
      if (!this.#closed) this.#timer = clock.after(EVERY_MS, () => this.look())
    }
  }

  async #look(now: number): Promise<void> {
    const { callbacks, attempts, queueStore } = this.#parts
    const queues = await queueStore.queues()
    await callbacks.adopt(queues)
    const places = new Map((await this.#parts.places()).map(place => [place.call, place]))
    const open = await callbacks.table.open(now, MOST)
    for (const callback of open) {
      if (callback.state !== 'waiting') continue
      const queue = queues.find(({ name }) => name === callback.queue) ?? (await callbacks.queueOf(callback))
      if (callback.expiresAt <= now) await callbacks.expire(callback)
      else await callbacks.place(callback, queue, places.get(callback.attempt))
    }
    for (const { attempt } of open) places.delete(attempt)
    for (const place of places.values()) await this.#clear(place)
    await attempts.settleOverdue(now)
  }

  /** A place whose callback is not among those that were read: it is over, or has another attempt now, or is later. */
  async #clear({ queue, call }: Member): Promise<void> {
    const { callbacks } = this.#parts
    const row = await callbacks.table.ofAttempt(call)
    if (row?.state !== 'waiting' && row?.state !== 'calling') await callbacks.forget({ queue, attempt: call })
  }
}
