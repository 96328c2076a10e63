/** Which process has the name of a node: one at a time, and after a dead one the next. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SettingError } from '../../src/base/errors.ts'
import { openRig } from './node-lease-rig.ts'

test('a node cannot come while the table is away, and may try again', async t => {
  const { clock, node } = openRig()
  const a = node(t, 'a')
  a.door('shut')
  await assert.rejects(a.lease.start(), { code: 'SERVICE' })
  assert.deepEqual(clock.pending(), [])
  a.door('open')
  await a.lease.start()
  assert.equal(a.lease.holds(), true)
})

test('a second process under the name of a living node is refused, and the first goes on', async t => {
  const { clock, node } = openRig()
  const first = node(t, 'a')
  const second = node(t, 'a', { host: 'other' })
  await first.lease.start()
  await clock.advance(500)
  const refused = assert.rejects(second.lease.start(), (error: Error) => {
    assert.ok(error instanceof SettingError)
    assert.match(
      error.message,
      /NODE_NAME: a node called 'a' is running \(incarnation [0-9a-f]{12}, process 1 on host\)/,
    )
    assert.ok(error.message.includes(first.lease.incarnation))
    return true
  })
  await clock.runUntil(refused, 3_000)
  await second.lease.close()
  await clock.advance(60_000)
  assert.equal(first.lease.holds(), true)
  assert.deepEqual(first.heard, [])
})

test('a node that was killed and starts again on its machine has its name back at once', async t => {
  const { clock, node, running } = openRig()
  const first = node(t, 'a', { pid: 41 })
  const peer = node(t, 'b')
  running.add(41)
  await peer.lease.start()
  await first.lease.start()
  await clock.settle()
  first.door('silent')
  running.delete(41)
  const second = node(t, 'a', { pid: 42 })
  await second.lease.start()
  await clock.settle()
  assert.equal(second.lease.holds(), true)
  assert.deepEqual(
    peer.heard,
    ['came a', 'gone a', 'came a'],
    'who watched over its calls knows that they are nobody’s',
  )
})

test('of a node whose process cannot be asked about, the name is free when it has missed a renewal', async t => {
  const { clock, node } = openRig()
  const first = node(t, 'a')
  const second = node(t, 'a', { host: 'other' })
  await first.lease.start()
  first.door('silent')
  await clock.advance(1_000)
  const began = clock.monotonic()
  await clock.runUntil(
    second.lease.start().then(() => true),
    4_000,
  )
  assert.equal(clock.monotonic() - began, 2_000)
  assert.equal(second.lease.holds(), true)
})

test('a name that lapsed is free at once', async t => {
  const { clock, node } = openRig()
  const first = node(t, 'a')
  const second = node(t, 'a', { host: 'other' })
  await first.lease.start()
  first.door('silent')
  await clock.advance(6_000)
  await second.lease.start()
  assert.equal(second.lease.holds(), true)
})

test('a frozen node whose name was taken over finds out, and never counts as alive again', async t => {
  const { clock, node } = openRig()
  const first = node(t, 'a')
  const second = node(t, 'a', { host: 'other' })
  await first.lease.start()
  first.door('shut')
  await clock.advance(5_600)
  await clock.runUntil(
    second.lease.start().then(() => true),
    4_000,
  )
  first.door('open')
  assert.equal(await first.lease.refresh(), false)
  assert.deepEqual(first.heard, ['lapsed', 'replaced'])
  await second.lease.close()
  await clock.advance(120_000)
  assert.equal(first.lease.holds(), false)
  assert.equal(await first.lease.refresh(), false)
  assert.deepEqual(first.heard, ['lapsed', 'replaced'])
  assert.deepEqual(clock.pending(), [])
})

test('of two that come after a dead one, one has the name', async t => {
  const { clock, node } = openRig()
  const dead = node(t, 'a')
  await dead.lease.start()
  dead.door('silent')
  const heirs = [node(t, 'a', { host: 'x' }), node(t, 'a', { host: 'y' })]
  const starts = Promise.allSettled(heirs.map(heir => heir.lease.start()))
  await clock.runUntil(starts, 4_000)
  assert.deepEqual(
    (await starts).map(({ status }) => status),
    ['fulfilled', 'rejected'],
  )
  assert.deepEqual(
    heirs.map(heir => heir.lease.holds()),
    [true, false],
  )
})

test('a node that is closed while it waits for its name does not take it', async t => {
  const { clock, node, shared } = openRig()
  const dead = node(t, 'a')
  await dead.lease.start()
  dead.door('silent')
  const heir = node(t, 'a', { host: 'other' })
  const refused = assert.rejects(heir.lease.start(), { code: 'SERVICE' })
  await clock.advance(1_000)
  await heir.lease.close()
  await clock.runUntil(refused, 4_000)
  const record = { node: 'c', incarnation: 'c', address: null, roles: [], host: 'host', pid: 1 }
  const { leases } = await shared.hold({ record, lastsMs: 1, mode: 'come' })
  assert.equal(leases.get('a')?.incarnation, dead.lease.incarnation)
})
