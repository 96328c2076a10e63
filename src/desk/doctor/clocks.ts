/** Do the clock of this machine, that of Redis and the time of the nodes go together? */
import type { SharedClock } from '../../base/shared-clock.ts'
import { askTime } from '../../store/redis-time.ts'
import type { RedisClient } from '../../store/redis.ts'
import { skewLines } from '../clock-skew.ts'
import { warning, type Finding } from './finding.ts'

/** Nothing when they agree. `clock` goes by the time of the nodes from here on. */
export async function* checkClocks(redis: RedisClient, clock: SharedClock): AsyncGenerator<Finding> {
  clock.learn(await askTime(redis, clock))
  const { machine, nodes } = skewLines(clock)
  if (machine) {
    yield warning(
      'redis',
      `${machine}: nodes go by Redis's, so calls are not touched, but the times in the log do not fit`,
      'run chrony or ntpd on both machines',
    )
  }
  if (nodes) {
    const mend = "nothing is needed; when all nodes are stopped for a minute they have Redis's clock at once"
    yield warning(
      'redis',
      `${nodes}, which was set while they ran: they go back to it by a tenth of the time that passes`,
      mend,
    )
  }
}
