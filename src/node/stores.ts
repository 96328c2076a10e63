/**
 * Opens the stores of an installation: PostgreSQL and Redis, of the settings or private ones. Used by node.ts for a
 * node, and by node/commands.ts for the time of one command.
 */
import { redisRoster, type RedisHome } from '../agent/redis-roster.ts'
import type { Roster } from '../agent/roster.ts'
import { systemClock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import { Scope } from '../base/scope.ts'
import { SharedClock } from '../base/shared-clock.ts'
import { DialStatuses } from '../campaign/dial-status.ts'
import { DialWakeup } from '../campaign/dial-wakeup.ts'
import type { Config } from '../config.ts'
import { logEvents, toBoth, type Events } from '../events/events.ts'
import { Outbox } from '../outbox/outbox.ts'
import { redisQueueStore } from '../queue/redis-store.ts'
import type { QueueStore } from '../queue/store.ts'
import { openDatabaseService, openRedisService, openServices } from '../services/open.ts'
import { migrate } from '../store/migrate.ts'
import { assertFit, openRedisLinks, type RedisAddress } from '../store/redis.ts'
import { askTime } from '../store/redis-time.ts'
import { openSql, type DatabaseAddress, type Sql } from '../store/sql.ts'

/** What a command of the supervisor needs from PostgreSQL, without a node. */
export interface DatabaseStores {
  readonly sql: Sql
}

/** What a command of the supervisor needs from Redis, without a node. */
export interface RedisStores {
  readonly home: RedisHome
  readonly redis: RedisAddress
  readonly roster: Roster
  readonly queueStore: QueueStore
  readonly wakeup: DialWakeup
  readonly statuses: DialStatuses
  readonly events: Events
  /** The shared time of all nodes: timestamps in a store must be written and compared with this clock only. */
  readonly clock: SharedClock
}

export type Stores = DatabaseStores & RedisStores & { readonly outbox: Outbox } & AsyncDisposable
type Say = (line: string) => void

/** Opens PostgreSQL and Redis, migrated and checked. Rejects with SwitchhookError SERVICE, a message of one line. */
export const openStores = (config: Config, log: Log, say: Say): Promise<Stores> =>
  inScope(async scope => {
    const services = await openServices(config, { clock: systemClock, say })
    scope.defer(() => services.close())
    const database = await openDatabase(services.database, log, scope)
    const redis = await openRedis(services.redis, log, scope, { ...database, node: config.nodeName })
    return { ...database, ...redis, outbox: redis.outbox! }
  })

/** Opens PostgreSQL alone, for commands that do not need Redis: it may be down. Rejects as `openStores`. */
export const openDatabaseStores = (config: Config, log: Log, say: Say): Promise<DatabaseStores & AsyncDisposable> =>
  inScope(async scope => {
    const services = await openDatabaseService(config, { clock: systemClock, say })
    scope.defer(() => services.close())
    return openDatabase(services.database, log, scope)
  })

/**
 * Opens Redis alone, for commands that do not need PostgreSQL: it may be down, and then only the log hears the events
 * (`database`: null). Rejects as `openStores`.
 */
export const openRedisStores = (
  config: Config,
  log: Log,
  say: Say,
  database: DatabaseStores | null,
): Promise<RedisStores & AsyncDisposable> =>
  inScope(async scope => {
    const services = await openRedisService(config, { clock: systemClock, say })
    scope.defer(() => services.close())
    return openRedis(services.redis, log, scope, database && { ...database, node: config.nodeName })
  })

async function openDatabase(address: DatabaseAddress, log: Log, scope: Scope): Promise<DatabaseStores> {
  const sql = openSql(address, { log })
  scope.defer(() => sql.end({ timeout: 2 }))
  await migrate(sql)
  return { sql }
}

async function openRedis(
  redis: RedisAddress,
  log: Log,
  scope: Scope,
  database: (DatabaseStores & { readonly node: string }) | null,
): Promise<RedisStores & { readonly outbox: Outbox | null }> {
  const links = await openRedisLinks(redis, { log })
  scope.defer(() => Object.values(links).forEach(link => link.disconnect()))
  await assertFit(links.commands)
  const clock = new SharedClock(systemClock)
  clock.learn(await askTime(links.commands, clock))
  const outbox = database && scope.use(new Outbox({ ...database, clock, log }))
  const events = outbox ? toBoth(logEvents(log), outbox) : logEvents(log)
  const home = { ...links, log, events }
  return {
    home,
    redis,
    roster: redisRoster(home),
    queueStore: redisQueueStore(home),
    wakeup: new DialWakeup(home),
    statuses: new DialStatuses(home, log),
    events,
    outbox,
    clock,
  }
}

/** Closes what was opened when `open` fails; else when its result is disposed of. */
async function inScope<T extends object>(open: (scope: Scope) => Promise<T>): Promise<T & AsyncDisposable> {
  const scope = new Scope()
  try {
    return Object.assign(await open(scope), { [Symbol.asyncDispose]: () => scope[Symbol.asyncDispose]() })
  } catch (error) {
    await scope[Symbol.asyncDispose]()
    throw error
  }
}
