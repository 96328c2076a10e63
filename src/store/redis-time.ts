/** What time Redis tells: the time that all nodes share (base/shared-clock.ts). */
import type { Clock } from '../base/clock.ts'
import type { TimeSample } from '../base/shared-clock.ts'
import { defineScript, type RedisClient } from './redis.ts'

/** Hash: Redis's clock at the last renewal of a lease, and by how much the shared time is ahead of it. */
export const SHARED_TIME_KEY = 'sh:clock'

const tellTime = defineScript(new URL('./lua/tell-time.lua', import.meta.url), reply => {
  const [now, aheadMs] = reply as [number, number]
  return { now, aheadMs }
})

/** `clock` measures when it was asked and answered. Rejects when Redis is away. */
export async function askTime(client: RedisClient, clock: Clock): Promise<TimeSample> {
  const asked = clock.monotonic()
  const told = await tellTime(client, [SHARED_TIME_KEY], [])
  return { asked, answered: clock.monotonic(), ...told }
}
