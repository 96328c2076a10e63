/**
 * Events as a stream of Redis, `switchhook:events`: one entry for each, field `event`, a CloudEvent in JSON. The id of
 * an entry is the number of its event, so Redis refuses one that it has. The newest 100 000 stay.
 */
import type { RedisClient } from '../../store/redis.ts'
import type { Sink } from '../sink.ts'

const STREAM = 'switchhook:events'
const NEWEST = 100_000

export const redisStream = (redis: RedisClient): Sink => ({
  name: 'sink.redis',
  async publish(messages) {
    const all = redis.pipeline()
    for (const { seq, event } of messages)
      all.xadd(STREAM, 'MAXLEN', '~', NEWEST, `${seq}-0`, 'event', JSON.stringify(event))
    const answers = await all.exec()
    for (const [error] of answers ?? [])
      if (error && !/equal or smaller than the target stream top item/.test(error.message)) throw error
  },
  async close() {},
})
