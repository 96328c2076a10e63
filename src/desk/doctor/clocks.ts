/** Does the clock of this machine go with that of Redis, which all nodes share? */
import type { SharedClock } from '../../base/shared-clock.ts'
import { askTime } from '../../store/redis-time.ts'
import type { RedisClient } from '../../store/redis.ts'
import { differs } from '../clock-skew.ts'
import { warning, type Finding } from './finding.ts'

/** Null when they agree. `clock` goes by Redis's from here on. */
export async function checkClock(redis: RedisClient, clock: SharedClock): Promise<Finding | null> {
  clock.learn(await askTime(redis, clock))
  const skew = differs(clock.machineAheadMs)
  if (skew === null) return null
  return warning('redis', `${skew}: nodes go by Redis's clock, so calls are not touched, but the times in the log do not fit`, 'run chrony or ntpd on both machines')
}
