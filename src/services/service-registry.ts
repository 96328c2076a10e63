/**
 * The registry of the private services, DATA_DIR/services.json: their addresses, and the processes of this project that
 * use them. One process at a time holds its lock, and keeps it while it starts or stops a server. Used by
 * services/open.ts.
 */
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../base/clock.ts'
import { SwitchhookError } from '../base/errors.ts'
import type { DatabaseAddress } from '../store/sql.ts'
import type { RedisAddress } from '../store/redis.ts'
import { isAlive, until } from './guard.ts'

export interface Running<Address> {
  readonly address: Address
  readonly version: string
  readonly group: number
}

export interface ServiceRegistry {
  /**
   * Process ids. They only tell the last process to wait for the end of the server; the pipes keep it running
   * (services/guard.ts).
   */
  readonly users: readonly number[]
  readonly postgres?: Running<DatabaseAddress & { socketFolder: string }>
  readonly redis?: Running<RedisAddress & { socket: string }>
}

/** Longest wait for the lock: a slow machine may need so long for its first start, including packages. */
const LOCK_WITHIN_MS = 180_000

/**
 * Passes the registry, without ended processes, to `change`, and writes what it returns. Other processes wait
 * meanwhile.
 */
export async function withServiceRegistry(
  dataDir: string,
  clock: Clock,
  change: (registry: ServiceRegistry) => Promise<ServiceRegistry>,
): Promise<ServiceRegistry> {
  await mkdir(join(dataDir, 'run'), { recursive: true })
  const unlock = await lock(join(dataDir, 'run', 'lock'), clock)
  try {
    const file = join(dataDir, 'services.json')
    const registry = await read(file)
    const next = await change({ ...registry, users: registry.users.filter(isAlive) })
    await writeFile(`${file}.new`, `${JSON.stringify(next, null, 2)}\n`, { mode: 0o600 })
    await rename(`${file}.new`, file)
    return next
  } finally {
    await unlock()
  }
}

/** A missing or invalid file counts as empty: the pipes show what runs. */
async function read(file: string): Promise<ServiceRegistry> {
  try {
    const registry = JSON.parse(await readFile(file, 'utf8')) as ServiceRegistry
    return Array.isArray(registry.users) ? registry : { users: [] }
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return { users: [] }
    throw error
  }
}

/** A lock that opens when its owner ends: a file with a process id, created by `link`, which never replaces a file. */
async function lock(path: string, clock: Clock): Promise<() => Promise<void>> {
  const mine = `${path}.${process.pid}`
  await writeFile(mine, String(process.pid))
  try {
    const attempt = async () => (await linked(mine, path)) || ((await removeDead(path)) && (await linked(mine, path)))
    const got = await until(clock, LOCK_WITHIN_MS, attempt)
    if (!got)
      throw new SwitchhookError(
        'SERVICE',
        `another process has held ${path} for 3 minutes to start services: wait, or remove it if none does`,
      )
  } finally {
    await rm(mine, { force: true })
  }
  return () => rm(path, { force: true })
}

async function linked(mine: string, path: string): Promise<boolean> {
  try {
    await link(mine, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

/**
 * Removes the lock of an ended owner. It is renamed first: of two processes only one can rename it, and the lock of a
 * live owner is put back.
 */
async function removeDead(path: string): Promise<boolean> {
  const aside = `${path}.dead.${process.pid}`
  try {
    const owner = await readFile(path, 'utf8')
    if (isAlive(Number(owner)) && Number(owner) !== process.pid) return false
    await rename(path, aside)
    if ((await readFile(aside, 'utf8')) !== owner) await linked(aside, path)
    await rm(aside)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return true
    throw error
  }
}
