/**
 * This node's copy of the gateways (store/gateways.ts), which every change renews. It is read before the first call. So
 * no call waits for PostgreSQL: while it is down, the last copy counts.
 */
import type { Clock, Timer } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import { Outage } from '../base/outage.ts'
import { gatewayRows, type GatewayRow } from '../store/gateways.ts'
import type { Sql } from '../store/sql.ts'
import type { DialWakeup } from './dial-wakeup.ts'

export interface GatewayTableParts {
  readonly sql: Sql
  readonly wakeup: Pick<DialWakeup, 'on'>
  readonly clock: Clock
  readonly log: Log
}

/** Delay after PostgreSQL failed. */
const FAULT_MS = 1_000

export class GatewayTable implements Disposable {
  readonly #parts: GatewayTableParts
  readonly #outage: Outage
  #rows: ReadonlyMap<string, GatewayRow> = new Map()
  #listening: Disposable | null = null
  #retry: Timer | null = null
  #reading: Promise<void> = Promise.resolve()
  #closed = false

  constructor(parts: GatewayTableParts) {
    this.#parts = parts
    this.#outage = new Outage({ what: 'the list of gateways', fields: {}, clock: parts.clock, log: parts.log })
  }

  /** Reads the gateways, and follows their changes from now on. Rejects when PostgreSQL is unavailable. */
  async start(): Promise<void> {
    await this.#read()
    this.#listening = this.#parts.wakeup.on(
      ({ what }) => void (what === 'gateways' || what === 'resync' ? this.#again() : 0),
    )
  }

  /** Undefined: it has no limits of its own. */
  get(name: string): GatewayRow | undefined {
    return this.#rows.get(name)
  }

  [Symbol.dispose](): void {
    this.#closed = true
    this.#retry?.cancel()
    this.#listening?.[Symbol.dispose]()
  }

  async #read(): Promise<void> {
    const rows = await gatewayRows(this.#parts.sql)
    this.#rows = new Map(rows.map(row => [row.name, row]))
  }

  #again(): void {
    this.#retry?.cancel()
    this.#reading = this.#reading.then(async () => {
      if (this.#closed) return
      try {
        await this.#read()
        this.#outage.end()
      } catch (error) {
        if (this.#closed) return
        this.#outage.away((error as Error).message)
        this.#retry = this.#parts.clock.after(FAULT_MS, () => this.#again())
      }
    })
  }
}
