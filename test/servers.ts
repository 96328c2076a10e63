/** The servers that tests use: started once for a run; their data is deleted at its end. */
import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { systemClock } from '../src/base/clock.ts'
import { readConfig } from '../src/config.ts'
import { isAlive, run } from '../src/services/guard.ts'
import { openDatabaseService, openServices, type Services } from '../src/services/open.ts'
import { migrate } from '../src/store/migrate.ts'
import { ensureDatabase } from '../src/store/make-database.ts'
import { openSql, type DatabaseAddress } from '../src/store/sql.ts'

/** The variable in which `test/run.ts` passes the addresses of the servers to its children. */
export const TOLD = 'SWITCHHOOK_TEST_SERVICES'
/** Every test database begins as a copy of this one (database-pool.ts). */
export const TEMPLATE = 'switchhook_template'
const DATA = fileURLToPath(new URL('../.data/', import.meta.url))

export interface TestServices extends Services {
  /** PostgreSQL's data as after a first start and stop: `putPostgresData` copies it. */
  readonly postgresData: string
}

/** Starts servers whose data is deleted later, and migrates the template from which every test database is copied. */
export async function startServices(say: (line: string) => void = () => {}): Promise<TestServices> {
  await sweep()
  const dataDir = dataOfRun()
  const { CACHE_DIR, XDG_CACHE_HOME } = process.env
  const { cacheDir } = readConfig({ CACHE_DIR, XDG_CACHE_HOME })
  const config = { databaseUrl: null, redisUrl: null, dataDir, cacheDir }
  const first = join(dataDir, 'first')
  await (await openDatabaseService({ ...config, dataDir: first }, { clock: systemClock, say() {} })).close()
  const postgresData = join(first, 'pg')
  await copyData(postgresData, dataDir)
  const services = await openServices(config, { clock: systemClock, say, throwaway: true })
  await ensureDatabase(services.database, TEMPLATE)
  const sql = openSql(at(services.database, TEMPLATE), { max: 1 })
  await migrate(sql)
  await sql.end()
  return { ...services, postgresData }
}

/**
 * A private PostgreSQL in this folder finds its data, as at every start but the first: a copy takes a tenth of the CPU
 * of initdb. In a file that is run alone there is no data to copy, and the server creates its own.
 */
export async function putPostgresData(dataDir: string): Promise<void> {
  const told = process.env[TOLD]
  if (told) await copyData((JSON.parse(told) as TestServices).postgresData, dataDir)
}

async function copyData(postgresData: string, dataDir: string): Promise<void> {
  await mkdir(dataDir, { recursive: true })
  await run('cp', ['-a', postgresData, join(dataDir, 'pg')]) // keeps the owner: under root the server runs as nobody
}

/** The same server, another database. */
export function at(address: DatabaseAddress, database: string): DatabaseAddress {
  if ('url' in address) throw new Error('tests never touch a database that is given by its URL')
  return { ...address, database }
}

/** The folder of this run, in the project; `sweep` removes it when the process is gone. */
export const dataOfRun = (): string => join(DATA, `test-${process.pid}`)

/** Folders of runs that were killed. */
async function sweep(): Promise<void> {
  const names = await readdir(DATA).catch(() => [])
  for (const name of names) {
    const pid = Number(/^test-(\d+)$/.exec(name)?.[1])
    if (pid && !isAlive(pid)) await rm(join(DATA, name), { recursive: true, force: true })
  }
}
