/**
 * The way to PostgreSQL. Every query is a tagged template (`sql\`select … ${value}\``): values never become part of the text.
 *
 * Of the driver (postgres 3.4) only single connections are used, never its pool. It has no limit of time for a statement; it connects
 * again without a pause while a server closes every connection; and when a connection is lost within its own `begin` it writes to no
 * socket, which ends the process. So a connection here is opened once, limited by connection-pool.ts, and thrown away when it is lost.
 */
import postgres from 'postgres'
import { systemClock, within, type Clock } from '../base/clock.ts'
import { SwitchhookError } from '../base/errors.ts'
import { silentLog, type Log } from '../base/log.ts'
import { ConnectionPool, type Connection } from './connection-pool.ts'
import { SocketOfOneConnection, type Hosts } from './postgres-socket.ts'
import { Part, Statement } from './statement.ts'

/** One connection of the driver. Rows have the names of their columns; bigint and count(*) come as numbers, timestamptz as Date, jsonb as values. */
export type Driver = postgres.Sql<{ bigint: number }>
export type Json = postgres.JSONValue

/** What a query needs: the pool, or a transaction. A statement of the pool is sent when it is awaited, or becomes part of another one. */
export interface Queries {
  <T extends readonly (object | undefined)[] = postgres.Row[]>(
    text: TemplateStringsArray,
    ...values: readonly postgres.ParameterOrFragment<number>[]
  ): postgres.PendingQuery<T>
  /** A name, or a list for `in`. */
  (words: string | readonly string[]): postgres.Helper<string> | postgres.Helper<readonly string[]>
  json(value: Json): postgres.Parameter
}
/** What `sql.begin(async tx => …)` gives: the same words, in one transaction. */
export type Transaction = Queries

export interface Sql extends Queries {
  /**
   * All or nothing. Rejects as `work` does, after a rollback, and with SERVICE when it takes longer than the limit of a statement.
   * `alone`: on a connection of its own, for what takes minutes (a list that is imported, a campaign that is deleted).
   */
  begin<T>(work: (tx: Transaction) => Promise<T>, options?: { readonly alone?: boolean }): Promise<T>
  /** On a connection of its own, which is closed afterwards: for what takes minutes, or needs the session. 30 minutes at most. */
  alone<T>(work: (connection: Driver) => Promise<T>): Promise<T>
  /** Waits so many seconds for what is under way; then it is cut off. */
  end(options?: { readonly timeout?: number }): Promise<void>
}

/** Where a database is: a URL, or the folder of a unix socket. */
export type DatabaseAddress = (
  | { readonly url: string }
  | { readonly socketFolder: string; readonly user: string; readonly database: string }
) & {
  /** Where our tables are; absent: where this user's are by itself. */
  readonly schema?: string
}

export interface SqlOptions {
  /** Connections at most (default 10). */
  max?: number
  /** What `pg_stat_activity` calls us (default 'switchhook'). */
  name?: string
  /** A statement, or a short transaction, with all that it waits for: milliseconds (default 5 000). */
  limitMs?: number
  clock?: Clock
  log?: Log
}

/** Statements of the house take milliseconds; people wait for none of them, but what they did waits to be written down. */
const LIMIT_MS = 5_000
/** The server gives a statement up a little earlier: else one that waits for a lock there stays when its connection has gone here. */
const SERVER_PART = 0.9
/** A list of a million leads takes a minute or two. */
const ALONE_MS = 1_800_000
/** Between two statements of a transaction that takes minutes. */
const ALONE_IDLE_MS = 60_000

/** A pool that connects when it is first asked. `await sql.end({ timeout: 5 })` closes it. */
export function openSql(address: DatabaseAddress, options: SqlOptions = {}): Sql {
  const { max = 10, name = 'switchhook', limitMs = LIMIT_MS, clock = systemClock, log = silentLog } = options
  const parts = { address, name, log }
  const open = () => {
    const connection = new SqlConnection(parts)
    const serverMs = Math.round(limitMs * SERVER_PART)
    connection.limit({ statementMs: serverMs, idleMs: serverMs })
    return connection
  }
  const pool = new ConnectionPool<SqlConnection>({ open, most: max, limitMs, clock, log })
  const alone = async <T>(work: (connection: SqlConnection) => Promise<T>): Promise<T> => {
    const connection = new SqlConnection(parts)
    connection.limit({ statementMs: 0, idleMs: ALONE_IDLE_MS })
    try {
      const working = work(connection)
      if (!(await within(clock, ALONE_MS, working)))
        throw new SwitchhookError('SERVICE', `PostgreSQL has not done it in ${ALONE_MS / 60_000} minutes`)
      return await working
    } finally {
      connection.close()
    }
  }
  const ask = (first: TemplateStringsArray | string | readonly string[], ...values: unknown[]) =>
    isText(first)
      ? new Statement(first, values, act => pool.run(connection => connection.run(act)))
      : new Part(driver => driver(first as string))
  return Object.assign(ask as unknown as Queries, {
    json: (value: Json) => new Part(driver => driver.json(value)) as unknown as postgres.Parameter,
    begin: <T>(work: (tx: Transaction) => Promise<T>, how: { readonly alone?: boolean } = {}) => {
      const act = (connection: SqlConnection) => connection.transaction(work)
      return how.alone ? alone(act) : pool.run(act)
    },
    alone: <T>(work: (connection: Driver) => Promise<T>) => alone(connection => connection.run(work)),
    end: ({ timeout = limitMs / 1_000 }: { readonly timeout?: number } = {}) => pool.end(timeout * 1_000),
  })
}

const isText = (first: TemplateStringsArray | string | readonly string[]): first is TemplateStringsArray =>
  typeof first !== 'string' && 'raw' in first

class SqlConnection implements Connection {
  readonly driver: Driver
  readonly #socket = new SocketOfOneConnection()
  #isOpen = true
  /** Of the work that has this connection now. */
  #fail: (why: Error) => void = () => {}

  constructor({ address, name, log }: { address: DatabaseAddress; name: string; log: Log }) {
    const settings = {
      max: 1,
      connect_timeout: 0, // all of these are for pools, or have their limit here
      idle_timeout: 0,
      max_lifetime: null,
      fetch_types: false,
      connection: { application_name: name, ...(address.schema && { search_path: address.schema }) },
      onnotice: (notice: postgres.Notice) => log.debug({ notice: notice['message'] }, 'PostgreSQL says'),
      onclose: () => this.close(new SwitchhookError('SERVICE', 'the connection to PostgreSQL was lost')),
      socket: (hosts: Hosts) => this.#socket.open(hosts),
      types: {
        bigint: { to: 20, from: [20], serialize: String, parse: wholeNumber },
        // the driver would learn of arrays by a query of its own on each connection, whose failure nobody hears
        bigints: arrayOf(1016, wholeNumber),
        uuids: arrayOf(2951, String),
      },
    }
    const of = (more: object, url = '') =>
      postgres(url, { ...settings, ...more } as postgres.Options<{ bigint: postgres.PostgresType<number> }>)
    if ('url' in address) {
      const { url, host } = withoutSocket(address.url)
      this.driver = of(host ?? {}, url)
    } else {
      this.driver = of({ host: address.socketFolder, port: 5432, user: address.user, database: address.database })
    }
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  /**
   * The first statement of a session. When it fails, so does whatever comes behind it. `statementMs`: for a statement, 0 without a limit.
   * `idleMs`: between two statements of a transaction: a server that is not told that its client is gone (a host without power, a firewall
   * that forgot the connection) would keep the locks of that transaction, and all others would wait for them.
   */
  limit({ statementMs, idleMs }: { readonly statementMs: number; readonly idleMs: number }): void {
    const limits = this.driver`select set_config('statement_timeout', ${String(statementMs)}, false), set_config('idle_in_transaction_session_timeout', ${String(idleMs)}, false)`
    limits.catch((error: Error) => this.close(error))
  }

  /** Rejects also when the connection is lost: the driver leaves unanswered what it had not sent yet. */
  run<T>(work: (driver: Driver) => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#fail = reject
      work(this.driver).then(resolve, reject)
    })
  }

  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    return this.run(driver => this.#transaction(driver, work))
  }

  async #transaction<T>(driver: Driver, work: (tx: Transaction) => Promise<T>): Promise<T> {
    await driver`begin`
    try {
      const value = await work(driver as unknown as Transaction)
      if ((await driver`commit`).command === 'ROLLBACK')
        throw new SwitchhookError(
          'SERVICE',
          'a transaction went on after a statement in it had failed: nothing of it was kept',
        )
      return value
    } catch (error) {
      await driver`rollback`.catch((lost: Error) => this.close(lost)) // the server rolls back what has lost its connection
      throw error
    }
  }

  close(why: Error = new SwitchhookError('SERVICE', 'the connection to PostgreSQL was closed')): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.#socket.destroy()
    this.#fail(why)
    void this.driver.end({ timeout: 0 })
  }
}

/** libpq's way to name a unix socket, postgres://user@localhost/base?host=/var/run/postgresql, which this driver does not know. */
function withoutSocket(written: string): { url: string; host?: { host: string } } {
  const url = new URL(written)
  const folder = url.searchParams.get('host')
  if (!folder?.startsWith('/')) return { url: written }
  url.searchParams.delete('host')
  return { url: url.href, host: { host: folder } }
}

/** bigint as a number: our ids and counts stay far below 2^53, and what does not must not be rounded in silence. */
function wholeNumber(written: string): number {
  const number = Number(written)
  if (!Number.isSafeInteger(number))
    throw new SwitchhookError('SERVICE', `${written} from the database does not fit into a number`)
  return number
}

/** An array type by its oid, of elements that hold neither commas nor quotes. */
const arrayOf = <T>(oid: number, read: (text: string) => T) => ({
  to: oid,
  from: [oid],
  serialize: (values: readonly T[]) => `{${values.join(',')}}`,
  parse: (text: string) => (text === '{}' ? [] : text.slice(1, -1).split(',').map(read)),
})

/** True when PostgreSQL refused a row because its key is taken (23505). */
export function isDuplicate(error: unknown): boolean {
  return error instanceof postgres.PostgresError && error.code === '23505'
}

/**
 * True when PostgreSQL has read the values and will never take them (classes 22 data, 23 constraints, 42 words): asking once more is of
 * no use. False for what passes: a lost connection, a limit of time, a deadlock, a server that starts or has no room.
 */
export function isRefused(error: unknown): boolean {
  return error instanceof postgres.PostgresError && /^(22|23|42)/.test(error.code)
}

/** The database's own version, such as '18.4'; rejects when nobody answers within so many milliseconds. One connection, closed again. */
export async function databaseVersion(address: DatabaseAddress, withinMs = LIMIT_MS): Promise<string> {
  const sql = openSql(address, { max: 1, limitMs: withinMs })
  try {
    const [row] = await sql<[{ server_version: string }]>`show server_version`
    return row.server_version.split(' ')[0]!
  } finally {
    await sql.end({ timeout: 1 })
  }
}
