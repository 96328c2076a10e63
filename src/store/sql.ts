/**
 * Access to PostgreSQL. Every query is a tagged template (`sql\`select … ${value}\``): values never become part of the
 * text.
 *
 * Of the driver (postgres 3.4) only single connections are used, never its pool. The driver has no time limit for a
 * statement. It reconnects without a pause while a server closes every connection. When a connection is lost within the
 * driver's own `begin`, it writes to a missing socket, which ends the process. So a connection here is opened once,
 * limited by connection-pool.ts, and discarded when it is lost. Used by all code that reads or writes the database.
 */
import postgres from 'postgres'
import { systemClock, within, type Clock } from '../base/clock.ts'
import { SwitchhookError } from '../base/errors.ts'
import { silentLog, type Log } from '../base/log.ts'
import { ConnectionPool, type Connection } from './connection-pool.ts'
import { SocketOfOneConnection, type Hosts } from './postgres-socket.ts'
import { Part, Statement } from './statement.ts'

/**
 * One connection of the driver. Rows are objects by column name; bigint and count(*) are numbers, timestamptz is a
 * Date, jsonb a value.
 */
export type Driver = postgres.Sql<{ bigint: number }>
export type Json = postgres.JSONValue

/**
 * Runs queries: the pool, or a transaction. A statement of the pool is sent when it is awaited, unless it is part of
 * another one.
 */
export interface Queries {
  <T extends readonly (object | undefined)[] = postgres.Row[]>(
    text: TemplateStringsArray,
    ...values: readonly postgres.ParameterOrFragment<number>[]
  ): postgres.PendingQuery<T>
  /** A name, or a list for `in`. */
  (words: string | readonly string[]): postgres.Helper<string> | postgres.Helper<readonly string[]>
  json(value: Json): postgres.Parameter
}
/** The argument of `sql.begin(async tx => …)`: the same functions, within one transaction. */
export type Transaction = Queries

export interface Sql extends Queries {
  /**
   * Runs `work` in one transaction. Rejects as `work` does, after a rollback, and with SERVICE when it takes longer
   * than the limit of a statement. `alone`: on a separate connection, for work of minutes (import of a list, deletion
   * of a campaign).
   */
  begin<T>(work: (tx: Transaction) => Promise<T>, options?: { readonly alone?: boolean }): Promise<T>
  /**
   * Runs `work` on a separate connection and closes it: for work of minutes, or work that needs a session. 30 minutes
   * at most.
   */
  alone<T>(work: (connection: Driver) => Promise<T>): Promise<T>
  /** Closes all connections. Waits `timeout` seconds for running work, then cuts it off. */
  end(options?: { readonly timeout?: number }): Promise<void>
}

/** The address of a database: a URL, or the folder of a unix socket. */
export type DatabaseAddress = (
  | { readonly url: string }
  | { readonly socketFolder: string; readonly user: string; readonly database: string }
) & {
  /** The schema of our tables; absent: the default of this user. */
  readonly schema?: string
}

export interface SqlOptions {
  /** Most connections (default 10). */
  max?: number
  /** The name in `pg_stat_activity` (default 'switchhook'). */
  name?: string
  /** Limit of a statement or a short transaction, including all waits, milliseconds (default 5 000). */
  limitMs?: number
  clock?: Clock
  log?: Log
}

/** Statements take milliseconds. No person waits for one, but the records of calls wait to be written. */
const LIMIT_MS = 5_000
/**
 * Part of the limit after which the server cancels a statement: else one that waits for a lock stays there after its
 * connection was closed here.
 */
const SERVER_PART = 0.9
/** A list of a million leads takes a minute or two. */
const ALONE_MS = 1_800_000
/** Limit between two statements of a transaction that takes minutes. */
const ALONE_IDLE_MS = 60_000

/** Opens a pool, which connects at its first query. `await sql.end({ timeout: 5 })` closes it. */
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
        throw new SwitchhookError('SERVICE', `PostgreSQL has not finished it in ${ALONE_MS / 60_000} minutes`)
      return await working
    } finally {
      connection.close()
    }
  }
  const ask = (first: TemplateStringsArray | string | readonly string[], ...values: unknown[]) =>
    isText(first)
      ? new Statement(first, values, act => pool.run(connection => connection.run(act)))
      : new Part((driver: Driver) => driver(first as string))
  return Object.assign(ask as unknown as Queries, {
    json: (value: Json) => new Part((driver: Driver) => driver.json(value)) as unknown as postgres.Parameter,
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
  /** Rejects the work that uses this connection now. */
  #fail: (why: Error) => void = () => {}

  constructor({ address, name, log }: { address: DatabaseAddress; name: string; log: Log }) {
    const settings = {
      max: 1,
      connect_timeout: 0, // 0 and null: limits for the driver's pool, replaced by those here
      idle_timeout: 0,
      max_lifetime: null,
      fetch_types: false,
      connection: { application_name: name, ...(address.schema && { search_path: address.schema }) },
      onnotice: (notice: postgres.Notice) => log.debug({ notice: notice['message'] }, 'PostgreSQL sent a notice'),
      onclose: () => this.close(new SwitchhookError('SERVICE', 'the connection to PostgreSQL was lost')),
      socket: (hosts: Hosts) => this.#socket.open(hosts),
      types: {
        bigint: { to: 20, from: [20], serialize: String, parse: wholeNumber },
        // else the driver queries the array types on each connection, and nothing handles a failure of that query
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
   * Sets the limits of the session with its first statement; when that fails, the connection closes. `statementMs`: for
   * a statement, 0: none. `idleMs`: between two statements of a transaction. Without it a server that does not notice
   * the loss of its client (host without power, connection dropped by a firewall) would keep the locks of that
   * transaction, and all others would wait for them.
   */
  limit({ statementMs, idleMs }: { readonly statementMs: number; readonly idleMs: number }): void {
    const limits = this.driver`select set_config('statement_timeout', ${String(statementMs)}, false), set_config('idle_in_transaction_session_timeout', ${String(idleMs)}, false)`
    limits.catch((error: Error) => this.close(error))
  }

  /** Rejects also when the connection is lost: the driver never settles statements that it has not sent. */
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
          'a transaction continued after one of its statements had failed: PostgreSQL rolled it back',
        )
      return value
    } catch (error) {
      await driver`rollback`.catch((lost: Error) => this.close(lost)) // without it the server rolls back by itself
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

/**
 * Supports libpq's URL for a unix socket, postgres://user@localhost/base?host=/var/run/postgresql, which this driver
 * does not.
 */
function withoutSocket(written: string): { url: string; host?: { host: string } } {
  const url = new URL(written)
  const folder = url.searchParams.get('host')
  if (!folder?.startsWith('/')) return { url: written }
  url.searchParams.delete('host')
  return { url: url.href, host: { host: folder } }
}

/**
 * Converts bigint to number. Our ids and counts stay far below 2^53; a larger value throws instead of being rounded.
 */
function wholeNumber(written: string): number {
  const number = Number(written)
  if (!Number.isSafeInteger(number))
    throw new SwitchhookError('SERVICE', `${written} from the database does not fit into a number: 2^53 is the limit`)
  return number
}

/** An array type by its oid, for elements without commas and quotes. */
const arrayOf = <T>(oid: number, read: (text: string) => T) => ({
  to: oid,
  from: [oid],
  serialize: (values: readonly T[]) => `{${values.join(',')}}`,
  parse: (text: string) => (text === '{}' ? [] : text.slice(1, -1).split(',').map(read)),
})

/** True when PostgreSQL refused a row because its key exists (23505). */
export function isDuplicate(error: unknown): boolean {
  return error instanceof postgres.PostgresError && error.code === '23505'
}

/**
 * True when PostgreSQL will never accept the statement (classes 22 data, 23 constraints, 42 syntax): a retry is
 * useless. False for a temporary fault: a lost connection, a time limit, a deadlock, a server that starts or has no
 * room.
 */
export function isRefused(error: unknown): boolean {
  return error instanceof postgres.PostgresError && /^(22|23|42)/.test(error.code)
}

/**
 * The version of the server, such as '18.4'; rejects when it does not answer within `withinMs`. Uses one connection and
 * closes it.
 */
export async function databaseVersion(address: DatabaseAddress, withinMs = LIMIT_MS): Promise<string> {
  const sql = openSql(address, { max: 1, limitMs: withinMs })
  try {
    const [row] = await sql<[{ server_version: string }]>`show server_version`
    return row.server_version.split(' ')[0]!
  } finally {
    await sql.end({ timeout: 1 })
  }
}
