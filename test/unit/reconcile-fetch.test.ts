/** Calls that are fetched from a node that is gone from its peers, and when they are not: FreeSWITCH may be bringing them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Neighbourhood, openHouse } from './reconcile-house.ts'

test('a call is fetched from a node that holds it and is gone from its peers, a second after that and not before', async t => {
  const house = await openHouse(t)
  const caller = await house.caller()
  assert.equal(await house.owner(caller.uuid), 'a')
  await house.reconciler().start()
  house.lapses('a')
  await house.clock.advance(950)
  assert.equal(await house.owner(caller.uuid), 'a')
  await house.clock.advance(200)
  assert.equal(await house.owner(caller.uuid), 'b')
  assert.ok(house.commands.some(command => command === `uuid_setvar ${caller.uuid} switchhook_home 127.0.0.1:8085`))
  assert.equal(house.doors.get('b')!.legs.size, 1)
  caller.hangUp()
})

test('calls of a node whose process has ended are on their way to another door, however long FreeSWITCH takes: they are fetched after 15 s', async t => {
  const house = await openHouse(t)
  const caller = await house.caller()
  const asked: string[] = []
  await house.reconciler({ hasEnded: async node => (asked.push(node), true) }).start()
  house.lapses('a')
  await house.clock.advance(14_900)
  assert.equal(await house.owner(caller.uuid), 'a', 'a second transfer would only be in its way')
  await house.clock.advance(200)
  assert.equal(await house.owner(caller.uuid), 'b')
  assert.deepEqual(new Set(asked), new Set(['a']))
  caller.hangUp()
})

test('while calls of a dead node come to this door none is fetched, and then it is looked again at once', async t => {
  const house = await openHouse(t)
  const caller = await house.caller()
  let takesOver = true
  await house.reconciler({ takesOver: () => takesOver }).start()
  house.lapses('a')
  await house.clock.advance(8_000)
  assert.equal(await house.owner(caller.uuid), 'a')
  takesOver = false
  await house.clock.advance(1_100)
  assert.equal(await house.owner(caller.uuid), 'b')
  caller.hangUp()
})

test('a process without a door of its own sends a call that must be fetched to one that has one', async t => {
  const house = await openHouse(t)
  const caller = await house.caller()
  house.alive.add('dialer')
  await house.reconciler({ node: 'dialer', address: null, nodes: new Neighbourhood('dialer', house.alive), legs: () => [], mine: () => false }).start()
  house.alive.delete('a')
  await house.clock.advance(40_000)
  assert.equal(await house.owner(caller.uuid), 'b')
  caller.hangUp()
})

test('a call that FreeSWITCH has brought to another node by then is not fetched', async t => {
  const house = await openHouse(t)
  const caller = await house.caller()
  await house.reconciler().start()
  await house.dies('a')
  await house.clock.advance(10_000)
  assert.equal(await house.owner(caller.uuid), 'b')
  assert.ok(!house.commands.some(command => command.startsWith('uuid_transfer')))
  caller.hangUp()
})
