/** A node among its peers, in virtual time: which nodes count as alive, and when the others know it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLog } from '../../src/base/log.ts'
import { memoryNodeTable } from '../../src/cluster/memory-node-table.ts'
import type { NodeTable } from '../../src/cluster/node-table.ts'
import { LocalNodeLease } from '../../src/cluster/local-node-lease.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { openRig } from './node-lease-rig.ts'

const names = (lease: LocalNodeLease) => lease.peers().map(peer => peer.node)

test('a node that renews counts as alive, hour after hour, and its peers see it', async t => {
  const { clock, node } = openRig()
  const a = node(t, 'a')
  const b = node(t, 'b')
  assert.equal(a.lease.holds(), false)
  await a.lease.start()
  await b.lease.start()
  await clock.settle()
  assert.deepEqual(a.lease.peers(), [{ node: 'b', address: '10.0.0.1:801', roles: ['listener'], open: false }])
  assert.deepEqual([a.heard, b.heard], [['came b'], ['came a']])
  for (let minute = 0; minute < 120; minute++) {
    await clock.advance(60_000)
    assert.ok(a.lease.holds() && b.lease.holds() && a.lease.isAlive('b') && b.lease.isAlive('b'))
  }
  assert.deepEqual(a.heard, ['came b'])
  assert.ok(clock.now() - a.lease.lastSeen('b')! <= 4_000)
})

test('a node that cannot renew counts itself out a second before the others do', async t => {
  const { clock, node } = openRig()
  const a = node(t, 'a')
  const b = node(t, 'b')
  await a.lease.start()
  await b.lease.start()
  await clock.settle()
  b.door('silent')
  await clock.advance(2_999)
  assert.equal(b.lease.holds(), true)
  await clock.advance(1)
  assert.equal(b.lease.holds(), false)
  assert.deepEqual(b.heard, ['came a', 'lapsed'])
  assert.equal(a.lease.isAlive('b'), true)
  await clock.advance(2_000)
  assert.equal(a.lease.isAlive('b'), false)
  assert.deepEqual(a.heard, ['came b', 'gone b'])
  assert.deepEqual(names(a.lease), [])
  assert.equal(a.lease.lastSeen('b'), clock.now() - 5_000)
})

test('a lapse is told once, and noticed by itself when nobody asks', async t => {
  const { clock, node } = openRig()
  const a = node(t, 'a')
  await a.lease.start()
  a.door('shut')
  await clock.advance(8_000)
  assert.deepEqual(a.heard, ['lapsed'])
  assert.equal(a.lease.holds(), false)
  await assert.rejects(a.lease.refresh(), { code: 'SERVICE' })
  assert.deepEqual(a.heard, ['lapsed'])
})

test('a node that finds its lease passed renews at once and goes on', async t => {
  const { clock, node } = openRig()
  const a = node(t, 'a')
  await a.lease.start()
  a.door('shut')
  await clock.advance(5_500)
  assert.equal(a.lease.holds(), false)
  a.door('open')
  assert.equal(await a.lease.refresh(), true)
  assert.deepEqual(a.heard, ['lapsed', 'regained'])
  await clock.advance(60_000)
  assert.deepEqual(a.heard, ['lapsed', 'regained'])
})

test('a renewal that failed is tried again within half a second, so that a short outage costs nobody anything', async t => {
  const { clock, node } = openRig()
  const a = node(t, 'a')
  await a.lease.start()
  a.door('shut')
  await clock.advance(2_499)
  a.door('open')
  await clock.advance(6_000)
  assert.equal(a.lease.holds(), true)
  assert.deepEqual(a.heard, [])
})

test('an answer that came late counts from when it was asked for', async t => {
  const clock = new VirtualClock()
  const shared = memoryNodeTable(() => clock.now())
  let delay = 0
  const table: NodeTable = {
    hold: async claim => {
      const standing = await shared.hold(claim)
      if (delay > 0) await new Promise<void>(resolve => void clock.after(delay, resolve))
      return standing
    },
    leave: (node, incarnation) => shared.leave(node, incarnation),
    onChange: listener => shared.onChange(listener),
  }
  const lease = new LocalNodeLease({ table, clock, node: 'a', address: null, roles: [], log: silentLog })
  t.after(() => lease.close())
  delay = 1_500
  const started = lease.start()
  await clock.runUntil(started, 3_000)
  assert.equal(lease.holds(), true)
  delay = 6_000
  await clock.advance(1_499)
  assert.equal(lease.holds(), true)
  await clock.advance(1)
  assert.equal(lease.holds(), false)
  await clock.advance(30_000)
  assert.equal(lease.holds(), false, 'what is six seconds old promises nothing')
})

test('a node that leaves is gone for the others in the same moment', async t => {
  const { clock, node } = openRig()
  const a = node(t, 'a')
  const b = node(t, 'b')
  await a.lease.start()
  await b.lease.start()
  await clock.settle()
  await b.lease.close()
  assert.equal(b.lease.holds(), false)
  await clock.settle()
  assert.deepEqual(a.heard, ['came b', 'gone b'])
  assert.equal(a.lease.isAlive('b'), false)
  assert.equal(a.lease.lastSeen('b'), null)
  assert.deepEqual(b.heard, ['came a'], 'who leaves has not lapsed')
})

test('a node that closes leaves no timer behind, also when the table is away', async t => {
  const { clock, node } = openRig()
  const a = node(t, 'a')
  await a.lease.start()
  a.door('shut')
  await a.lease.close()
  await a.lease.close()
  assert.deepEqual(clock.pending(), [])
  assert.equal(await a.lease.refresh(), false)
})

test('after an outage of the table nobody is taken for dead who comes back within a lease', async t => {
  const { clock, node } = openRig()
  const nodes = ['a', 'b', 'c'].map(name => node(t, name))
  for (const { lease } of nodes) await lease.start()
  await clock.settle()
  const [a, b, c] = nodes as [(typeof nodes)[0], (typeof nodes)[0], (typeof nodes)[0]]
  for (const { door, heard } of nodes) {
    door('shut')
    heard.length = 0
  }
  await clock.advance(20_000)
  a.door('open')
  await clock.advance(3_000)
  assert.deepEqual(a.heard, ['lapsed', 'regained'])
  assert.deepEqual(names(a.lease), ['b', 'c'])
  b.door('open')
  await clock.advance(6_000)
  assert.deepEqual(a.heard, ['lapsed', 'regained', 'gone c'])
  c.door('open')
  await clock.advance(2_000)
  assert.deepEqual(a.heard, ['lapsed', 'regained', 'gone c', 'came c'])
})

test('a node that this process never saw is dead, and so is one that lapsed before it came', async t => {
  const { clock, node } = openRig()
  const dead = node(t, 'dead')
  await dead.lease.start()
  dead.door('silent')
  await clock.advance(7_000)
  const a = node(t, 'a')
  await a.lease.start()
  assert.deepEqual([a.lease.isAlive('dead'), a.lease.isAlive('never'), a.lease.isAlive('a')], [false, false, true])
  assert.deepEqual(names(a.lease), [])
  assert.equal(a.lease.lastSeen('dead'), clock.now() - 7_000)
  await clock.advance(60_000)
  assert.equal(a.lease.lastSeen('dead'), null)
})

test('to ask whether a node counts as alive is one look at the clock: no question to the table, no timer', async t => {
  const { clock, node, shared } = openRig()
  const { lease } = node(t, 'a')
  await lease.start()
  const timers = clock.pending().length
  const looks = t.mock.method(clock, 'monotonic')
  const queries = t.mock.method(shared, 'hold')
  for (let i = 0; i < 1_000; i++) assert.ok(lease.holds())
  assert.equal(looks.mock.callCount(), 1_000)
  await clock.settle()
  assert.deepEqual([queries.mock.callCount(), clock.pending().length], [0, timers])
})
