/**
 * Call records in PostgreSQL: a row while the call lives, closed when it ends. Nobody waits for the database: what is new is written behind
 * the calls, all of it in one statement and one statement at a time, so a busy node writes fewer and larger ones. While the database is
 * away the latest word of each call that lives is kept, and written when it is back.
 */
import { within, type Clock, type Timer } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import { saveCalls, type CallState } from '../store/calls.ts'
import { isRefused, type Json, type Sql } from '../store/sql.ts'
import type { CallRecord, CallRecords, LiveCall } from './call-record.ts'

/** Rows in one statement. */
const AT_ONCE = 200
const AGAIN_MS = 1_000
/** A node that goes waits so long for what is being written. What is not is in the journals. */
const CLOSE_MS = 1_000
/** Rows that wait for a database that hangs: more than calls that one node drives. */
const MOST = 20_000

interface Waiting {
  readonly look: () => CallState
  /** Of a call that has ended. */
  readonly done?: { resolve(): void; reject(error: Error): void }
}

interface Parts {
  readonly clock: Clock
  readonly log: Log
}

/** `node`: the name of this one. Disposing takes nothing more, and waits up to a second for what is being written. */
export const keepRecords = (sql: Sql, node: string, parts: Parts): Required<CallRecords> & AsyncDisposable => new KeptRecords(sql, node, parts)

class KeptRecords implements Required<CallRecords>, AsyncDisposable {
  readonly #sql: Sql
  readonly #node: string
  readonly #parts: Parts
  readonly #waiting = new Map<string, Waiting>()
  #writing: Promise<void> | null = null
  #again: Timer | null = null
  #failing = false
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
    if (this.#waiting.size >= MOST) return Promise.reject(new Error(`${MOST} records wait for PostgreSQL already`))
    return new Promise((resolve, reject) => this.#put(call.uuid, { look: () => stateOf(call, this.#node), done: { resolve, reject } }))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    this.#again?.cancel()
    if (this.#writing) await within(this.#parts.clock, CLOSE_MS, this.#writing)
    this.#refuseEnds()
    this.#waiting.clear()
  }

  #put(uuid: string, row: Waiting): void {
    if (this.#closed) return void row.done?.reject(new Error('this node closes'))
    this.#waiting.set(uuid, row)
    if (row.done || this.#again === null) this.#write() // while the database is away the next try has its time, and the end of a call its own
  }

  /** One statement at a time. */
  #write(): void {
    if (this.#writing || this.#waiting.size === 0) return
    this.#again?.cancel()
    this.#again = null
    this.#writing = this.#writeAll().then(lost => {
      this.#writing = null
      if (lost > 0) this.#later()
      else this.#write() // what came in the last moment
    })
  }

  #later(): void {
    this.#refuseEnds()
    if (this.#closed) return
    this.#again = this.#parts.clock.after(AGAIN_MS, () => {
      this.#again = null
      this.#write()
    })
  }

  /** Gives the number of rows that must be written again. */
  async #writeAll(): Promise<number> {
    let lost = 0
    while (this.#waiting.size > 0 && lost === 0) {
      const batch = [...this.#waiting].slice(0, AT_ONCE)
      for (const [uuid] of batch) this.#waiting.delete(uuid)
      lost = await this.#writeRows(batch)
    }
    return lost
  }

  /** The database is away: whoever waits to write the end of a call leaves it to its journal. */
  #refuseEnds(): void {
    for (const [uuid, { done }] of this.#waiting) {
      if (!done) continue
      this.#waiting.delete(uuid)
      done.reject(new Error('call records cannot be written now'))
    }
  }

  async #writeRows(batch: readonly [string, Waiting][]): Promise<number> {
    try {
      await saveCalls(this.#sql, batch.map(([, { look }]) => look()))
      for (const [, { done }] of batch) done?.resolve()
      if (this.#failing) this.#parts.log.info({}, 'call records are written again')
      this.#failing = false
      return 0
    } catch (error) {
      // one row that cannot be written must not keep the others away
      if (isRefused(error) && batch.length > 1) {
        let lost = 0
        for (const row of batch) lost += await this.#writeRows([row])
        return lost
      }
      return this.#keep(batch, error as Error)
    }
  }

  /** Whoever waits for the end of a call to be written is told at once: the call's journal has it. */
  #keep(batch: readonly [string, Waiting][], error: Error): number {
    const { log } = this.#parts
    const live = batch.filter(([, { done }]) => !done)
    for (const [, { done }] of batch) done?.reject(error)
    if (isRefused(error)) {
      for (const [uuid] of live) log.error({ uuid, error: error.message }, 'PostgreSQL refused the row of a call; the call goes on')
      return 0
    }
    if (this.#closed) return 0
    for (const [uuid, row] of live) if (!this.#waiting.has(uuid)) this.#waiting.set(uuid, row)
    if (!this.#failing) log.warn({ error: error.message }, 'call records cannot be written; the calls go on, and the rows are written when PostgreSQL is back')
    this.#failing = true
    return Math.max(1, live.length)
  }
}

function stateOf(call: LiveCall | CallRecord, node: string): CallState {
  const { uuid, direction, from, to, core, timeline, tags, customer, flow, startedAt, answeredAt, agent, otherLeg, queue, gateway } = call
  const { waitMs, ringMs, talkMs, holdMs, recording } = call
  return {
    id: uuid, flow, direction: direction === 'in' ? 'inbound' : 'outbound', from: from || null, to: to || null, customer: customer ?? null, core: core || null,
    node, startedAt, answeredAt, agent, otherLeg, queue, gateway, waitMs, ringMs, talkMs, holdMs, recording,
    crm: Object.fromEntries(tags), queueTimeline: timeline as unknown as Json[],
    end: 'end' in call ? { at: call.endedAt, cause: call.end.cause, outcome: call.outcome, hungUpBy: call.hungUpBy } : null,
  }
}
