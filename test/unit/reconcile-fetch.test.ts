/**
 * Calls that are fetched from a node that is gone from its peers, and calls that are not: FreeSWITCH may be offering
 * them.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakePeers, openRig } from './reconcile-rig.ts'

test('a call is fetched from a node that holds it and is gone from its peers, a second after that and not before', async t => {
  const rig = await openRig(t)
  const caller = await rig.caller()
  assert.equal(await rig.owner(caller.uuid), 'a')
  await rig.reconciler().start()
  rig.lapses('a')
  await rig.clock.advance(950)
  assert.equal(await rig.owner(caller.uuid), 'a')
  await rig.clock.advance(200)
  assert.equal(await rig.owner(caller.uuid), 'b')
  assert.ok(rig.commands.some(command => command === `uuid_setvar ${caller.uuid} switchhook_home 127.0.0.1:8085`))
  assert.equal(rig.doors.get('b')!.legs.size, 1)
  caller.hangUp()
})

test('calls of a node whose process has ended are on their way to another door, however long FreeSWITCH takes: they are fetched after 15 s', async t => {
  const rig = await openRig(t)
  const caller = await rig.caller()
  const asked: string[] = []
  await rig.reconciler({ hasEnded: async node => (asked.push(node), true) }).start()
  rig.lapses('a')
  await rig.clock.advance(14_900)
  assert.equal(await rig.owner(caller.uuid), 'a', 'a second transfer would only be in its way')
  await rig.clock.advance(200)
  assert.equal(await rig.owner(caller.uuid), 'b')
  assert.deepEqual(new Set(asked), new Set(['a']))
  caller.hangUp()
})

test('while calls of a dead node come to this door none is fetched, and then it is looked again at once', async t => {
  const rig = await openRig(t)
  const caller = await rig.caller()
  let takesOver = true
  await rig.reconciler({ takesOver: () => takesOver }).start()
  rig.lapses('a')
  await rig.clock.advance(8_000)
  assert.equal(await rig.owner(caller.uuid), 'a')
  takesOver = false
  await rig.clock.advance(1_100)
  assert.equal(await rig.owner(caller.uuid), 'b')
  caller.hangUp()
})

test('a process without a door of its own sends a call that must be fetched to one that has one', async t => {
  const rig = await openRig(t)
  const caller = await rig.caller()
  rig.alive.add('dialer')
  await rig
    .reconciler({
      node: 'dialer',
      address: null,
      nodes: new FakePeers('dialer', rig.alive),
      legs: () => [],
      mine: () => false,
    })
    .start()
  rig.alive.delete('a')
  await rig.clock.advance(40_000)
  assert.equal(await rig.owner(caller.uuid), 'b')
  caller.hangUp()
})

test('a call that FreeSWITCH has brought to another node by then is not fetched', async t => {
  const rig = await openRig(t)
  const caller = await rig.caller()
  await rig.reconciler().start()
  await rig.dies('a')
  await rig.clock.advance(10_000)
  assert.equal(await rig.owner(caller.uuid), 'b')
  assert.ok(!rig.commands.some(command => command.startsWith('uuid_transfer')))
  caller.hangUp()
})
