/**
 * DEMO=1: where the demo keeps its things on servers that may be somebody's. Its tables stand in a schema of its own, and what it keeps in
 * Redis in a database of its own: one that carries its mark, else the last one that is empty. Nothing else on these servers is touched.
 */
import { SwitchhookError } from '../base/errors.ts'
import { atDatabase } from '../base/redis-url.ts'
import { redisOptions } from '../store/redis-options.ts'
import { openRedisClient, type RedisAddress } from '../store/redis.ts'
import { ensureSchema } from '../store/make-database.ts'
import type { DatabaseAddress } from '../store/sql.ts'

const SCHEMA = 'switchhook_demo'
const MARK = 'sh:demo'
/** What a Redis has unless its configuration says otherwise. */
const DATABASES = 16

/** The schema is made. */
export async function demoDatabase(database: DatabaseAddress): Promise<DatabaseAddress> {
  const own = { ...database, schema: SCHEMA }
  await ensureSchema(own)
  return own
}

/** Rejects with SwitchhookError SERVICE when every other database of this Redis is in use. */
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
    if (empty === null) throw new Error(`its databases 0 to ${DATABASES - 1} are all in use`)
    await client.select(empty)
    await client.set(MARK, 'the demo of switchhook (DEMO=1): may be emptied at any time')
    return withDatabase(redis, empty)
  } catch (error) {
    throw new SwitchhookError('SERVICE', `DEMO=1 needs a database of its own in Redis: ${(error as Error).message}`, {
      cause: error,
    })
  } finally {
    client.disconnect()
  }
}

function withDatabase(redis: RedisAddress, db: number): RedisAddress {
  return 'socket' in redis ? { ...redis, db } : { url: atDatabase(redis.url, db) }
}
