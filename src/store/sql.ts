/** The way to PostgreSQL. Every query is a tagged template (`sql\`select … ${value}\``): values never become part of the text. */
import postgres from 'postgres'
import { SwitchhookError } from '../base/errors.ts'
import { silentLog, type Log } from '../base/log.ts'

/** Rows have the names of their columns; bigint and count(*) come as numbers, timestamptz as Date, jsonb as values. */
export type Sql = postgres.Sql<{ bigint: number }>
/** What `sql.begin(async tx => …)` gives: the same words, in one transaction. */
export type Transaction = postgres.TransactionSql<{ bigint: number }>
/** A pool or a transaction: what a query needs. */
export type Queries = postgres.ISql<{ bigint: number }>
export type Json = postgres.JSONValue

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
  /** Seconds until a connection that is not made is an error (default 10). */
  connectWithin?: number
  log?: Log
}

/** A pool that connects when it is first asked. `await sql.end({ timeout: 5 })` closes it. */
export function openSql(address: DatabaseAddress, options: SqlOptions = {}): Sql {
  const { max = 10, name = 'switchhook', connectWithin = 10, log = silentLog } = options
  const settings = {
    max,
    connect_timeout: connectWithin,
    connection: { application_name: name, ...(address.schema && { search_path: address.schema }) },
    onnotice: (notice: postgres.Notice) => log.debug({ notice: notice['message'] }, 'PostgreSQL says'),
    types: { bigint: { to: 20, from: [20], serialize: String, parse: wholeNumber } },
  } satisfies postgres.Options<{ bigint: postgres.PostgresType<number> }>
  if ('url' in address) {
    const { url, host } = withoutSocket(address.url)
    return postgres(url, { ...settings, ...host })
  }
  return postgres({ ...settings, host: address.socketFolder, port: 5432, user: address.user, database: address.database })
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
  if (!Number.isSafeInteger(number)) throw new SwitchhookError('SERVICE', `${written} from the database does not fit into a number`)
  return number
}

/** True when PostgreSQL refused a row because its key is taken (23505). */
export function isDuplicate(error: unknown): boolean {
  return error instanceof postgres.PostgresError && error.code === '23505'
}

/** True when PostgreSQL will never take this row: its values, not the connection, are at fault (classes 22 and 23, and what JSON cannot hold). */
export function isRefused(error: unknown): boolean {
  return error instanceof postgres.PostgresError && /^2[23]/.test(error.code)
}

/** The database's own version, such as '18.4'; rejects when nobody answers. One connection, closed again. */
export async function databaseVersion(address: DatabaseAddress, connectWithin = 5): Promise<string> {
  const sql = openSql(address, { max: 1, connectWithin })
  try {
    const [row] = await sql<[{ server_version: string }]>`show server_version`
    return row.server_version.split(' ')[0]!
  } finally {
    await sql.end({ timeout: 1 })
  }
}

/** Makes the schema of an address when there is none. */
export async function ensureSchema(address: DatabaseAddress & { readonly schema: string }): Promise<void> {
  const sql = openSql(address, { max: 1 })
  try {
    await sql`create schema if not exists ${sql(address.schema)}`
  } catch (error) {
    if (!isDuplicate(error)) throw error // somebody made it meanwhile
  } finally {
    await sql.end({ timeout: 1 })
  }
}

/** Makes the database `name` when there is none. `address` is one that exists on that server. */
export async function ensureDatabase(address: DatabaseAddress, name: string): Promise<void> {
  const sql = openSql(address, { max: 1 })
  try {
    const found = await sql`select 1 from pg_database where datname = ${name}`
    if (found.length === 0) await sql`create database ${sql(name)}`
  } catch (error) {
    if (!(error instanceof postgres.PostgresError && error.code === '42P04')) throw error // 42P04: somebody made it meanwhile
  } finally {
    await sql.end({ timeout: 1 })
  }
}
