/**
 * Opens PostgreSQL and Redis for this process: those of the settings, else private ones that all processes of this
 * project share. Prints one line for each: version, address or data folder, duration of the start. Used by
 * node/stores.ts and the command line.
 */
import { rm } from 'node:fs/promises'
import { join, relative } from 'node:path'
import type { Clock } from '../base/clock.ts'
import { SwitchhookError } from '../base/errors.ts'
import { showRedisUrl } from '../base/redis-url.ts'
import type { Config } from '../config.ts'
import { redisOptions } from '../store/redis-options.ts'
import { redisVersion, type RedisAddress } from '../store/redis.ts'
import { databaseVersion, type DatabaseAddress } from '../store/sql.ts'
import { demoDatabase, demoRedis } from './demo-places.ts'
import { isGone, stopped, takeHold, type Guard, type Hold } from './guard.ts'
import { postgresAnswers, postgresPipe, startPostgres } from './postgres.ts'
import { redisAnswers, redisPipe, startRedis } from './redis.ts'
import { withServiceRegistry, type ServiceRegistry, type Running } from './service-registry.ts'

export interface Services {
  readonly database: DatabaseAddress
  readonly redis: RedisAddress
  /** Releases the private services; the last process to do so waits until they have ended (about 0.2 s). */
  close(): Promise<void>
}

export interface ServicesOptions {
  clock: Clock
  /** Receives one line for display, without a newline. */
  say(line: string): void
  /** For tests: faster; the data is removed at the end. */
  throwaway?: boolean
}

type Needs = Pick<Config, 'databaseUrl' | 'redisUrl' | 'dataDir' | 'cacheDir'> & Partial<Pick<Config, 'demo'>>

/** One private service: how to find it, how to start it. */
interface Kind<R> {
  readonly name: 'postgres' | 'redis'
  readonly pipe: string
  readonly data: string
  answers(running: R): Promise<boolean>
  start(before: R | undefined): Promise<{ running: R; guard: Guard; from?: string }>
}
type Postgres = NonNullable<ServiceRegistry['postgres']>
type Redis = NonNullable<ServiceRegistry['redis']>

/** Opens both. Rejects with SwitchhookError SERVICE: what is missing and what to do. */
export async function openServices(config: Needs, options: ServicesOptions): Promise<Services> {
  const { database, redis, close } = await open(config, options, { postgres: true, redis: true })
  return { database: database!, redis: redis!, close }
}

/** Opens PostgreSQL only; Redis may be down. Rejects as `openServices` does. */
export async function openDatabaseService(config: Needs, options: ServicesOptions): Promise<Omit<Services, 'redis'>> {
  const { database, close } = await open(config, options, { postgres: true, redis: false })
  return { database: database!, close }
}

/** Opens Redis only; PostgreSQL may be down. Rejects as `openServices` does. */
export async function openRedisService(config: Needs, options: ServicesOptions): Promise<Omit<Services, 'database'>> {
  const { redis, close } = await open(config, options, { postgres: false, redis: true })
  return { redis: redis!, close }
}

type Some = Partial<Services> & Pick<Services, 'close'>
interface Wanted {
  readonly postgres: boolean
  readonly redis: boolean
}

async function open(config: Needs, options: ServicesOptions, wanted: Wanted): Promise<Some> {
  const services = await openServers(config, options, wanted)
  if (!config.demo) return services
  try {
    const [database, redis] = await Promise.all([
      services.database && demoDatabase(services.database),
      services.redis && demoRedis(services.redis),
    ])
    const places = [
      ...(database ? [`in the schema ${database.schema}`] : []),
      ...(redis ? [`in database ${redisOptions(redis).db} of Redis`] : []),
    ]
    options.say(`demo: ${places.join(' and ')}, separate from all other data`)
    return { ...services, ...(database && { database }), ...(redis && { redis }) }
  } catch (error) {
    await services.close()
    throw error
  }
}

async function openServers(config: Needs, options: ServicesOptions, wanted: Wanted): Promise<Some> {
  const { databaseUrl, redisUrl } = config
  const database = wanted.postgres && databaseUrl !== null ? await givenDatabase(databaseUrl, options.say) : undefined
  const redis = wanted.redis && redisUrl !== null ? await givenRedis(redisUrl, options.say) : undefined
  const missing = { postgres: wanted.postgres && !database, redis: wanted.redis && !redis }
  if (!missing.postgres && !missing.redis)
    return { ...(database && { database }), ...(redis && { redis }), close: () => Promise.resolve() }

  const ours = new PrivateServices(config, options)
  const registry = await ours.open(missing)
  let closing: Promise<void> | undefined
  return {
    ...(wanted.postgres && { database: database ?? registry.postgres!.address }),
    ...(wanted.redis && { redis: redis ?? registry.redis!.address }),
    close: () => (closing ??= ours.close()),
  }
}

class PrivateServices {
  readonly #dataDir: string
  readonly #clock: Clock
  readonly #say: (line: string) => void
  readonly #throwaway: boolean
  readonly #postgres: Kind<Postgres>
  readonly #redis: Kind<Redis>
  readonly #holds: Hold[] = []
  #leaving = false

  constructor({ dataDir, cacheDir }: Needs, { clock, say, throwaway = false }: ServicesOptions) {
    const start = { dataDir, cacheDir, clock, throwaway, say }
    const data = (name: string) => readablePath(join(dataDir, name))
    this.#dataDir = dataDir
    this.#clock = clock
    this.#say = say
    this.#throwaway = throwaway
    this.#postgres = {
      ...{ name: 'postgres', pipe: postgresPipe(dataDir), data: data('pg') },
      ...{ answers: postgresAnswers, start: () => startPostgres(start) },
    }
    this.#redis = {
      ...{ name: 'redis', pipe: redisPipe(dataDir), data: data('redis') },
      ...{ answers: redisAnswers, start: before => startRedis(start, before) },
    }
  }

  /** Opens both at the same time; when one fails, the other is released. */
  async open(wanted: { postgres: boolean; redis: boolean }): Promise<ServiceRegistry> {
    return withServiceRegistry(this.#dataDir, this.#clock, async before => {
      const [postgres, redis] = await Promise.allSettled([
        wanted.postgres ? this.#use(this.#postgres, before.postgres) : undefined,
        wanted.redis ? this.#use(this.#redis, before.redis) : undefined,
      ])
      const failed = [postgres, redis].find(one => one.status === 'rejected')
      if (failed) {
        this.#letGo()
        throw failed.reason
      }
      return {
        ...before,
        users: [...before.users, process.pid],
        ...(postgres.status === 'fulfilled' && postgres.value && { postgres: postgres.value }),
        ...(redis.status === 'fulfilled' && redis.value && { redis: redis.value }),
      }
    })
  }

  async close(): Promise<void> {
    await withServiceRegistry(this.#dataDir, this.#clock, async registry => {
      const users = registry.users.toSpliced(registry.users.indexOf(process.pid), 1) // once: it may have opened them twice
      this.#letGo()
      if (users.length > 0) return { ...registry, users }
      await Promise.all([
        registry.postgres && stopped(this.#clock, this.#postgres.pipe, registry.postgres.group),
        registry.redis && stopped(this.#clock, this.#redis.pipe, registry.redis.group),
      ])
      return { users }
    })
    if (this.#throwaway) await rm(this.#dataDir, { recursive: true, force: true })
  }

  async #use<R extends Running<unknown>>(kind: Kind<R>, known: R | undefined): Promise<R> {
    const began = this.#clock.monotonic()
    const hold = takeHold(kind.pipe)
    if (hold && known && (await kind.answers(known))) {
      this.#holds.push(hold)
      this.#say(`${kind.name}: private ${known.version}, running already`)
      return known
    }
    hold?.release()
    if (hold && !(await isGone(this.#clock, kind.pipe))) {
      // not killed: other processes may use it
      throw new SwitchhookError(
        'SERVICE',
        `${kind.name}: the private server runs but does not answer, see ${kind.data}.log`,
      )
    }
    const { running, guard, from } = await kind.start(known)
    this.#holds.push(guard.hold)
    void guard.ended.then(code => {
      if (!this.#leaving) this.#say(`${kind.name}: the private server ended (exit ${code}), see ${kind.data}.log`)
    })
    const took = ((this.#clock.monotonic() - began) / 1_000).toFixed(1)
    this.#say(`${kind.name}: private ${running.version}${from ? ` (${from})` : ''} in ${kind.data} (${took} s)`)
    return running
  }

  #letGo(): void {
    this.#leaving = true
    for (const hold of this.#holds) hold.release()
  }
}

function readablePath(path: string): string {
  const short = relative(process.cwd(), path)
  return short.startsWith('..') ? path : short
}

async function givenDatabase(url: string, say: (line: string) => void): Promise<DatabaseAddress> {
  const { host, pathname } = new URL(url)
  try {
    say(`postgres: ${await databaseVersion({ url })} at ${host}${pathname} (DATABASE_URL)`)
    return { url }
  } catch (error) {
    throw new SwitchhookError(
      'SERVICE',
      `DATABASE_URL: no PostgreSQL answers at ${host}${pathname}: ${reason(error)}`,
      { cause: error },
    )
  }
}

async function givenRedis(url: string, say: (line: string) => void): Promise<RedisAddress> {
  const host = showRedisUrl(url)
  try {
    say(`redis: ${await redisVersion({ url })} at ${host} (REDIS_URL)`)
    return { url }
  } catch (error) {
    throw new SwitchhookError('SERVICE', `REDIS_URL: no Redis answers at ${host}: ${reason(error)}`, { cause: error })
  }
}

/**
 * The text of an error. A refused connection to a name with several addresses is an AggregateError without a message.
 */
function reason(error: unknown): string {
  const { message, code } = error as { message?: string; code?: string }
  return message || code || String(error)
}
