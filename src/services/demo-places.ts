/**
 * DEMO=1: the places of the demo on servers that others may use too. Its tables have a separate schema. Its Redis keys
 * have a separate database: the one with its mark, else the last empty one. Nothing else on these servers is touched.
 * Used by services/open.ts alone.
 */
import { SwitchhookError } from '../base/errors.ts'
import { atDatabase } from '../base/redis-url.ts'
import { redisOptions } from '../store/redis-options.ts'
import { openRedisClient, type RedisAddress } from '../store/redis.ts'
import { ensureSchema } from '../store/make-database.ts'
import type { DatabaseAddress } from '../store/sql.ts'

const SCHEMA = 'switchhook_demo'
const MARK = 'sh:demo'
/** Redis's default number of databases. */
const DATABASES = 16

/** The address with the demo's schema, which it creates if needed. */
export async function demoDatabase(database: DatabaseAddress): Promise<DatabaseAddress> {
  const own = { ...database, schema: SCHEMA }
  await ensureSchema(own)
  return own
}

/**
 * The address with the demo's database. Rejects with SwitchhookError SERVICE when every other database of this Redis is
 * in use.
 */
export async function demoRedis(redis: RedisAddress): Promise<RedisAddress> {
  const { db } = redisOptions(redis)
  const client = await openRedisClient(redis, { name: 'switchhook-demo' })
  try {
    const others = Array.from({ length: DATABASES }, (_, index) => DATABASES - 1 - index).filter(index => index !== db)
    let empty: number | null = null
    for (const index of others) {
      await client.select(index)
      if ((await client.exists(MARK)) === 1) return withDatabase(redis, index)
      if ((await client.dbsize()) === 0) empty ??= index
    }
    if (empty === null) throw new Error(`databases 0 to ${DATABASES - 1} are all in use; empty one, or set REDIS_URL`)
    await client.select(empty)
    await client.set(MARK, 'the demo of switchhook (DEMO=1): may be emptied at any time')
    return withDatabase(redis, empty)
  } catch (error) {
    throw new SwitchhookError('SERVICE', `DEMO=1 needs a separate database in Redis: ${(error as Error).message}`, {
      cause: error,
    })
  } finally {
    client.disconnect()
  }
}

function withDatabase(redis: RedisAddress, db: number): RedisAddress {
  return 'socket' in redis ? { ...redis, db } : { url: atDatabase(redis.url, db) }
}
