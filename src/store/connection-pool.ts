/**
 * A pool of connections to PostgreSQL. Each connection runs one piece of work at a time. No work waits longer than the
 * limit, also when the server is silent (host down, packets lost, table locked):
 *
 *   idle      an open connection without work
 *   busy      a connection with work; at the limit it is closed, the work fails, a new connection may take its place
 *   waiting   work without a connection; MOST_WAITING at most, and each no longer than the limit
 *
 * A lost connection is never used again: it is replaced. Used by store/sql.ts alone.
 */
import { afterReading, type Clock } from '../base/clock.ts'
import { SwitchhookError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'

export interface Connection {
  readonly isOpen: boolean
  /** Closes at once; its work fails. May be called twice. */
  close(): void
}

export interface PoolOptions<C> {
  /** Returns a connection that is still connecting. */
  open(): C
  /** Most connections. */
  readonly most: number
  /** Limit of one piece of work, including its wait for a connection, milliseconds. */
  readonly limitMs: number
  readonly clock: Clock
  readonly log: Log
}

/** 1 000 statements of 1 ms on 10 connections take 0.1 s: with more waiting, the server is silent. */
const MOST_WAITING = 1_000
/** A statement takes milliseconds. When nothing at all was answered for so long, idle connections may be dead too. */
const SILENT_MS = 500

type Work<C, T> = (connection: C) => Promise<T>

interface Waiting<C> {
  begin(connection: C): void
  refuse(error: SwitchhookError): void
}

export class ConnectionPool<C extends Connection> {
  readonly #options: PoolOptions<C>
  /** Last in, first out. */
  readonly #idle: C[] = []
  readonly #busy = new Set<C>()
  readonly #waiting = new Set<Waiting<C>>()
  #heardAt = -Infinity
  #silentSince: number | null = null
  #ended = false
  #drained: (() => void) | null = null

  constructor(options: PoolOptions<C>) {
    this.#options = options
  }

  /** The number of open connections, and of work that waits for one. */
  get figures(): { readonly idle: number; readonly busy: number; readonly waiting: number } {
    return { idle: this.#idle.length, busy: this.#busy.size, waiting: this.#waiting.size }
  }

  /**
   * Runs `work` with exclusive use of a connection. Rejects as `work` does, and with SERVICE when it has not ended
   * within the limit, when no connection was free by then, or when too many wait. A statement that was sent may still
   * take effect then.
   */
  run<T>(work: Work<C, T>): Promise<T> {
    const { clock, limitMs } = this.#options
    if (this.#ended) return Promise.reject(new SwitchhookError('SERVICE', 'the connections to PostgreSQL are closed'))
    const until = clock.monotonic() + limitMs
    const connection = this.#take()
    if (connection) return this.#use(connection, work, until)
    if (this.#waiting.size >= MOST_WAITING) {
      return Promise.reject(
        new SwitchhookError('SERVICE', `${MOST_WAITING} statements already wait for PostgreSQL: this one was not sent`),
      )
    }
    return new Promise((resolve, reject) => {
      const leave = () => {
        limit.cancel()
        this.#waiting.delete(waiting)
      }
      const waiting: Waiting<C> = {
        begin: free => (leave(), resolve(this.#use(free, work, until))),
        refuse: error => (leave(), reject(error)),
      }
      const limit = afterReading(this.#options.clock, limitMs, () =>
        waiting.refuse(new SwitchhookError('SERVICE', `no connection to PostgreSQL was free for ${limitMs} ms`)),
      )
      this.#waiting.add(waiting)
    })
  }

  /** Refuses new work. Resolves when the running work has ended; after `withinMs` it is cut off. */
  async end(withinMs: number): Promise<void> {
    this.#ended = true
    for (const waiting of this.#waiting)
      waiting.refuse(new SwitchhookError('SERVICE', 'the connections to PostgreSQL are closed'))
    this.#closeIdle()
    if (this.#busy.size === 0) return
    await new Promise<void>(resolve => {
      const limit = this.#options.clock.after(withinMs, resolve)
      this.#drained = () => (limit.cancel(), resolve())
    })
    for (const connection of this.#busy) connection.close()
  }

  #take(): C | null {
    for (let one = this.#idle.pop(); one; one = this.#idle.pop()) if (one.isOpen) return one
    return this.#busy.size < this.#options.most ? this.#options.open() : null
  }

  #use<T>(connection: C, work: Work<C, T>, until: number): Promise<T> {
    const { clock, limitMs } = this.#options
    const began = clock.monotonic()
    this.#busy.add(connection)
    return new Promise((resolve, reject) => {
      const check = afterReading(clock, SILENT_MS, () => this.#closeIdleUnlessHeard(began))
      const limit = afterReading(clock, until - began, () => {
        this.#silent(connection)
        reject(new SwitchhookError('SERVICE', `PostgreSQL has not answered for ${limitMs} ms`))
      })
      const over = () => {
        check.cancel()
        limit.cancel()
        this.#giveBack(connection)
      }
      work(connection).then(
        value => {
          this.#heard()
          over()
          resolve(value)
        },
        (error: unknown) => {
          over()
          reject(error)
        },
      )
    })
  }

  #giveBack(connection: C): void {
    if (!this.#busy.delete(connection)) return // at the limit, earlier
    if (connection.isOpen && !this.#ended) this.#idle.push(connection)
    else connection.close()
    const [next] = this.#waiting
    const free = next && this.#take()
    if (free) next.begin(free)
    if (this.#ended && this.#busy.size === 0) this.#drained?.()
  }

  #heard(): void {
    const { clock, log } = this.#options
    this.#heardAt = clock.monotonic()
    if (this.#silentSince !== null)
      log.info({ ms: Math.round(this.#heardAt - this.#silentSince) }, 'PostgreSQL answers again')
    this.#silentSince = null
  }

  /** At the limit: closes the connection and frees its place; the work fails. */
  #silent(connection: C): void {
    const { clock, log, limitMs } = this.#options
    if (this.#silentSince === null)
      log.warn({ limitMs, ...this.figures }, 'PostgreSQL does not answer; its connections are closed and replaced')
    this.#silentSince ??= clock.monotonic()
    connection.close()
    this.#giveBack(connection)
  }

  /** Closes idle connections when nothing was answered since: a dead idle connection looks like a live one. */
  #closeIdleUnlessHeard(since: number): void {
    if (this.#heardAt < since) this.#closeIdle()
  }

  #closeIdle(): void {
    for (const connection of this.#idle.splice(0)) connection.close()
  }
}
