/**
 * Doctor: checks that the queues exist that flows declare in `export const uses`. A flow that enters a missing queue
 * fails: its caller hears the apology.
 */
import { redisQueueStore } from '../../queue/redis-store.ts'
import { openRedisClient, type RedisAddress } from '../../store/redis.ts'
import type { Uses } from '../../flow/uses.ts'
import { fault, ok, type Finding } from './finding.ts'

export async function* checkQueues(address: RedisAddress, { queues = [] }: Uses): AsyncGenerator<Finding> {
  if (queues.length === 0) return
  const commands = await openRedisClient(address, { name: 'switchhook-doctor' })
  try {
    const there = (await redisQueueStore({ commands, subscriber: commands }).everyQueue()).map(queue => queue.name)
    yield* queueFindings(queues, there)
  } finally {
    commands.disconnect()
  }
}

/** One finding about all queues in `used`. Exported for tests. */
export function* queueFindings(used: readonly string[], there: readonly string[]): Generator<Finding> {
  const missing = used.filter(name => !there.includes(name))
  if (missing.length === 0) return yield ok('queues', `all queues that the flows use exist: ${used.join(', ')}`)
  const says = `the flows use ${missing.join(' and ')}, but ${missing.length > 1 ? 'these queues do' : 'this queue does'} not exist: callers hear the apology`
  yield fault('queues', says, missing.map(name => `switchhook queue add ${name}`).join('; '))
}
