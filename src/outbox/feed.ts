/**
 * The events of all processes, in their order, for those who follow them in this process: the desk's streams, webhooks
 * and sinks. Reads PostgreSQL once for all of them: at once after an event of this process, else four times a second.
 * The newest events stay in memory; who is further behind reads PostgreSQL.
 */
import { Outage } from '../base/outage.ts'
import { sleep, type Clock, type Timer } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { StoredEvent } from '../events/envelope.ts'
import { eventRange, eventsAfter } from '../store/events.ts'
import type { Sql } from '../store/sql.ts'
import type { Outbox } from './outbox.ts'

/** Events of other processes are later by so much at most. */
const LOOK_MS = 250
/** Without PostgreSQL. */
const AGAIN_MS = 1_000
/** Events in one statement. */
const AT_ONCE = 500
/** About 2 MB. */
const NEWEST = 4_000

interface Parts {
  readonly sql: Sql
  readonly outbox: Pick<Outbox, 'onWritten'>
  readonly clock: Clock
  readonly log: Log
}

export class Feed implements Disposable {
  readonly #parts: Parts
  readonly #outage: Outage
  readonly #waiting = new Set<() => void>()
  readonly #listening: Disposable
  /** The newest events, without a gap; `#last` is the number of the last one of all. */
  #newest: StoredEvent[] = []
  #last: number | null = null
  #looking = false
  #again = false
  #next: Timer | null = null
  #closed = false

  constructor(parts: Parts) {
    this.#parts = parts
    this.#outage = new Outage({ what: 'the feed of events', fields: {}, ...parts })
    this.#listening = parts.outbox.onWritten(last => last > (this.#last ?? 0) && this.#look())
    this.#look()
  }

  /** The number of the last event that this process knows; null: PostgreSQL has not answered yet. */
  get last(): number | null {
    return this.#last
  }

  /** The next events after this number, at most `limit`; none: there is no newer one. Rejects without PostgreSQL. */
  async after(seq: number, limit: number = AT_ONCE): Promise<readonly StoredEvent[]> {
    const first = this.#newest[0]
    if (this.#last !== null && seq >= this.#last) return []
    if (first === undefined || first.seq > seq + 1) return eventsAfter(this.#parts.sql, seq, limit)
    const at = this.#newest.findIndex(event => event.seq > seq)
    return this.#newest.slice(at, at + limit)
  }

  /** Resolves when there may be events after this number, and when the feed closes. */
  async changed(seq: number, signal: AbortSignal): Promise<void> {
    if (this.#closed || signal.aborted || (this.#last !== null && this.#last > seq)) return
    await new Promise<void>(resolve => {
      const done = () => {
        this.#waiting.delete(done)
        signal.removeEventListener('abort', done)
        resolve()
      }
      this.#waiting.add(done)
      signal.addEventListener('abort', done)
    })
  }

  /** Calls `hear` with each event from now on, until the signal, or the end of the feed. */
  async each(hear: (event: StoredEvent) => void, signal: AbortSignal): Promise<void> {
    for (let seq = this.#last; !signal.aborted && !this.#closed;) {
      if (seq === null) {
        await this.changed(0, signal)
        seq = this.#last
        continue
      }
      const events = await this.after(seq).catch(() => null)
      for (const event of events ?? []) hear(event)
      seq = events?.at(-1)?.seq ?? seq
      if (events === null) await sleep(this.#parts.clock, AGAIN_MS)
      else if (events.length === 0) await this.changed(seq, signal)
    }
  }

  [Symbol.dispose](): void {
    this.#closed = true
    this.#next?.cancel()
    this.#listening[Symbol.dispose]()
    for (const done of this.#waiting) done()
  }

  #look(): void {
    if (this.#looking) return void (this.#again = true)
    this.#looking = true
    this.#next?.cancel()
    void this.#read().finally(() => {
      this.#looking = false
      if (this.#closed) return
      if (!this.#again) return void (this.#next = this.#parts.clock.after(LOOK_MS, () => this.#look()))
      this.#again = false
      this.#look()
    })
  }

  async #read(): Promise<void> {
    const { sql } = this.#parts
    try {
      if (this.#last === null) {
        this.#last = (await eventRange(sql)).last
        this.#newest = []
      } else {
        const events = await eventsAfter(sql, this.#last, AT_ONCE)
        if (events.length === AT_ONCE) this.#again = true
        const last = events.at(-1)
        if (last) {
          this.#newest = [...this.#newest, ...events].slice(-NEWEST)
          this.#last = last.seq
        }
      }
      this.#outage.end()
    } catch (error) {
      this.#outage.away((error as Error).message)
    }
    for (const done of this.#waiting) done()
  }
}
