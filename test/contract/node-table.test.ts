/** One suite for both node tables, in memory and in Redis: both keep the same promises. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test, type TestContext } from 'node:test'
import { systemClock } from '../../src/base/clock.ts'
import { silentLog } from '../../src/base/log.ts'
import { memoryNodeTable } from '../../src/cluster/memory-node-table.ts'
import type { Claim, NodeTable } from '../../src/cluster/node-table.ts'
import { LocalNodeLease } from '../../src/cluster/local-node-lease.ts'
import { nodeTableKeys, redisNodeTable } from '../../src/cluster/redis-node-table.ts'
import { openRedisLinks, type RedisClient } from '../../src/store/redis.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { openRedis } from '../open-services.ts'

interface Tables {
  readonly first: NodeTable
  readonly second: NodeTable
  /** This many milliseconds pass for everything that is stored. */
  pass(ms: number): Promise<void>
}

async function openHome(t: TestContext) {
  const { client, address } = await openRedis(t)
  const home = async () => {
    const links = await openRedisLinks(address)
    t.after(() => Object.values(links).forEach(link => link.disconnect()))
    return links
  }
  return { client, home }
}

/** Redis's clock cannot be set, so everything that is stored is made older. */
async function age(client: RedisClient, ms: number): Promise<void> {
  const { nodes } = nodeTableKeys(client)
  for (const [name, record] of Object.entries(await client.hgetall(nodes))) {
    const [until, ...rest] = record.split(' ')
    await client.hset(nodes, name, [Number(until) - ms, ...rest].join(' '))
  }
}

const HOMES: Record<string, (t: TestContext) => Promise<Tables>> = {
  async memory() {
    let now = 1_767_600_000_000
    const table = memoryNodeTable(() => now)
    return { first: table, second: table, pass: async ms => void (now += ms) }
  },
  async Redis(t) {
    const { client, home } = await openHome(t)
    const [first, second] = [redisNodeTable(await home(), systemClock), redisNodeTable(await home(), systemClock)]
    return { first, second, pass: ms => age(client, ms) }
  },
}

const claim = (node: string, incarnation: string, mode: Claim['mode'] = 'come'): Claim => ({
  record: { node, incarnation, address: '[2001:db8::1]:8084', roles: ['listener', 'desk'], host: 'höst "1"', pid: 7 },
  lastsMs: 6_000,
  mode,
})

for (const [home, open] of Object.entries(HOMES)) {
  test(`${home}: a node that announces itself is seen by the others as it said`, async t => {
    const { first, second } = await open(t)
    const one = await first.hold(claim('a', 'a1'))
    assert.equal(one.held, true)
    assert.deepEqual(one.leases.get('a'), { ...claim('a', 'a1').record, until: one.now + 6_000 })
    const two = await second.hold(claim('node b', 'b1'))
    assert.deepEqual([...two.leases.keys()].sort(), ['a', 'node b'])
    assert.deepEqual(two.leases.get('a'), one.leases.get('a'))
  })

  test(`${home}: a living node keeps its name, renewing it`, async t => {
    const { first, second, pass } = await open(t)
    await first.hold(claim('a', 'a1'))
    for (let i = 0; i < 5; i++) {
      await pass(5_000)
      assert.equal((await first.hold(claim('a', 'a1', 'stay'))).held, true)
      const { held, leases } = await second.hold(claim('a', 'a2'))
      assert.equal(held, false)
      assert.equal(leases.get('a')?.incarnation, 'a1')
    }
  })

  test(`${home}: a name that lapsed goes to who comes, and not back to who had it`, async t => {
    const { first, second, pass } = await open(t)
    await first.hold(claim('a', 'a1'))
    await pass(6_000)
    assert.equal((await second.hold(claim('a', 'a2'))).held, true)
    assert.equal((await first.hold(claim('a', 'a1', 'stay'))).held, false)
    await pass(6_000)
    assert.equal((await first.hold(claim('a', 'a1', 'stay'))).held, false, 'it was somebody else’s meanwhile')
  })

  test(`${home}: a lapsed node to whom nobody came has its name again`, async t => {
    const { first, pass } = await open(t)
    await first.hold(claim('a', 'a1'))
    await pass(30_000)
    const { held, now, leases } = await first.hold(claim('a', 'a1', 'stay'))
    assert.equal(held, true)
    assert.equal(leases.get('a')?.until, now + 6_000)
  })

  test(`${home}: who waited may replace a holder that has not renewed since, and no other`, async t => {
    const { first, second, pass } = await open(t)
    const { leases } = await first.hold(claim('a', 'a1'))
    const seen = leases.get('a')!
    await pass(500)
    const aged = (await second.hold(claim('b', 'b1'))).leases.get('a')!
    await first.hold(claim('a', 'a1', 'stay'))
    assert.equal((await second.hold({ ...claim('a', 'a2'), instead: aged })).held, false)
    const renewed = (await second.hold(claim('b', 'b1', 'stay'))).leases.get('a')!
    assert.equal((await second.hold({ ...claim('a', 'a2'), instead: { ...renewed, incarnation: 'a0' } })).held, false)
    assert.equal((await second.hold({ ...claim('a', 'a2', 'stay'), instead: renewed })).held, false)
    assert.equal((await second.hold({ ...claim('a', 'a2'), instead: renewed })).held, true)
    assert.equal(seen.incarnation, 'a1')
  })

  test(`${home}: who leaves is off the list, and cannot take another off it`, async t => {
    const { first, second } = await open(t)
    await first.hold(claim('a', 'a1'))
    await second.hold(claim('b', 'b1'))
    await second.leave('a', 'a0')
    await second.leave('never', 'a0')
    assert.deepEqual([...(await second.hold(claim('b', 'b1', 'stay'))).leases.keys()].sort(), ['a', 'b'])
    await first.leave('a', 'a1')
    assert.deepEqual([...(await second.hold(claim('b', 'b1', 'stay'))).leases.keys()], ['b'])
  })

  test(`${home}: the dead can be seen for a minute and are then struck off by whoever looks`, async t => {
    const { first, second, pass } = await open(t)
    await first.hold(claim('a', 'a1'))
    await pass(65_000)
    assert.equal((await second.hold(claim('b', 'b1'))).leases.has('a'), true)
    await pass(1_000)
    assert.equal((await second.hold(claim('b', 'b1', 'stay'))).leases.has('a'), false)
    assert.equal((await second.hold(claim('a', 'a2', 'stay'))).held, true, 'nothing is left of it')
  })

  test(`${home}: who comes and who leaves is told to the others, renewals are not`, async t => {
    const { first, second } = await open(t)
    let told = 0
    let wake = () => {}
    const until = async (count: number) => {
      while (told < count) await new Promise<void>(resolve => (wake = resolve))
    }
    const ear = second.onChange(() => {
      told++
      wake()
    })
    t.after(() => ear[Symbol.dispose]())
    if (home === 'Redis') await until(1) // it publishes that when it listens
    told = 0
    await first.hold(claim('a', 'a1'))
    await until(1)
    for (let i = 0; i < 5; i++) await first.hold(claim('a', 'a1', 'stay'))
    await first.leave('a', 'a1')
    await until(2)
    await first.leave('a', 'a1')
    await first.hold(claim('c', 'c1'))
    await until(3)
    assert.equal(told, 3)
  })
}

/** A node on a clock that stands still unless the test moves it: it does not renew by itself. */
async function openNode(t: TestContext, node: string, table: NodeTable) {
  const clock = new VirtualClock()
  const lease = new LocalNodeLease({ table, node, address: null, roles: ['listener'], clock, log: silentLog })
  t.after(() => lease.close())
  return { lease, clock }
}

test('Redis: a node that stops renewing is gone for its peer, and back when it renews', async t => {
  const { client, home } = await openHome(t)
  const a = await openNode(t, 'a', redisNodeTable(await home(), systemClock))
  const b = await openNode(t, 'b', redisNodeTable(await home(), systemClock))
  await b.lease.start()
  await a.lease.start()
  assert.deepEqual(a.lease.peers(), [{ node: 'b', address: null, roles: ['listener'], open: false }])
  const gone = a.lease.next('gone')
  await age(client, 6_000)
  await a.clock.advance(2_000)
  assert.equal(await gone, 'b')
  assert.equal(a.lease.isAlive('b'), false)
  assert.equal(a.lease.holds(), true)

  const came = a.lease.next('came')
  await b.clock.advance(2_000)
  await b.lease.refresh()
  await a.lease.refresh()
  assert.equal((await came).node, 'b')
})

test('Redis: a node that leaves is gone for its peer before the next renewal', async t => {
  const { home } = await openHome(t)
  const a = await openNode(t, 'a', redisNodeTable(await home(), systemClock))
  const b = await openNode(t, 'b', redisNodeTable(await home(), systemClock))
  const came = a.lease.next('came')
  await a.lease.start()
  await b.lease.start()
  assert.equal((await came).node, 'b')
  const gone = a.lease.next('gone')
  await b.lease.close()
  assert.equal(await gone, 'b')
  assert.equal(a.clock.monotonic(), 0)
})

test('Redis: a node whose link is cut lapses, and regains its place when the link is back', async t => {
  const { home } = await openHome(t)
  const { commands, subscriber } = await home()
  const a = await openNode(t, 'a', redisNodeTable({ commands, subscriber }, systemClock))
  await a.lease.start()
  const cut = once(commands, 'end') // ioredis refuses to connect while the old connection is being closed
  commands.disconnect()
  await cut
  const lapsed = a.lease.next('lapsed')
  await a.clock.advance(8_000)
  assert.equal((await lapsed).forGood, false)
  await assert.rejects(a.lease.refresh(), { code: 'SERVICE' })
  await commands.connect()
  const regained = a.lease.next('regained')
  await a.clock.advance(500)
  await regained
  assert.equal(a.lease.holds(), true)
})

test('Redis: a second process under a living node’s name is refused', async t => {
  const { client, home } = await openHome(t)
  const first = await openNode(t, 'a', redisNodeTable(await home(), systemClock))
  const second = await openNode(t, 'a', redisNodeTable(await home(), systemClock))
  await first.lease.start()
  await age(client, 1) // a renewal in the same millisecond would leave no trace
  const refused = assert.rejects(second.lease.start(), /a node called 'a' is running \(incarnation/)
  while (second.clock.pending().length === 0) await new Promise(resolve => setImmediate(resolve))
  await first.lease.refresh()
  await second.clock.advance(3_000)
  await refused
})
