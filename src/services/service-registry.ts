/**
 * Which processes of this project use its private services, and where those are: DATA_DIR/services.json.
 * One process at a time reads and changes it, also while it starts or stops a server.
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
  /** Process ids. Whoever holds a pipe keeps the server alive; these only tell the last one to wait for its end. */
  readonly users: readonly number[]
  readonly postgres?: Running<DatabaseAddress & { socketFolder: string }>
  readonly redis?: Running<RedisAddress & { socket: string }>
}

/** As long as a slow machine may need for its first start, packages and all. */
const LOCK_WITHIN_MS = 180_000

/** Gives the roll to `change` and keeps what it returns. Others wait meanwhile. Users that have died are not on it. */
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

/** A file that is missing or broken says nothing: the pipes tell what runs. */
async function read(file: string): Promise<ServiceRegistry> {
  try {
    const registry = JSON.parse(await readFile(file, 'utf8')) as ServiceRegistry
    return Array.isArray(registry.users) ? registry : { users: [] }
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return { users: [] }
    throw error
  }
}

/** A lock that its owner's death opens: a file with a process id, brought into place by `link`, which never replaces. */
async function lock(path: string, clock: Clock): Promise<() => Promise<void>> {
  const mine = `${path}.${process.pid}`
  await writeFile(mine, String(process.pid))
  try {
    const attempt = async () => (await linked(mine, path)) || ((await removeDead(path)) && (await linked(mine, path)))
    const got = await until(clock, LOCK_WITHIN_MS, attempt)
    if (!got)
      throw new SwitchhookError(
        'SERVICE',
        `another process starts services since minutes; if none does, remove ${path}`,
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

/** Renamed before it is removed: of two that find the same dead owner only one can rename, and a living owner's lock is put back. */
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
