/** What agents do meanwhile, and what is kept of every decision. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { answered, openHouse, WAIT } from './queue-house.ts'

test('an agent who goes on a break while promised talks to that caller, and to no other', async t => {
  const house = await openHouse(t)
  await house.agent('alice')
  await using place = await house.enter('c1')
  await using behind = await house.enter('c2')
  await using agent = await answered(house, place)
  await house.roster.setStatus('alice', 'break', house.clock.now(), 'lunch')
  assert.ok(await agent.talking())
  await agent.finished('talked')
  assert.equal(await house.within(behind.agent(WAIT)), null)
})

test('an agent who is removed while promised is nobody\'s any more, and the caller waits on', async t => {
  const house = await openHouse(t)
  await house.agent('alice')
  await using place = await house.enter('c1')
  await using agent = await answered(house, place)
  await house.roster.remove('alice')
  await house.clock.settle()
  assert.equal(await agent.ringing(), false)
  await house.agent('bert')
  await using other = await answered(house, place)
  assert.equal(other.name, 'bert')
})

test('an agent who is nailed up comes with their leg', async t => {
  const house = await openHouse(t)
  await house.agent('alice')
  await house.roster.nail('alice', { leg: 'leg-1', node: 'a' }, house.clock.now())
  await using place = await house.enter('c1')
  await using agent = await answered(house, place)
  assert.equal(agent.leg, 'leg-1')
  assert.ok(await agent.talking())
})

test('an agent on demand gets one caller, and the next one when they say so', async t => {
  const house = await openHouse(t)
  await house.agent('alice')
  await house.roster.setStatus('alice', 'on-demand', house.clock.now())
  await using first = await house.enter('c1')
  {
    await using agent = await answered(house, first)
    await agent.talking()
  }
  await using second = await house.enter('c2')
  assert.equal(await house.within(second.agent(WAIT)), null)
  await house.roster.finishWrapUp('alice', house.clock.now())
  await using agent = await answered(house, second)
  assert.equal(agent.name, 'alice')
})

test('a campaign that holds an agent keeps them from the queue, until the promise lapses', async t => {
  const house = await openHouse(t)
  await house.agent('alice')
  assert.ok(await house.roster.reserve('alice', 'lead-1', house.clock.now(), 4_000))
  await using place = await house.enter('c1')
  const before = house.clock.now()
  await using agent = await answered(house, place)
  assert.equal(agent.name, 'alice')
  assert.equal(house.clock.now() - before, 4_000)
})

test('what ends by itself is told to everybody once, with or without callers', async t => {
  const house = await openHouse(t)
  house.node('b')
  await house.agent('alice', { wrapUpMs: 30_000 })
  const epoch = await house.roster.reserve('alice', 'lead-1', house.clock.now(), 5_000)
  await house.roster.advance('alice', epoch!, 'talking', house.clock.now())
  await house.clock.settle()
  const heard: string[] = []
  using _listening = house.roster.onChange(notice => notice.what === 'agent' && heard.push(notice.agent!.state))
  await house.roster.release('alice', epoch!, 'talked', house.clock.now())
  await house.clock.advance(60_000)
  assert.deepEqual(heard, ['wrap-up', 'idle'])
})

test('every assignment leaves one record, the last two hundred are kept', async t => {
  const house = await openHouse(t)
  await house.agent('alice')
  for (let i = 1; i <= 203; i++) {
    await using place = await house.enter(`c${i}`)
    await using _agent = await answered(house, place)
  }
  const offers = await house.store.offers('sales')
  assert.equal(offers.length, 200)
  assert.equal(offers[0]?.call, 'c203')
  assert.equal(offers[0]?.agent, 'alice')
  assert.equal(offers[0]?.node, 'a')
  assert.equal(new Set(offers.map(offer => offer.epoch)).size, 200)
})
