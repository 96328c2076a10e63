/**
 * Writes the events of this process to PostgreSQL, behind whoever tells them: nobody waits. The events of 20 ms are one
 * statement, and one statement runs at a time, so the events of a process stand in the order in which it told them.
 * While PostgreSQL is down the newest 50 000 are kept, and written when it is back.
 *
 * An event that belongs to a change in PostgreSQL is staged in the transaction of the change (store/events.ts), with an
 * id, and told with the same id: when this process dies between the two, another one writes it.
 */
import type { Clock, Timer } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import { newUuid } from '../esl/safe-text.ts'
import type { EventData, EventName } from '../events/catalogue.ts'
import { rowOf, type EventRow } from '../events/envelope.ts'
import type { Events, Telling } from '../events/events.ts'
import { appendEvents, hasLateEvents } from '../store/events.ts'
import type { Sql } from '../store/sql.ts'
import { WriteBehind } from '../store/write-behind.ts'

/** An event waits so long for others. */
const GATHER_MS = 20
/** Events in one statement. */
const AT_ONCE = 500
/** About 25 MB: an hour of 14 events per second. */
const MOST = 50_000
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
  readonly #rows: WriteBehind<EventRow>
  readonly #written = new Set<(last: number) => void>()
  #late: Timer | null = null
  #closed = false

  constructor(parts: OutboxParts) {
    const { clock, log } = parts
    this.#parts = parts
    this.#rows = new WriteBehind({
      ...{ what: 'the table of events', gatherMs: GATHER_MS, atOnce: AT_ONCE, most: MOST, clock, log },
      write: rows => this.#append(rows),
      dropped: count => log.warn({ dropped: count, most: MOST }, DROPPED),
      refused: ({ id, type }, error) => log.error({ id, type, error: error.message }, REFUSED),
    })
  }

  tell<N extends EventName>(name: N, data: EventData<N>, { id = newUuid(), at }: Telling = {}): void {
    this.#rows.put(rowOf(name, data, { id, at: at ?? this.#parts.clock.now() }))
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
    this.#late?.cancel()
    await this.#rows[Symbol.asyncDispose]()
    this.#written.clear()
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
