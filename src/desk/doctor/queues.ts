/** The queues into which flows put callers, as far as their scripts say it: one that was never made ends the call in the apology. */
import { redisQueueStore } from '../../queue/redis-store.ts'
import { openRedisClient, type RedisAddress } from '../../store/redis.ts'
import type { Uses } from '../../flow/uses.ts'
import { fault, ok, type Finding } from './finding.ts'

export async function* checkQueues(address: RedisAddress, { queues = [] }: Uses): AsyncGenerator<Finding> {
  if (queues.length === 0) return
  const commands = await openRedisClient(address, { name: 'switchhook-doctor' })
  try {
    const there = (await redisQueueStore({ commands, subscriber: commands }).queues()).map(queue => queue.name)
    yield* queueFindings(queues, there)
  } finally {
    commands.disconnect()
  }
}

/** Exported for tests. */
export function* queueFindings(used: readonly string[], there: readonly string[]): Generator<Finding> {
  const missing = used.filter(name => !there.includes(name))
  if (missing.length === 0) return yield ok('queues', `all that the flows use are there: ${used.join(', ')}`)
  const says = `the flows use ${missing.join(' and ')}, and there ${missing.length > 1 ? 'are no such queues' : 'is no such queue'}: these callers hear the apology`
  yield fault('queues', says, missing.map(name => `switchhook queue add ${name}`).join('; '))
}
