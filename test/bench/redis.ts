/**
 * The Redis of the bench's journals: a separate one, started like the private one of an installation, and deleted
 * afterwards.
 */
import { rm } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { systemClock } from '../../src/base/clock.ts'
import { readConfig } from '../../src/config.ts'
import { stopped } from '../../src/services/guard.ts'
import { redisPipe, startRedis } from '../../src/services/redis.ts'
import type { RedisAddress } from '../../src/store/redis.ts'
import { LISTENER_CORE, runPinned } from './cores.ts'
import { Times, type Spread } from './figures.ts'

/** The number of round trips from which the percentiles of the bare one are computed. */
const TRIPS = 1_000

/** Measures a bare round trip now, milliseconds, from an otherwise idle process on the listeners' core. */
export async function bareTrip({ address }: BenchRedis): Promise<Spread> {
  const times = new Times()
  const said = await runPinned(LISTENER_CORE, [
    new URL('redis-trip.mjs', import.meta.url).pathname,
    JSON.stringify(address),
    String(TRIPS),
  ])
  for (const ms of JSON.parse(said) as number[]) times.add(ms)
  return times.spread()
}

export interface BenchRedis {
  readonly address: RedisAddress
  readonly version: string
  /** Ends the server and removes its data. */
  stop(): Promise<void>
}

/**
 * Starts it on the cores of this process. It appends to a file and syncs that each second, as for a working node: a
 * Redis without persistence would answer faster than a real one. When the bench is killed, the server ends by itself,
 * and the next test run deletes its files.
 */
export async function openRedis(): Promise<BenchRedis> {
  const dataDir = fileURLToPath(new URL(`../../.data/test-${process.pid}`, import.meta.url))
  const { CACHE_DIR, XDG_CACHE_HOME } = process.env
  const { cacheDir } = readConfig({ CACHE_DIR, XDG_CACHE_HOME })
  const { running, guard } = await startRedis({
    dataDir,
    cacheDir,
    clock: systemClock,
    throwaway: false,
    say: line => console.error(line),
  })
  return {
    address: running.address,
    version: running.version,
    async stop() {
      guard.hold.release()
      await stopped(systemClock, redisPipe(dataDir), running.group)
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}
