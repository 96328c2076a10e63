/** Doctor: checks that PostgreSQL and Redis can be reached, are new enough, and keep their data. */
import { readdir } from 'node:fs/promises'
import { SwitchhookError } from '../../base/errors.ts'
import { showRedisUrl } from '../../base/redis-url.ts'
import type { SharedClock } from '../../base/shared-clock.ts'
import { openRedisClient, redisVersion, type RedisAddress } from '../../store/redis.ts'
import { NO_USES, type Uses } from '../../flow/uses.ts'
import { hasHappened } from '../../store/installation.ts'
import { databaseVersion, openSql, type DatabaseAddress } from '../../store/sql.ts'
import { checkClocks } from './clocks.ts'
import { forgottenSwitch, SWITCH_CURE } from '../forgotten-switch.ts'
import { fault, ok, warning, type Finding } from './finding.ts'
import { soundsOfCampaigns } from './campaigns.ts'
import { checkQueues } from './queues.ts'
import type { DoctorInput, DoctorSettings, OpenedServices } from './doctor-input.ts'

const MIGRATIONS = new URL('../../store/migrations/', import.meta.url)
/** PostgreSQL 13 is the first with gen_random_uuid() without an extension; BullMQ requires Redis 6.2. */
const NEEDED = { postgres: '13', redis: '6.2' } as const
const NO_DATABASE = 'set DATABASE_URL to a PostgreSQL that can be reached, or unset it for a private one'
const NO_REDIS = 'set REDIS_URL to a Redis that can be reached, or unset it for a private one'

/**
 * `clock` has the shared time of the nodes afterwards, when Redis was reached. Returns the sounds that callers of the
 * queues may hear.
 */
export async function* checkStores<S extends DoctorSettings>(
  context: DoctorInput<S>,
  settings: S,
  clock: SharedClock,
  uses: Uses = NO_USES,
): AsyncGenerator<Finding, readonly string[]> {
  // both are tried: when both are wrong, both are reported
  const given = [await givenDatabase(settings.databaseUrl), await givenRedis(settings.redisUrl)].filter(
    finding => finding !== null,
  )
  yield* given
  if (given.length > 0) return []
  let services: OpenedServices
  try {
    services = await context.openServices(settings)
  } catch (error) {
    if (!(error instanceof SwitchhookError)) throw error
    const mend = 'follow the message, or name your own servers in DATABASE_URL and REDIS_URL'
    yield fault('stores', error.message, mend)
    return []
  }
  try {
    yield* checkDatabase(services.database, settings.databaseUrl === null)
    yield* checkServed(services.database, settings)
    yield* checkRedis(services.redis, settings.redisUrl === null, clock)
    // the demo creates its own
    if (settings.switches.length === 0) return []
    const ofQueues = yield* checkQueues(services.redis, uses)
    const isNew = (await missingMigrations(services.database)).length > 0 // reported
    return isNew ? ofQueues : [...ofQueues, ...(await soundsOfCampaigns(services.database))]
  } finally {
    await services.close()
  }
}

async function givenDatabase(url: string | null): Promise<Finding | null> {
  if (url === null) return null
  return databaseVersion({ url }).then(
    () => null,
    (error: Error) => fault('postgres', `no PostgreSQL answers at ${new URL(url).host}: ${reason(error)}`, NO_DATABASE),
  )
}

async function givenRedis(url: string | null): Promise<Finding | null> {
  if (url === null) return null
  return redisVersion({ url }).then(
    () => null,
    (error: Error) => fault('redis', `no Redis answers at ${showRedisUrl(url)}: ${reason(error)}`, NO_REDIS),
  )
}

async function* checkDatabase(address: DatabaseAddress, isPrivate: boolean): AsyncGenerator<Finding> {
  const version = await databaseVersion(address)
  const named = `${version}${isPrivate ? ', private' : ''}`
  if (isOlder(version, NEEDED.postgres))
    yield fault('postgres', `its version is ${version}`, `update it to ${NEEDED.postgres} or newer`)
  const missing = await missingMigrations(address)
  if (missing.length === 0) yield ok('postgres', `${named}, all migrations are applied`)
  else yield ok('postgres', `${named}; a node applies ${missing.join(', ')} when it starts`)
}

/** Reports the missing FREESWITCH when these stores have served a real one: a node would refuse to start. */
async function* checkServed(address: DatabaseAddress, settings: DoctorSettings): AsyncGenerator<Finding> {
  if (forgottenSwitch(settings) !== null || (await missingMigrations(address)).length > 0) return // reported or new
  const sql = openSql(address, { max: 1 })
  try {
    const forgotten = forgottenSwitch(settings, await hasHappened(sql, 'served-freeswitch'))
    if (forgotten !== null) yield fault('freeswitch', forgotten, SWITCH_CURE)
  } finally {
    await sql.end({ timeout: 1 })
  }
}

async function missingMigrations(address: DatabaseAddress): Promise<string[]> {
  const files = (await readdir(MIGRATIONS)).filter(name => name.endsWith('.sql')).sort()
  const sql = openSql(address, { max: 1 })
  try {
    const [there] = await sql<[{ table: string | null }]>`select to_regclass('migrations')::text as table`
    const applied = there.table === null ? [] : await sql<{ name: string }[]>`select name from migrations`
    return files.filter(name => !applied.some(row => row.name === name))
  } finally {
    await sql.end({ timeout: 1 })
  }
}

async function* checkRedis(address: RedisAddress, isPrivate: boolean, clock: SharedClock): AsyncGenerator<Finding> {
  const client = await openRedisClient(address, { name: 'switchhook-doctor' })
  try {
    yield* redisFindings(await client.info(), isPrivate)
    yield* checkClocks(client, clock)
  } finally {
    client.disconnect()
  }
}

/** `info` is the answer to INFO, because hosted Redis forbids CONFIG. */
export function redisFindings(info: string, isPrivate: boolean): Finding[] {
  const value = (name: string) => new RegExp(`^${name}:(\\S+)`, 'm').exec(info)?.[1]
  const version = value('valkey_version') ?? value('redis_version') ?? 'unknown'
  const found: Finding[] = []
  const policy = value('maxmemory_policy')
  if (policy !== 'noeviction') {
    found.push(
      fault(
        'redis',
        `it may evict keys, and with them calls (maxmemory-policy ${policy ?? 'unknown'})`,
        'CONFIG SET maxmemory-policy noeviction, and the same line in redis.conf',
      ),
    )
  }
  if (value('cluster_enabled') === '1') {
    found.push(
      fault(
        'redis',
        'it is a Redis Cluster, which stores agents and callers on different servers: no script can write both',
        'name one server in REDIS_URL, or its sentinels (redis+sentinel://host:26379/primary/0)',
      ),
    )
  }
  if (value('role') === 'slave') {
    found.push(
      fault(
        'redis',
        'it is a replica, which cannot be written to',
        'set REDIS_URL to the primary, or name its sentinels (redis+sentinel://host:26379/primary/0)',
      ),
    )
  }
  if (value('aof_enabled') !== '1') {
    found.push(
      warning(
        'redis',
        'it loses queues and journals when it stops (appendonly no)',
        'CONFIG SET appendonly yes, and the same line in redis.conf',
      ),
    )
  }
  if (version !== 'unknown' && isOlder(version, NEEDED.redis))
    found.push(warning('redis', `its version is ${version}`, `update it to ${NEEDED.redis} or newer for BullMQ`))
  return found.length > 0
    ? found
    : [ok('redis', `${version}${isPrivate ? ', private' : ''}, keeps every key, appends to disk`)]
}

/** '1.10.12' is older than '1.11.3'. A part that is not a number counts as 0. */
export function isOlder(version: string, than: string): boolean {
  const parts = (text: string) => text.split('.').map(part => Number.parseInt(part, 10) || 0)
  const [mine, other] = [parts(version), parts(than)]
  for (let i = 0; i < other.length; i++) {
    const difference = (mine[i] ?? 0) - other[i]!
    if (difference !== 0) return difference < 0
  }
  return false
}

/**
 * The text of an error. A refused connection to a name with several addresses is an AggregateError without a message.
 */
function reason(error: unknown): string {
  const { message, code } = error as { message?: string; code?: string }
  return message || code || String(error)
}
