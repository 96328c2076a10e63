/**
 * Brings a database to the schema of this version: plain SQL files, each applied once, in the order of their names.
 * An advisory lock lets one process work while others wait, so every node runs it when it starts.
 */
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { SwitchhookError } from '../base/errors.ts'
import type { Driver, Sql } from './sql.ts'

/** The number of the advisory lock; it must be unique in the database. 'swit' in ASCII. */
const LOCK = 0x73776974
const FOLDER = fileURLToPath(new URL('./migrations/', import.meta.url))
const NAME = /^\d{4}_[a-z0-9_]+\.sql$/

interface Migration {
  readonly name: string
  readonly text: string
  readonly checksum: string
}

/**
 * Applies the missing migrations, each in one transaction, and returns their names, oldest first. Rejects with
 * SwitchhookError SERVICE when an applied file was changed since, or when a file fails (it is then rolled back).
 */
export async function migrate(sql: Sql, folder: string = FOLDER): Promise<string[]> {
  const migrations = await readMigrations(folder)
  return sql.alone(async connection => {
    await connection`select pg_advisory_lock(${LOCK})`
    try {
      await connection`create table if not exists migrations (
        name text primary key, checksum text not null, applied_at timestamptz not null default now())`
      const rows = await connection<{ name: string; checksum: string }[]>`select name, checksum from migrations`
      const known = new Map(rows.map(row => [row.name, row.checksum]))
      const missing = migrations.filter(migration => !isApplied(migration, known))
      for (const migration of missing) await apply(connection, migration)
      return missing.map(migration => migration.name)
    } finally {
      await connection`select pg_advisory_unlock(${LOCK})`
    }
  })
}

async function readMigrations(folder: string): Promise<Migration[]> {
  const names = (await readdir(folder)).filter(name => name.endsWith('.sql')).sort()
  return Promise.all(
    names.map(async name => {
      if (!NAME.test(name))
        throw new SwitchhookError('SERVICE', `migrations/${name}: the name of a migration must be NNNN_words.sql`)
      const text = await readFile(`${folder}/${name}`, 'utf8')
      return { name, text, checksum: createHash('sha256').update(text).digest('hex') }
    }),
  )
}

function isApplied({ name, checksum }: Migration, known: ReadonlyMap<string, string>): boolean {
  const recorded = known.get(name)
  if (recorded !== undefined && recorded !== checksum) {
    throw new SwitchhookError(
      'SERVICE',
      `migrations/${name} was applied to this database and changed afterwards: restore it, and write a new file`,
    )
  }
  return recorded !== undefined
}

/** With explicit begin and commit, because the lock belongs to this connection. */
async function apply(connection: Driver, { name, text, checksum }: Migration): Promise<void> {
  await connection`begin`
  try {
    await connection.unsafe(text)
    await connection`insert into migrations (name, checksum) values (${name}, ${checksum})`
    await connection`commit`
  } catch (error) {
    await connection`rollback`
    throw new SwitchhookError('SERVICE', `migrations/${name} failed: ${(error as Error).message}`, { cause: error })
  }
}
