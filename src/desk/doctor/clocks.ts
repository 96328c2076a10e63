/** Doctor: compares the clock of this machine, the clock of Redis and the shared time of the nodes. */
import type { SharedClock } from '../../base/shared-clock.ts'
import { askTime } from '../../store/redis-time.ts'
import type { RedisClient } from '../../store/redis.ts'
import { skewLines } from '../clock-skew.ts'
import { warning, type Finding } from './finding.ts'

/** Gives nothing when they agree. From here on `clock` has the shared time of the nodes. */
export async function* checkClocks(redis: RedisClient, clock: SharedClock): AsyncGenerator<Finding> {
  clock.learn(await askTime(redis, clock))
  const { machine, nodes } = skewLines(clock)
  if (machine) {
    yield warning(
      'redis',
      `${machine}: nodes use Redis's, so calls are not affected, but the times in the log are wrong`,
      'run chrony or ntpd on both machines',
    )
  }
  if (nodes) {
    const mend = "nothing needs to be done; to have Redis's clock at once, stop all nodes for a minute"
    yield warning(
      'redis',
      `${nodes}, which was set while they ran: they approach it by a tenth of the elapsed time`,
      mend,
    )
  }
}
