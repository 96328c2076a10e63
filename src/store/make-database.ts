/** Makes the place of our tables, where it is not there yet: a database, or a schema in one. */
import { isDuplicate, openSql, type DatabaseAddress } from './sql.ts'

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
    await sql.alone(async connection => {
      const found = await connection`select 1 from pg_database where datname = ${name}`
      if (found.length === 0) await connection`create database ${connection(name)}`
    })
  } catch (error) {
    if ((error as { code?: unknown }).code !== '42P04') throw error // 42P04: somebody made it meanwhile
  } finally {
    await sql.end({ timeout: 1 })
  }
}
