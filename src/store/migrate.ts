/**
 * Brings a database to the state that this version needs: plain SQL files, applied once, in the order of their names.
 * An advisory lock lets one process work while others wait, so every node may call it when it starts.
 */
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { SwitchhookError } from '../base/errors.ts'
import type { Driver, Sql } from './sql.ts'

/** Any number will do as long as nobody else on this database uses it: 'switch' in ASCII. */
const LOCK = 0x73776974
const FOLDER = fileURLToPath(new URL('./migrations/', import.meta.url))
const NAME = /^\d{4}_[a-z0-9_]+\.sql$/

interface Migration {
  readonly name: string
  readonly text: string
  readonly checksum: string
}

/**
 * Applies what is missing and returns the names applied, oldest first; each file is one transaction.
 * Throws SwitchhookError SERVICE when a file that was applied has been changed since, or when a file fails (it then leaves nothing).
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
        throw new SwitchhookError('SERVICE', `migrations/${name}: a migration is called NNNN_words.sql`)
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
      `migrations/${name} was applied to this database and changed afterwards: write a new file instead`,
    )
  }
  return recorded !== undefined
}

/** In hand-written begin and commit: the lock belongs to this connection. */
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
