/** Two installations that share a Redis have one database each; a message in one has no effect in the other. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { redisRoster } from '../../src/agent/redis-roster.ts'
import { systemClock } from '../../src/base/clock.ts'
import { redisNodeTable } from '../../src/cluster/redis-node-table.ts'
import { DialWakeup } from '../../src/campaign/dial-wakeup.ts'
import { redisQueueStore } from '../../src/queue/redis-store.ts'
import { openRedisClient } from '../../src/store/redis.ts'
import { openRedis } from '../open-services.ts'

const QUEUE = { name: 'sales', strategy: 'longest-idle-agent' } as const
const agent = (name: string) => ({ name, endpoint: `user/${name}`, wrapUpMs: 0, ringForMs: 20_000, queues: [] })

/** Everything that this installation receives, by the name of its subject. */
async function installation(t: TestContext) {
  const { address } = await openRedis(t)
  const [commands, subscriber] = await Promise.all([
    openRedisClient(address),
    openRedisClient(address, { kind: 'subscriber' }),
  ])
  t.after(() => [commands, subscriber].forEach(client => client.disconnect()))
  const home = { commands, subscriber }
  const parts = {
    roster: redisRoster(home),
    queues: redisQueueStore(home),
    wakeup: new DialWakeup(home),
    lease: redisNodeTable(home, systemClock),
  }
  const heard: string[] = []
  const note = (what: string) => heard.push(what)
  parts.roster.onChange(notice => notice.what === 'agent' && note(`agent ${notice.name}`))
  parts.queues.onChange(notice => notice.what === 'queue' && note(`queue ${notice.queue.name}`))
  parts.wakeup.on(ring => ring.what === 'campaign' && note(`campaign ${ring.name}`))
  parts.lease.onChange(() => note('a node came or left'))
  await subscriber.ping() // the subscriptions are before it on the same link
  heard.length = 0 // 'a node…' is also published once at the beginning
  return { ...parts, heard, catchUp: () => subscriber.ping() }
}

test('an installation hears of its own agents, queues, campaigns and nodes, and of nobody else’s', async t => {
  const [ours, theirs] = [await installation(t), await installation(t)]
  const record = { node: 'a', incarnation: 'i', address: null, roles: [], host: 'h', pid: 1 }
  for (const { roster, queues, wakeup, lease } of [theirs, ours]) {
    await roster.put(agent(roster === ours.roster ? 'our-own' : 'stranger'), Date.now())
    await queues.put(QUEUE)
    await wakeup.ring({ what: 'campaign', name: 'spring' })
    await lease.hold({ record, lastsMs: 4_000, mode: 'come', instead: undefined })
  }
  await ours.catchUp()
  assert.deepEqual(ours.heard, ['agent our-own', 'queue sales', 'campaign spring', 'a node came or left'])
})
