/** The ways out of a queue: hanging up at every moment, a callback, a queue that was never there. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CallEnded, InputError, NotFoundError } from '../../src/base/errors.ts'
import { answered, Caller, openHouse, WAIT } from './queue-house.ts'

test('a caller who hangs up while waiting rejects the wait, and the place is gone', async t => {
  const house = await openHouse(t)
  const caller = new Caller('c1')
  const place = await house.queues.enter(caller, 'sales')
  const waiting = assert.rejects(place.agent(WAIT), CallEnded)
  await house.clock.advance(3_000)
  caller.hangsUp()
  await house.within(waiting, 0)
  assert.deepEqual(await house.store.members('sales'), [])
  assert.equal((await house.store.stats('sales')).abandoned, 1)
  await place[Symbol.asyncDispose]()
  assert.equal((await house.store.stats('sales')).left, 0)
  await assert.rejects(place.agent(WAIT), CallEnded)
})

test('a caller who hangs up while the phone rings frees the agent for the next caller at once', async t => {
  const house = await openHouse(t)
  await house.agent('alice')
  const caller = new Caller('c1')
  await using place = await house.queues.enter(caller, 'sales')
  await using agent = await answered(house, place)
  await agent.ringing()
  await using next = await house.enter('c2')
  const waiting = next.agent(WAIT)
  caller.hangsUp()
  await using theirs = await house.within(waiting, 0)
  assert.equal(theirs?.name, 'alice')
  assert.equal(await agent.talking(), false, 'the agent belongs to the next caller')
})

test('a caller who hangs up during an announcement frees the agent who was promised meanwhile', async t => {
  const house = await openHouse(t)
  const caller = new Caller('c1')
  await using _place = await house.queues.enter(caller, 'sales')
  await house.agent('alice')
  await house.clock.settle()
  assert.equal(await house.state('alice'), 'reserved')
  caller.hangsUp()
  await house.clock.settle()
  assert.equal(await house.state('alice'), 'idle')
})

test('a caller who hangs up at the very moment in which the agent is taken leaves nobody reserved', async t => {
  const house = await openHouse(t)
  await house.agent('alice')
  for (let turns = 0; turns < 12; turns++) {
    const caller = new Caller(`c${turns}`)
    const entering = house.queues.enter(caller, 'sales').then(place => place.agent(WAIT))
    const outcome = entering.then(() => 'agent', () => 'ended')
    for (let turn = 0; turn < turns; turn++) await Promise.resolve()
    caller.hangsUp()
    await house.within(outcome, 0)
    await house.clock.settle()
    assert.equal(await house.state('alice'), 'idle')
    assert.deepEqual(await house.store.members('sales'), [])
  }
})

test('a caller who hangs up while the promise is being prolonged is not handed the agent', async t => {
  const house = await openHouse(t)
  await house.agent('alice')
  const caller = new Caller('c1')
  const { hold } = house.roster
  house.roster.hold = async (...about) => {
    const agent = await hold(...about)
    caller.hangsUp()
    return agent
  }
  await using place = await house.queues.enter(caller, 'sales')
  await assert.rejects(house.within(place.agent(WAIT)), CallEnded)
  await house.clock.settle()
  assert.equal(await house.state('alice'), 'idle')
})

test('a caller who is called back leaves the queue, and is not offered an agent any more', async t => {
  const house = await openHouse(t)
  await using place = await house.enter('c1')
  await house.clock.advance(120_000)
  await place.keepForCallback('+49307654321')
  await place.keepForCallback('+49307654321')
  const keptAt = house.clock.now()
  assert.deepEqual(await house.store.callbacks('sales'), [{ queue: 'sales', call: 'c1', number: '+49307654321', keptAt }])
  await house.agent('alice')
  assert.equal(await house.within(place.agent(WAIT)), null)
  assert.deepEqual(await house.store.stats('sales'), { entered: 1, answered: 0, abandoned: 0, callback: 1, left: 0 })
})

test('a queue that nobody made cannot be entered, and says which there are', async t => {
  const house = await openHouse(t)
  const entering = house.enter('c1', 'slaes')
  await assert.rejects(entering, (error: Error) => error instanceof NotFoundError && error.message.includes('sales, support'))
  await assert.rejects(house.store.put({ name: 'a b', strategy: 'longest-idle-agent' }), InputError)
  await assert.rejects(house.store.put({ name: 'vip', strategy: 'loudest' as 'longest-idle-agent' }), InputError)
})
