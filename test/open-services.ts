/**
 * PostgreSQL and Redis for tests: every call returns a separate database or Redis, which is removed at the end of the
 * test. `test/run.ts` starts the servers once for all files; a file that is run alone starts its own.
 */
import { after } from 'node:test'
import type { Services } from '../src/services/open.ts'
import { openRedisClient, type RedisAddress, type RedisClient } from '../src/store/redis.ts'
import { openSql, type DatabaseAddress, type Sql } from '../src/store/sql.ts'
import { giveDatabaseBack, takeDatabase } from './database-pool.ts'
import { PATIENCE_MS } from './patience.ts'
import { at, startServices, TOLD } from './servers.ts'

interface Test {
  after(fn: () => Promise<unknown>): void
}

let own: Promise<Services> | undefined
after(async () => (await own)?.close())

async function services(): Promise<Pick<Services, 'database' | 'redis'>> {
  const told = process.env[TOLD]
  return told ? (JSON.parse(told) as Services) : (own ??= startServices())
}

export interface TestDatabase {
  readonly sql: Sql
  readonly address: DatabaseAddress
}

/** A database as a new one: all tables, and nothing in them. The test has it alone until its end. */
export async function openDatabase(t: Test): Promise<TestDatabase> {
  const { database } = await services()
  const admin = openSql(database, { max: 1, limitMs: PATIENCE_MS })
  const name = await takeDatabase(admin, database)
  const address = at(database, name)
  const sql = openSql(address)
  t.after(async () => {
    await sql.end({ timeout: 1 })
    await giveDatabaseBack(admin, database, name)
    await admin.end()
  })
  return { sql, address }
}

export interface TestRedis {
  readonly client: RedisClient
  readonly address: RedisAddress
}

/** A separate Redis database, emptied after the test. All share Redis's channels: see `channelOf`. */
export async function openRedis(t: Test): Promise<TestRedis> {
  const { redis } = await services()
  const counter = await openRedisClient(redis)
  const db = 1 + ((await counter.incr('switchhook-test:databases')) % 1_023)
  counter.disconnect()
  const address = 'socket' in redis ? { ...redis, db } : redis
  const client = await openRedisClient(address)
  await client.flushdb()
  t.after(async () => {
    client.disconnect()
    const last = await openRedisClient(address) // a test may have cut the other one
    await last.flushdb()
    last.disconnect()
  })
  return { client, address }
}
