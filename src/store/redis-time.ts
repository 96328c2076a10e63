/** What time Redis has: the time that all nodes share (base/shared-clock.ts). */
import type { Clock } from '../base/clock.ts'
import type { TimeSample } from '../base/shared-clock.ts'
import type { RedisClient } from './redis.ts'

/** `clock` measures when it was asked and answered. Rejects when Redis is away. */
export async function askTime(client: RedisClient, clock: Clock): Promise<TimeSample> {
  const asked = clock.monotonic()
  const [seconds, microseconds] = (await client.time()).map(Number) as [number, number]
  return { asked, answered: clock.monotonic(), now: seconds * 1_000 + Math.floor(microseconds / 1_000) }
}
