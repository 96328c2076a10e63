/** A node's lease that a separate thread renews: when the serving thread may send commands, however busy it is. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { systemClock as clock } from '../../src/base/clock.ts'
import { silentLog } from '../../src/base/log.ts'
import { SharedLease } from '../../src/cluster/lease-messages.ts'
import { LeaseThread } from '../../src/cluster/lease-thread.ts'
import { nodeTableKeys } from '../../src/cluster/redis-node-table.ts'
import { openRedis } from '../open-services.ts'

async function openThreads(t: TestContext, names: readonly string[], standsStillMs = 5_000) {
  const { client, address } = await openRedis(t)
  const nodes = []
  for (const [at, node] of names.entries()) {
    const lease = new LeaseThread({
      redis: address,
      node,
      address: `127.0.0.1:${9_000 + at}`,
      roles: ['listener'],
      clock,
      log: silentLog,
      standsStillMs,
    })
    t.after(() => lease.close())
    await lease.start()
    nodes.push(lease)
  }
  return { client, address, nodes }
}

/** The event loop of this thread is blocked. */
function stand(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}

const seen = (lease: LeaseThread, what: 'read' | 'gone' | 'came' | 'lapsed' | 'regained') =>
  new Promise<void>(resolve => {
    const listening = lease.on(what, () => {
      listening[Symbol.dispose]()
      resolve()
    })
  })

test('a node whose event loop stands still for longer than its own word lasts keeps its lease, and its peers see it alive', async t => {
  const { client, nodes } = await openThreads(t, ['a'])
  const [a] = nodes
  assert.ok(a!.holds())
  const record = () => client.hget(nodeTableKeys(client).nodes, 'a')
  const before = await record()
  stand(3_100)
  assert.ok(a!.holds(), 'another thread has renewed it, so this one may speak at once')
  assert.notEqual(await record(), before)
})

test('two nodes see each other come and go, and only one of them may close its door', async t => {
  const { nodes } = await openThreads(t, ['a', 'b'])
  const [a, b] = nodes
  if (a!.peers().length === 0) await seen(a!, 'came')
  assert.deepEqual(
    a!.peers().map(({ node, address }) => [node, address]),
    [['b', '127.0.0.1:9001']],
  )
  await Promise.all([a!.setOpen(true), b!.setOpen(true)])
  const may = await Promise.all([a!.mayClose(), b!.mayClose()])
  assert.deepEqual(may.toSorted(), [false, true])
  await (may[0] ? a! : b!).setOpen(true)
  const gone = seen(a!, 'gone')
  await b!.close()
  await gone
  assert.equal(a!.isAlive('b'), false)
  assert.equal(await a!.mayClose(), false, 'nobody else is there')
  assert.ok(a!.open)
})

test("a lease that ran out and was renewed while nobody looked is a lapse: the calls may be somebody else's by now", async t => {
  const { nodes } = await openThreads(t, ['a'], 600)
  const [a] = nodes
  const heard: string[] = []
  a!.on('lapsed', () => heard.push('lapsed'))
  a!.on('regained', () => heard.push('regained'))
  stand(2_000) // it lapses when this thread has been blocked for too long, and is renewed as soon as it runs again
  assert.equal(a!.holds(), false)
  assert.deepEqual(heard, ['lapsed'], 'before anything was said about a call')
  await seen(a!, 'regained')
  assert.ok(a!.holds())
  assert.deepEqual(heard, ['lapsed', 'regained'])
})

test('another process under the name of a living node is refused with the same words as ever', async t => {
  const { address } = await openThreads(t, ['a'])
  const twin = new LeaseThread({ redis: address, node: 'a', address: null, roles: [], clock, log: silentLog })
  await assert.rejects(twin.start(), { code: 'BAD_SETTING', message: /NODE_NAME: a node called 'a' is running/ })
  await twin.close()
})

test('what one thread publishes the other reads, in its own time: the number of lapses is never older than the deadline', () => {
  const writer = new SharedLease(1_000.25)
  const reader = new SharedLease(250, writer.buffer)
  writer.publish(5_000, 3)
  assert.deepEqual(reader.read(), { until: 5_750.25, lapses: 3 })
  writer.publish(-Infinity, 4)
  assert.ok(reader.read().until < 0)
  reader.beat(10)
  assert.equal(writer.beatAt, -740.25)
})
