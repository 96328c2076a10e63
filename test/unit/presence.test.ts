/** A node among its peers, in virtual time: who counts as alive, and who knows. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLog } from '../../src/base/log.ts'
import { memoryPresence } from '../../src/call/memory-presence.ts'
import type { PresenceTable } from '../../src/call/presence-table.ts'
import { Presence } from '../../src/call/presence.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { openHouse } from './presence-house.ts'

const names = (presence: Presence) => presence.peers().map(peer => peer.node)

test('a node that renews counts as alive, hour after hour, and its peers see it', async t => {
  const { clock, node } = openHouse()
  const a = node(t, 'a')
  const b = node(t, 'b')
  assert.equal(a.presence.holds(), false)
  await a.presence.start()
  await b.presence.start()
  await clock.settle()
  assert.deepEqual(a.presence.peers(), [{ node: 'b', address: '10.0.0.1:801', roles: ['listener'], open: false }])
  assert.deepEqual([a.heard, b.heard], [['came b'], ['came a']])
  for (let minute = 0; minute < 120; minute++) {
    await clock.advance(60_000)
    assert.ok(a.presence.holds() && b.presence.holds() && a.presence.isAlive('b') && b.presence.isAlive('b'))
  }
  assert.deepEqual(a.heard, ['came b'])
  assert.ok(clock.now() - a.presence.lastSeen('b')! <= 4_000)
})

test('a node that cannot renew counts itself out a second before the others do', async t => {
  const { clock, node } = openHouse()
  const a = node(t, 'a')
  const b = node(t, 'b')
  await a.presence.start()
  await b.presence.start()
  await clock.settle()
  b.door('silent')
  await clock.advance(2_999)
  assert.equal(b.presence.holds(), true)
  await clock.advance(1)
  assert.equal(b.presence.holds(), false)
  assert.deepEqual(b.heard, ['came a', 'lapsed'])
  assert.equal(a.presence.isAlive('b'), true)
  await clock.advance(2_000)
  assert.equal(a.presence.isAlive('b'), false)
  assert.deepEqual(a.heard, ['came b', 'gone b'])
  assert.deepEqual(names(a.presence), [])
  assert.equal(a.presence.lastSeen('b'), clock.now() - 5_000)
})

test('a lapse is told once, and noticed by itself when nobody asks', async t => {
  const { clock, node } = openHouse()
  const a = node(t, 'a')
  await a.presence.start()
  a.door('shut')
  await clock.advance(8_000)
  assert.deepEqual(a.heard, ['lapsed'])
  assert.equal(a.presence.holds(), false)
  await assert.rejects(a.presence.refresh(), { code: 'SERVICE' })
  assert.deepEqual(a.heard, ['lapsed'])
})

test('a node that finds its lease passed renews at once and goes on', async t => {
  const { clock, node } = openHouse()
  const a = node(t, 'a')
  await a.presence.start()
  a.door('shut')
  await clock.advance(5_500)
  assert.equal(a.presence.holds(), false)
  a.door('open')
  assert.equal(await a.presence.refresh(), true)
  assert.deepEqual(a.heard, ['lapsed', 'regained'])
  await clock.advance(60_000)
  assert.deepEqual(a.heard, ['lapsed', 'regained'])
})

test('a renewal that failed is tried again within half a second, so that a short outage costs nobody anything', async t => {
  const { clock, node } = openHouse()
  const a = node(t, 'a')
  await a.presence.start()
  a.door('shut')
  await clock.advance(2_499)
  a.door('open')
  await clock.advance(6_000)
  assert.equal(a.presence.holds(), true)
  assert.deepEqual(a.heard, [])
})

test('an answer that came late counts from when it was asked for', async t => {
  const clock = new VirtualClock()
  const shared = memoryPresence(() => clock.now())
  let delay = 0
  const table: PresenceTable = {
    hold: async claim => {
      const standing = await shared.hold(claim)
      if (delay > 0) await new Promise<void>(resolve => void clock.after(delay, resolve))
      return standing
    },
    leave: (node, incarnation) => shared.leave(node, incarnation),
    onChange: listener => shared.onChange(listener),
  }
  const presence = new Presence({ table, clock, node: 'a', address: null, roles: [], log: silentLog })
  t.after(() => presence.close())
  delay = 1_500
  const started = presence.start()
  await clock.runUntil(started, 3_000)
  assert.equal(presence.holds(), true)
  delay = 6_000
  await clock.advance(1_499)
  assert.equal(presence.holds(), true)
  await clock.advance(1)
  assert.equal(presence.holds(), false)
  await clock.advance(30_000)
  assert.equal(presence.holds(), false, 'what is six seconds old promises nothing')
})

test('a node that leaves is gone for the others in the same moment', async t => {
  const { clock, node } = openHouse()
  const a = node(t, 'a')
  const b = node(t, 'b')
  await a.presence.start()
  await b.presence.start()
  await clock.settle()
  await b.presence.close()
  assert.equal(b.presence.holds(), false)
  await clock.settle()
  assert.deepEqual(a.heard, ['came b', 'gone b'])
  assert.equal(a.presence.isAlive('b'), false)
  assert.equal(a.presence.lastSeen('b'), null)
  assert.deepEqual(b.heard, ['came a'], 'who leaves has not lapsed')
})

test('a node that closes leaves no timer behind, also when the table is away', async t => {
  const { clock, node } = openHouse()
  const a = node(t, 'a')
  await a.presence.start()
  a.door('shut')
  await a.presence.close()
  await a.presence.close()
  assert.deepEqual(clock.pending(), [])
  assert.equal(await a.presence.refresh(), false)
})

test('after an outage of the table nobody is taken for dead who comes back within a lease', async t => {
  const { clock, node } = openHouse()
  const nodes = ['a', 'b', 'c'].map(name => node(t, name))
  for (const { presence } of nodes) await presence.start()
  await clock.settle()
  const [a, b, c] = nodes as [typeof nodes[0], typeof nodes[0], typeof nodes[0]]
  for (const { door, heard } of nodes) {
    door('shut')
    heard.length = 0
  }
  await clock.advance(20_000)
  a.door('open')
  await clock.advance(3_000)
  assert.deepEqual(a.heard, ['lapsed', 'regained'])
  assert.deepEqual(names(a.presence), ['b', 'c'])
  b.door('open')
  await clock.advance(6_000)
  assert.deepEqual(a.heard, ['lapsed', 'regained', 'gone c'])
  c.door('open')
  await clock.advance(2_000)
  assert.deepEqual(a.heard, ['lapsed', 'regained', 'gone c', 'came c'])
})

test('a node that this process never saw is dead, and so is one that lapsed before it came', async t => {
  const { clock, node } = openHouse()
  const dead = node(t, 'dead')
  await dead.presence.start()
  dead.door('silent')
  await clock.advance(7_000)
  const a = node(t, 'a')
  await a.presence.start()
  assert.deepEqual([a.presence.isAlive('dead'), a.presence.isAlive('never'), a.presence.isAlive('a')], [false, false, true])
  assert.deepEqual(names(a.presence), [])
  assert.equal(a.presence.lastSeen('dead'), clock.now() - 7_000)
  await clock.advance(60_000)
  assert.equal(a.presence.lastSeen('dead'), null)
})

test('to ask whether a node counts as alive is one look at the clock: no question to the table, no timer', async t => {
  const { clock, node, shared } = openHouse()
  const { presence } = node(t, 'a')
  await presence.start()
  const timers = clock.pending().length
  const looks = t.mock.method(clock, 'monotonic')
  const questions = t.mock.method(shared, 'hold')
  for (let i = 0; i < 1_000; i++) assert.ok(presence.holds())
  assert.equal(looks.mock.callCount(), 1_000)
  await clock.settle()
  assert.deepEqual([questions.mock.callCount(), clock.pending().length], [0, timers])
})
