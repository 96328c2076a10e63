/**
 * A Redis that becomes silent while its links stay open, and one that is no longer the primary: nobody waits for it
 * longer than a moment.
 */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { redisRoster } from '../../src/agent/redis-roster.ts'
import { SwitchhookError } from '../../src/base/errors.ts'
import { silentLog } from '../../src/base/log.ts'
import { RETRY } from '../../src/base/retry.ts'
import { LocalNodeLease } from '../../src/cluster/local-node-lease.ts'
import { redisNodeTable } from '../../src/cluster/redis-node-table.ts'
import { redisQueueStore } from '../../src/queue/redis-store.ts'
import { openRedisClient, openRedisLinks, type RedisClient } from '../../src/store/redis.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { openProxy } from '../fault/proxy.ts'
import { openRedis } from '../open-services.ts'
import { openOwnRedis } from '../own-redis.ts'

const isService = (error: unknown) => error instanceof SwitchhookError && error.code === 'SERVICE'
const settings = (name: string) => ({ name, endpoint: `user/${name}`, wrapUpMs: 0, ringForMs: 20_000, queues: [] })
const joining = (call: string) => ({ call, from: '100', node: 'a', joinedAt: 1, headStartMs: 0 })

const turn = () => new Promise(resolve => setImmediate(resolve))
const back = (client: RedisClient) => new Promise<void>(resolve => client.once('ready', () => resolve()))

const renewed = (lease: LocalNodeLease) =>
  new Promise<void>(resolve => {
    const listening = lease.on('answered', () => {
      listening[Symbol.dispose]()
      resolve()
    })
  })

/**
 * A node's two links, through a network that can become silent, by a clock of this test; and what another client
 * writes.
 */
async function rig(t: TestContext) {
  const { address, client } = await openRedis(t)
  if (!('socket' in address)) throw new Error('tests have a Redis of their own')
  const proxy = await openProxy(t, { path: address.socket })
  const clock = new VirtualClock()
  const links = await openRedisLinks({ url: `redis://127.0.0.1:${proxy.port}/${address.db}` }, { clock })
  t.after(() => Object.values(links).forEach(link => link.disconnect()))
  const [roster, queues] = [redisRoster(links), redisQueueStore(links)]
  await queues.put({ name: 'sales', strategy: 'longest-idle-agent' })
  return { ...links, proxy, clock, roster, queues, others: redisRoster({ commands: client, subscriber: client }) }
}

test('an agent who becomes ready while notices do not come any more is seen as soon as the silence is noticed', async t => {
  const { proxy, clock, commands, roster, others } = await rig(t)
  await others.put(settings('alice'), 1)
  const seen: string[] = []
  let looked = () => {}
  const look = async () => {
    if (commands.status !== 'ready') await back(commands)
    seen.push(...(await roster.list(1)).map(({ name, status }) => `${name} ${status}`))
    looked()
  }
  const next = () => new Promise<void>(resolve => (looked = resolve))
  const first = next()
  roster.onChange(notice => void (notice.what === 'resync' && look()))
  await first
  assert.deepEqual(seen, ['alice logged-out'])
  assert.equal(proxy.freeze(), 2)
  await others.setStatus('alice', 'ready', 1)
  const read = next()
  await clock.advance(4_100)
  await read
  assert.deepEqual(seen, ['alice logged-out', 'alice ready'])
})

test('whoever asks queues and agents something while Redis is silent is refused after a second, and served over a new link', async t => {
  const { proxy, clock, commands, roster, queues } = await rig(t)
  proxy.freeze()
  const queries = [queues.enter('sales', joining('c1'), 1), roster.list(1), queues.stats('sales')].map(question =>
    question.then(() => 'answered', isService),
  )
  await clock.advance(999)
  assert.equal(await Promise.race([...queries, 'nobody yet']), 'nobody yet')
  await clock.advance(2)
  assert.deepEqual(await Promise.all(queries), [true, true, true])
  const again = back(commands)
  await assert.rejects(roster.list(1), isService, 'at once')
  await again // no ping need be missed first
  assert.equal((await queues.enter('sales', joining('c1'), 1)).call, 'c1')
})

test('links that fall silent at any moment cost a node no lease: the next renewal goes over a new link', async t => {
  for (const phase of [0, 1, 250, 500, 750, 999]) {
    const { proxy, clock, commands, subscriber } = await rig(t)
    const table = redisNodeTable({ commands, subscriber }, clock)
    const lease = new LocalNodeLease({ table, node: 'a', address: null, roles: [], clock, log: silentLog })
    t.after(() => lease.close())
    await lease.start()
    await renewed(lease) // the first notice of the table renews
    await clock.advance(phase)
    proxy.freeze()
    const again = back(commands)
    while (commands.status === 'ready' && lease.holds()) await clock.advance(50).then(turn)
    assert.ok(lease.holds(), `silent ${phase} ms after a renewal: the lease lapsed before the silence was noticed`)
    await again // takes the network's time, and none of this clock
    const next = renewed(lease)
    await clock.advance(RETRY.leaseRenewal.pauseMs)
    await next
    assert.deepEqual([lease.holds(), lease.lapses], [true, 0], `silent ${phase} ms after a renewal`)
  }
})

test('new connections that are accepted and hear nothing are given up too, until one is answered', async t => {
  const { proxy, clock, commands, roster } = await rig(t)
  proxy.blackhole()
  const broken = new Promise(resolve => commands.once('close', resolve))
  await clock.advance(4_100)
  await broken
  const connected = new Promise(resolve => commands.once('connect', resolve))
  await connected
  const given = new Promise(resolve => commands.once('close', resolve))
  await clock.advance(2_100)
  await given
  proxy.heal()
  await back(commands)
  assert.deepEqual(await roster.list(1), [])
})

test('no more than 1 000 commands wait for a Redis that is silent; a longer burst that is answered is served', async t => {
  const { proxy, clock, commands } = await rig(t)
  const burst = Array.from({ length: 2_500 }, () => commands.incr('burst'))
  assert.equal((await Promise.all(burst)).at(-1), 2_500)
  proxy.freeze()
  const waiting = Array.from({ length: 1_000 }, () => assert.rejects(commands.incr('late'), isService))
  await clock.advance(300)
  await assert.rejects(commands.incr('late'), /1000 commands already wait for Redis/)
  await clock.advance(800)
  await Promise.all(waiting)
})

test('what Redis says of a command is its answer, and no outage', async t => {
  const { commands } = await rig(t)
  await commands.set('text', 'x')
  await assert.rejects(commands.incr('text'), { name: 'ReplyError', message: /not an integer/ })
})

test('a Redis that accepts and says nothing cannot be opened', async t => {
  const { address } = await openRedis(t)
  if (!('socket' in address)) throw new Error('tests have a Redis of their own')
  const proxy = await openProxy(t, { path: address.socket })
  proxy.blackhole()
  await assert.rejects(
    openRedisClient({ url: `redis://127.0.0.1:${proxy.port}` }, { within: 300 }),
    /^SwitchhookError: Redis does not answer: no data received for 300 ms/,
  )
})

test('after a failover both links connect to the new primary, and writes succeed', async t => {
  const [first, second] = await Promise.all([openOwnRedis(t), openOwnRedis(t)])
  const proxy = await openProxy(t, { port: first.port })
  const links = await openRedisLinks({ url: `redis://127.0.0.1:${proxy.port}/0` })
  t.after(() => Object.values(links).forEach(link => link.disconnect()))
  const roster = redisRoster(links)
  await roster.put(settings('alice'), 1)
  // the address leads to another Redis; open links stay open, and every write is refused
  proxy.lead({ port: second.port })
  await (await first.client()).replicaof('127.0.0.1', second.port)
  const both = Promise.all([back(links.commands), back(links.subscriber)])
  await assert.rejects(
    roster.put(settings('bert'), 1),
    error => isService(error) && /READONLY/.test((error as Error).message),
  )
  await both
  await roster.put(settings('bert'), 1)
  assert.deepEqual(
    (await redisRoster({ commands: await second.client(), subscriber: links.subscriber }).list(1)).map(
      ({ name }) => name,
    ),
    ['bert'],
  )
})

test('a link that only reads is told of a failover too, and so is the one that only listens', async t => {
  const [first, second] = await Promise.all([openOwnRedis(t), openOwnRedis(t)])
  const proxy = await openProxy(t, { port: first.port })
  const clock = new VirtualClock()
  const links = await openRedisLinks({ url: `redis://127.0.0.1:${proxy.port}/0` }, { clock })
  t.after(() => Object.values(links).forEach(link => link.disconnect()))
  proxy.lead({ port: second.port })
  const replica = await first.client()
  await replica.replicaof('127.0.0.1', second.port)
  const both = Promise.all([back(links.commands), back(links.subscriber)])
  await clock.advance(2_100)
  await both
  await redisRoster(links).put(settings('alice'), 1)
})
