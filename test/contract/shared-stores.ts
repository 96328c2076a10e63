/** The stores of agents and queues in memory and in Redis, behind one interface, so that one suite can test both. */
import type { TestContext } from 'node:test'
import { MemoryAgents, memoryRoster } from '../../src/agent/memory-roster.ts'
import { redisRoster } from '../../src/agent/redis-roster.ts'
import type { Roster } from '../../src/agent/roster.ts'
import { memoryQueueStore } from '../../src/queue/memory-store.ts'
import type { Joining } from '../../src/queue/member.ts'
import { redisQueueStore } from '../../src/queue/redis-store.ts'
import type { QueueStore } from '../../src/queue/store.ts'
import { openRedisClient, type RedisClient } from '../../src/store/redis.ts'
import { openRedis } from '../open-services.ts'

export interface Home {
  readonly roster: Roster
  readonly store: QueueStore
}

export interface Homes {
  readonly first: Home
  /** The same records as another node sees them. */
  readonly second: Home
  /** Redis only: the link of the notices. */
  readonly subscriber?: RedisClient
}

export const HOMES: Record<string, (t: TestContext) => Promise<Homes>> = {
  async memory() {
    const agents = new MemoryAgents()
    const home = { roster: memoryRoster(agents), store: memoryQueueStore(agents) }
    return { first: home, second: home }
  },

  async Redis(t) {
    const { address } = await openRedis(t)
    const open = async () => {
      const commands = await openRedisClient(address)
      const subscriber = await openRedisClient(address, { kind: 'subscriber' })
      t.after(() => {
        commands.disconnect()
        subscriber.disconnect()
      })
      const home = { commands, subscriber }
      return { roster: redisRoster(home), store: redisQueueStore(home), subscriber }
    }
    const [first, second] = await Promise.all([open(), open()])
    return { first, second, subscriber: second.subscriber }
  },
}

/** The present of the tests of queue stores, milliseconds since the epoch. */
export const NOW = 1_767_600_000_000

export const joining = (call: string, joinedAt = NOW): Joining => ({
  call,
  from: '+49301234567',
  node: 'a',
  joinedAt,
  headStartMs: 0,
})

/** Adds an agent of the queue sales, who is ready. */
export async function addReady(roster: Roster, name: string, now = NOW): Promise<void> {
  const queues = [{ queue: 'sales', level: 1, position: 1 }]
  await roster.put({ name, endpoint: `user/${name}`, wrapUpMs: 0, ringForMs: 20_000, queues }, now)
  await roster.setStatus(name, 'ready', now)
}
