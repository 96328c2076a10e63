/**
 * Writes the events of this process to PostgreSQL, behind whoever tells them: nobody waits. The events of 20 ms are one
 * statement, and one statement runs at a time, so the events of a process stand in the order in which it told them.
 * While PostgreSQL is down the newest 50 000 are kept, and written when it is back.
 *
 * An event that belongs to a change in PostgreSQL is staged in the transaction of the change (store/events.ts), with an
 * id, and told with the same id: when this process dies between the two, another one writes it.
 */
import { within, type Clock, type Timer } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import { Outage } from '../base/outage.ts'
import { RETRY } from '../base/retry.ts'
import { newUuid } from '../esl/safe-text.ts'
import type { EventData, EventName } from '../events/catalogue.ts'
import { rowOf, type EventRow } from '../events/envelope.ts'
import type { Events, Telling } from '../events/events.ts'
import { appendEvents, hasLateEvents } from '../store/events.ts'
import { isRefused, type Sql } from '../store/sql.ts'

/** An event waits so long for others. */
const GATHER_MS = 20
/** Events in one statement. */
const AT_ONCE = 500
/** About 25 MB: an hour of 14 events per second. */
const MOST = 50_000
/** A process that closes waits this long for the events that are left. */
const CLOSE_MS = 1_000
/** How often a process looks for staged events of processes that died. */
const LATE_MS = 5_000

export interface OutboxParts {
  readonly sql: Sql
  /** The name of this process. */
  readonly node: string
  readonly clock: Clock
  readonly log: Log
}

export class Outbox implements Events, AsyncDisposable {
  readonly #parts: OutboxParts
  readonly #outage: Outage
  readonly #written = new Set<(last: number) => void>()
  #waiting: EventRow[] = []
  #writing: Promise<void> | null = null
  /** The next statement, or the next try. */
  #next: Timer | null = null
  #late: Timer | null = null
  #dropped = 0
  #closed = false

  constructor(parts: OutboxParts) {
    this.#parts = parts
    this.#outage = new Outage({ what: 'the table of events', fields: {}, ...parts })
  }

  tell<N extends EventName>(name: N, data: EventData<N>, { id = newUuid(), at }: Telling = {}): void {
    if (this.#closed) return
    this.#waiting.push(rowOf(name, data, { id, at: at ?? this.#parts.clock.now() }))
    if (this.#waiting.length > MOST) {
      this.#waiting.shift()
      this.#dropped++
    }
    if (this.#writing === null) this.#writeAfter(GATHER_MS)
  }

  /** Calls `listener` with the number of the last event, whenever this process has written some. */
  onWritten(listener: (last: number) => void): Disposable {
    this.#written.add(listener)
    return { [Symbol.dispose]: () => void this.#written.delete(listener) }
  }

  /** From now on this process also writes the staged events of processes that died. */
  watchLate(): void {
    const { sql, clock, log } = this.#parts
    const look = async () => {
      try {
        if (await hasLateEvents(sql, clock.now())) await this.#append([])
      } catch (error) {
        log.debug({ error: (error as Error).message }, 'staged events could not be looked for; it is tried again')
      }
      if (!this.#closed) this.#late = clock.after(LATE_MS, () => void look())
    }
    this.#late = clock.after(LATE_MS, () => void look())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    this.#next?.cancel()
    this.#late?.cancel()
    const left = async () => {
      await this.#writing
      await this.#writeAll()
    }
    await within(this.#parts.clock, CLOSE_MS, left())
    this.#written.clear()
  }

  #writeAfter(ms: number): void {
    this.#next ??= this.#parts.clock.after(ms, () => {
      this.#next = null
      this.#writing = this.#writeAll().finally(() => (this.#writing = null))
    })
  }

  /** Writes the events that wait now; those that come meanwhile wait for the next time. */
  async #writeAll(): Promise<void> {
    for (let left = this.#waiting.length; left > 0; left -= AT_ONCE) {
      const batch = this.#waiting.splice(0, AT_ONCE)
      try {
        await this.#save(batch)
        this.#outage.end()
      } catch (error) {
        this.#waiting.unshift(...batch)
        this.#outage.away((error as Error).message)
        if (!this.#closed) this.#writeAfter(RETRY.callRows.pauseMs)
        return
      }
    }
    if (this.#waiting.length > 0 && !this.#closed) this.#writeAfter(GATHER_MS)
    if (this.#dropped === 0) return
    this.#parts.log.warn({ dropped: this.#dropped, most: MOST }, DROPPED)
    this.#dropped = 0
  }

  /** One event that PostgreSQL refuses must not block the others. */
  async #save(batch: readonly EventRow[]): Promise<void> {
    try {
      await this.#append(batch)
    } catch (error) {
      if (!isRefused(error)) throw error
      const [{ id, type } = { id: '', type: '' }] = batch
      if (batch.length <= 1) return this.#parts.log.error({ id, type, error: (error as Error).message }, REFUSED)
      for (const one of batch) await this.#save([one])
    }
  }

  async #append(batch: readonly EventRow[]): Promise<void> {
    const { sql, node, clock } = this.#parts
    const last = await appendEvents(sql, batch, { node, now: clock.now() })
    for (const listener of this.#written) listener(last)
  }
}

const DROPPED =
  'PostgreSQL was away for so long that the oldest events were dropped; programs that hear events miss them'
const REFUSED = 'PostgreSQL refused an event for its content; programs that hear events miss it'
