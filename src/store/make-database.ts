/**
 * Creates the database or schema of our tables if it does not exist. Used by services/postgres.ts and
 * services/demo-places.ts.
 */
import { isDuplicate, openSql, type DatabaseAddress } from './sql.ts'

/** Creates the schema of an address if it does not exist. */
export async function ensureSchema(address: DatabaseAddress & { readonly schema: string }): Promise<void> {
  const sql = openSql(address, { max: 1 })
  try {
    await sql`create schema if not exists ${sql(address.schema)}`
  } catch (error) {
    if (!isDuplicate(error)) throw error // another process created it meanwhile
  } finally {
    await sql.end({ timeout: 1 })
  }
}

/** Creates the database `name` if it does not exist. `address` is an existing database on that server. */
export async function ensureDatabase(address: DatabaseAddress, name: string): Promise<void> {
  const sql = openSql(address, { max: 1 })
  try {
    await sql.alone(async connection => {
      const found = await connection`select 1 from pg_database where datname = ${name}`
      if (found.length === 0) await connection`create database ${connection(name)}`
    })
  } catch (error) {
    if ((error as { code?: unknown }).code !== '42P04') throw error // 42P04: another process created it meanwhile
  } finally {
    await sql.end({ timeout: 1 })
  }
}
