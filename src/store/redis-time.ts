/** Reads the time that all nodes share from Redis (base/shared-clock.ts). */
import type { Clock } from '../base/clock.ts'
import type { TimeSample } from '../base/shared-clock.ts'
import { defineScript, type RedisClient } from './redis.ts'

/** A hash: Redis's clock at the last renewal of a lease, and by how much the shared time is ahead of it. */
export const SHARED_TIME_KEY = 'sh:clock'

const tellTime = defineScript(new URL('./lua/tell-time.lua', import.meta.url), reply => {
  const [now, aheadMs] = reply as [number, number]
  return { now, aheadMs }
})

/** Returns one sample; `clock` measures when the query was sent and answered. Rejects when Redis is down. */
export async function askTime(client: RedisClient, clock: Clock): Promise<TimeSample> {
  const asked = clock.monotonic()
  const told = await tellTime(client, [SHARED_TIME_KEY], [])
  return { asked, answered: clock.monotonic(), ...told }
}
