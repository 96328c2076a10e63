/**
 * Call records in PostgreSQL: one row per call, open while the call lives, closed when it ends. Calls never wait for
 * the database: changes are written behind them, all of them in one statement, and one statement at a time, so a busy
 * node writes fewer and larger ones. While PostgreSQL is down or silent, the latest state of each live call is kept,
 * and so are the rows of ended calls (10 000 at most, logged every 30 s). All of them are written when it is back. Used
 * by the node, and by recovery.
 */
import { within, type Clock, type Timer } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import { RETRY } from '../base/retry.ts'
import { saveCalls, type CallState } from '../store/calls.ts'
import { isRefused, type Sql } from '../store/sql.ts'
import type { CallRecord, CallRecords, LiveCall } from './call-record.ts'
import { endingsOf } from './tell-end.ts'

/** Rows in one statement. */
const AT_ONCE = 200
/**
 * A node that closes waits this long for the statement that runs. Rows that are not written then are in the journals.
 */
const CLOSE_MS = 1_000
/** Rows that wait for a database that hangs: more than the calls that one node drives. */
const MOST = 20_000
/** Of them, rows of ended calls, 1 to 2 kB each. */
const MOST_LATER = 10_000
const TOLD_EVERY_MS = 30_000

interface Waiting {
  readonly look: () => CallState
  /** Present for a call that has ended. */
  readonly done?: { resolve(): void; reject(error: Error): void }
  /** The row is kept until PostgreSQL takes it. */
  readonly later?: true
}
type Row = readonly [uuid: string, waiting: Waiting]

interface Parts {
  readonly clock: Clock
  readonly log: Log
}

/** `node`: the name of this node. Disposing refuses further rows, and waits up to 1 s for the statement that runs. */
export const keepCallRows = (sql: Sql, node: string, parts: Parts): Required<CallRecords> & AsyncDisposable =>
  new KeptRecords(sql, node, parts)

class KeptRecords implements Required<CallRecords>, AsyncDisposable {
  readonly #sql: Sql
  readonly #node: string
  readonly #parts: Parts
  readonly #waiting = new Map<string, Waiting>()
  #writing: Promise<void> | null = null
  #again: Timer | null = null
  /** Since when PostgreSQL takes no rows, and when that was logged last; by the monotonic clock. */
  #failing: { readonly since: number; toldAt: number } | null = null
  /** Rows of ended calls that wait, and those that found no room. */
  #late = 0
  #left = 0
  #closed = false

  constructor(sql: Sql, node: string, parts: Parts) {
    this.#sql = sql
    this.#node = node
    this.#parts = parts
  }

  lives(uuid: string, look: () => LiveCall): void {
    if (this.#waiting.get(uuid)?.done || this.#waiting.size >= MOST) return
    this.#put(uuid, { look: () => stateOf(look(), this.#node) })
  }

  moved(uuid: string): void {
    if (!this.#waiting.get(uuid)?.done) this.#waiting.delete(uuid)
  }

  ended(call: CallRecord): Promise<void> {
    if (this.#again) return Promise.reject(new Error('call records cannot be written now')) // a retry is scheduled
    return this.#end(call.uuid, { look: () => stateOf(call, this.#node) })
  }

  later(call: CallRecord): Promise<void> {
    if (this.#late >= MOST_LATER) {
      this.#left++
      return Promise.reject(new Error(`${MOST_LATER} records of ended calls wait for PostgreSQL already`))
    }
    // copied, because in V8 a part of an event's text keeps the whole text alive, 9 kB for each call
    const state = structuredClone(stateOf(call, this.#node))
    this.#late++
    return this.#end(call.uuid, { look: () => state, later: true }).finally(() => this.#late--)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    this.#again?.cancel()
    if (this.#writing) await within(this.#parts.clock, CLOSE_MS, this.#writing)
    for (const { done } of this.#waiting.values()) done?.reject(new Error('this node closes'))
    this.#waiting.clear()
  }

  #end(uuid: string, row: Omit<Waiting, 'done'>): Promise<void> {
    if (this.#waiting.size >= MOST) return Promise.reject(new Error(`${MOST} records wait for PostgreSQL already`))
    if (this.#waiting.get(uuid)?.done)
      return Promise.reject(new Error('the record of this ended call waits to be written already'))
    return new Promise((resolve, reject) => this.#put(uuid, { ...row, done: { resolve, reject } }))
  }

  #put(uuid: string, row: Waiting): void {
    if (this.#closed) return void row.done?.reject(new Error('this node closes'))
    this.#waiting.set(uuid, row)
    if (this.#again === null) this.#write() // else a retry is scheduled
  }

  /** One statement at a time. */
  #write(): void {
    if (this.#writing || this.#waiting.size === 0) return
    this.#writing = this.#writeAll().then(all => {
      this.#writing = null
      if (!all) this.#tryAgain()
      else this.#write() // rows that came meanwhile
    })
  }

  #tryAgain(): void {
    this.#leaveEnds()
    if (this.#closed) return
    this.#tell()
    this.#again = this.#parts.clock.after(RETRY.callRows.pauseMs, () => {
      this.#again = null
      this.#write()
    })
  }

  /** Writes all waiting rows. False when PostgreSQL does not take them now. */
  async #writeAll(): Promise<boolean> {
    const { clock, log } = this.#parts
    const began = clock.monotonic()
    let written = 0
    let answeredAt: number | null = null
    while (this.#waiting.size > 0) {
      const batch = [...firstOf(this.#waiting, AT_ONCE)]
      for (const [uuid] of batch) this.#waiting.delete(uuid)
      if (!(await this.#writeRows(batch))) return false
      written += batch.length
      answeredAt ??= clock.monotonic() // the first statement may have been sent while the database was still silent
    }
    if (this.#failing) {
      const fields = {
        written,
        ms: Math.round(clock.monotonic() - (answeredAt ?? began)),
        waitedMs: Math.round(began - this.#failing.since),
        leftToReconciliation: this.#left,
      }
      log.info(fields, 'call records that waited for PostgreSQL were written')
    }
    this.#failing = null
    this.#left = 0
    return true
  }

  /** Rejects the ended calls that do not wait for PostgreSQL: their end is noted in their journals. */
  #leaveEnds(): void {
    for (const [uuid, { done, later }] of this.#waiting) {
      if (!done || later) continue
      this.#waiting.delete(uuid)
      done.reject(new Error('call records cannot be written now'))
    }
  }

  /** False when PostgreSQL does not take them now; the rows that were not written then wait again. */
  async #writeRows(batch: readonly Row[]): Promise<boolean> {
    try {
      await saveCalls(
        this.#sql,
        batch.map(([, { look }]) => look()),
      )
      for (const [, { done }] of batch) done?.resolve()
      return true
    } catch (error) {
      if (!isRefused(error)) return this.#keep(batch, error as Error)
      if (batch.length === 1) return this.#refuse(batch[0]!, error as Error)
      // one row that PostgreSQL refuses must not block the others
      for (const [at, row] of batch.entries()) {
        if (!(await this.#writeRows([row]))) return this.#keep(batch.slice(at + 1), error as Error)
      }
      return true
    }
  }

  #refuse([uuid, { done }]: Row, error: Error): true {
    if (done) done.reject(error)
    else this.#parts.log.error({ uuid, error: error.message }, 'PostgreSQL refused a call record; the call continues')
    return true
  }

  #keep(batch: readonly Row[], error: Error): false {
    const { clock } = this.#parts
    for (const [uuid, row] of batch) {
      const waits = !this.#closed && (!row.done || row.later) && !this.#waiting.has(uuid)
      if (waits) this.#waiting.set(uuid, row)
      else row.done?.reject(error)
    }
    this.#failing ??= { since: clock.monotonic(), toldAt: -Infinity }
    return false
  }

  #tell(): void {
    const { clock, log } = this.#parts
    const now = clock.monotonic()
    if (!this.#failing || now - this.#failing.toldAt < TOLD_EVERY_MS) return
    this.#failing.toldAt = now
    log.warn(
      { waiting: this.#waiting.size, ended: this.#late, most: MOST_LATER, leftToReconciliation: this.#left },
      'PostgreSQL does not take call records; the calls continue, the records are written when it is back',
    )
  }
}

function* firstOf<K, V>(map: ReadonlyMap<K, V>, count: number): Iterable<[K, V]> {
  for (const entry of map) {
    if (count-- <= 0) return
    yield entry
  }
}

function stateOf(call: LiveCall | CallRecord, node: string): CallState {
  const {
    uuid,
    direction,
    from,
    to,
    core,
    timeline,
    tags,
    customer,
    flow,
    startedAt,
    answeredAt,
    agent,
    otherLeg,
    queue,
    gateway,
  } = call
  const { waitMs, ringMs, talkMs, holdMs, recording, segments } = call
  return {
    id: uuid,
    flow,
    direction: direction === 'in' ? 'inbound' : 'outbound',
    from: from || null,
    to: to || null,
    customer: customer ?? null,
    core: core || null,
    node,
    startedAt,
    answeredAt,
    agent,
    otherLeg,
    queue,
    gateway,
    waitMs,
    ringMs,
    talkMs,
    holdMs,
    segments,
    recording,
    crm: Object.fromEntries(tags),
    queueTimeline: timeline,
    end:
      'end' in call
        ? {
            ...{ at: call.endedAt, cause: call.end.cause, outcome: call.outcome, hungUpBy: call.hungUpBy },
            events: endingsOf(call).map(({ row }) => row),
          }
        : null,
  }
}
