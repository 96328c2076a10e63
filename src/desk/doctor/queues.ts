/**
 * Doctor: checks that the queues exist that flows declare in `export const uses`. A flow that enters a missing queue
 * fails: its caller hears the apology. So do the queues to which others send their callers.
 */
import { redisQueueStore } from '../../queue/redis-store.ts'
import { openRedisClient, type RedisAddress } from '../../store/redis.ts'
import { targetQueues } from '../../queue/overflow.ts'
import type { QueueSettings } from '../../queue/settings.ts'
import { soundsOf } from '../../queue/waiting-settings.ts'
import type { Uses } from '../../flow/uses.ts'
import { fault, ok, type Finding } from './finding.ts'

/** Returns the sounds that the callers of all queues may hear, by the settings of the queues. */
export async function* checkQueues(
  address: RedisAddress,
  { queues = [] }: Uses,
): AsyncGenerator<Finding, readonly string[]> {
  const commands = await openRedisClient(address, { name: 'switchhook-doctor' })
  try {
    const there = await redisQueueStore({ commands, subscriber: commands }).everyQueue()
    const names = there.map(queue => queue.name)
    if (queues.length > 0) yield* queueFindings(queues, names)
    yield* overflowFindings(there)
    return there.flatMap(soundsOf)
  } finally {
    commands.disconnect()
  }
}

/** A finding for each queue that sends its callers to one that does not exist. Exported for tests. */
export function* overflowFindings(queues: readonly QueueSettings[]): Generator<Finding> {
  const names = new Set(queues.map(queue => queue.name))
  for (const queue of queues) {
    const missing = targetQueues(queue).filter(name => !names.has(name))
    if (missing.length === 0) continue
    const says = `the queue ${queue.name} sends callers to ${missing.join(' and ')}, which does not exist: these callers hear the apology`
    yield fault('queues', says, missing.map(name => `switchhook queue add ${name}`).join('; '))
  }
}

/** One finding about all queues in `used`. Exported for tests. */
export function* queueFindings(used: readonly string[], there: readonly string[]): Generator<Finding> {
  const missing = used.filter(name => !there.includes(name))
  if (missing.length === 0) return yield ok('queues', `all queues that the flows use exist: ${used.join(', ')}`)
  const says = `the flows use ${missing.join(' and ')}, but ${missing.length > 1 ? 'these queues do' : 'this queue does'} not exist: callers hear the apology`
  yield fault('queues', says, missing.map(name => `switchhook queue add ${name}`).join('; '))
}
