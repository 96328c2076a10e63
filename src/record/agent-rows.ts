/**
 * The states of agents in PostgreSQL (record/agent-states.ts), written behind the agents: nobody waits for it. The rows
 * of half a second are one statement, because every node writes each change; up to 200 rows in it. While PostgreSQL is
 * down the newest 20 000 rows are kept, and written when it is back. Used by the node.
 */
import { within, type Clock, type Timer } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import { Outage } from '../base/outage.ts'
import { RETRY } from '../base/retry.ts'
import { saveAgentStates, type AgentStateRow } from '../store/agent-states.ts'
import { isRefused, type Sql } from '../store/sql.ts'
import type { AgentStateRows } from './agent-states.ts'

/** A row waits so long for others. The figures of agents are behind by so much. */
const GATHER_MS = 500
/** Rows in one statement. */
const AT_ONCE = 200
/** Of 1 000 agents who change once in 10 s: three minutes; of 100: half an hour. */
const MOST = 20_000
/** A node that closes waits this long for the rows that are left; the other nodes write the same ones. */
const CLOSE_MS = 1_000

interface Parts {
  readonly clock: Clock
  readonly log: Log
}

/** Disposing refuses further rows, and waits up to 1 s for those that are left. */
export const keepAgentRows = (sql: Sql, parts: Parts): AgentStateRows & AsyncDisposable => new AgentRows(sql, parts)

class AgentRows implements AgentStateRows, AsyncDisposable {
  readonly #sql: Sql
  readonly #parts: Parts
  readonly #outage: Outage
  #waiting: AgentStateRow[] = []
  #writing: Promise<void> | null = null
  /** The next statement, or the next try. */
  #next: Timer | null = null
  #dropped = 0
  #closed = false

  constructor(sql: Sql, parts: Parts) {
    this.#sql = sql
    this.#parts = parts
    this.#outage = new Outage({ what: 'the table of agent states', fields: {}, ...parts })
  }

  put(row: AgentStateRow): void {
    if (this.#closed) return
    this.#waiting.push(row)
    if (this.#waiting.length > MOST) {
      this.#waiting.shift()
      this.#dropped++
    }
    if (this.#writing === null) this.#writeAfter(GATHER_MS)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    this.#next?.cancel()
    const left = async () => {
      await this.#writing
      await this.#writeAll()
    }
    await within(this.#parts.clock, CLOSE_MS, left())
  }

  #writeAfter(ms: number): void {
    this.#next ??= this.#parts.clock.after(ms, () => {
      this.#next = null
      this.#writing = this.#writeAll().finally(() => (this.#writing = null))
    })
  }

  /** Writes the rows that wait now; those that come meanwhile wait for the next time. */
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

  /** One row that PostgreSQL refuses must not block the others. */
  async #save(batch: readonly AgentStateRow[]): Promise<void> {
    try {
      await saveAgentStates(this.#sql, batch)
    } catch (error) {
      if (!isRefused(error)) throw error
      const [row] = batch
      if (batch.length === 1) return this.#parts.log.error({ ...row, error: (error as Error).message }, REFUSED)
      for (const one of batch) await this.#save([one])
    }
  }
}

const DROPPED = 'PostgreSQL was away for so long that the oldest states of agents were dropped; their figures miss them'
const REFUSED = 'PostgreSQL refused the state of an agent; the figures of this agent miss it'
