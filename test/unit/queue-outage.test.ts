/** The store is away for a moment: who is being served does not notice, and what was done twice was done once. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CallEnded, CallMoved } from '../../src/base/errors.ts'
import { answered, Caller, openHouse, WAIT } from './queue-house.ts'

const AWAY = /Stream isn't writeable/

for (const link of ['away', 'torn'] as const) {
  const while_ = link === 'away' ? 'while the store is away' : 'while what the store answers is lost'

  test(`a caller who comes ${while_} has a place when it is back, with the time since they came`, async t => {
    const house = await openHouse(t)
    house.fails(link, 500)
    const place = await house.within(house.enter('c1'), 600)
    assert.equal(place.waited, 500)
    await place[Symbol.asyncDispose]()
    assert.deepEqual(await house.store.stats('sales'), { entered: 1, answered: 0, abandoned: 0, callback: 0, left: 1 })
  })

  test(`a caller who asks for their agent ${while_} has them when it is back`, async t => {
    const house = await openHouse(t)
    await house.agent('alice')
    await using place = await house.enter('c1')
    await house.clock.settle()
    assert.ok(place.called.aborted)
    house.fails(link, 500)
    await using agent = await house.within(place.agent(WAIT), 600)
    assert.equal(agent?.name, 'alice')
  })

  test(`an agent whose phone rings and who accepts ${while_} talks to the caller`, async t => {
    const house = await openHouse(t)
    await house.agent('alice')
    const place = await house.enter('c1')
    const agent = await answered(house, place)
    house.fails(link, 500)
    assert.ok(await house.within(agent.ringing(), 600))
    house.fails(link, 500)
    assert.ok(await house.within(agent.talking(), 600))
    assert.equal(await house.state('alice'), 'talking')
    await agent.finished('talked')
    await place[Symbol.asyncDispose]()
    assert.deepEqual(await house.store.stats('sales'), { entered: 1, answered: 1, abandoned: 0, callback: 0, left: 0 })
  })

  test(`a caller who is put aside and asks ${while_} is offered the next agent`, async t => {
    const house = await openHouse(t)
    await house.agent('alice')
    await using place = await house.enter('c1')
    await house.clock.advance(10_001)
    house.fails(link, 500)
    await using agent = await house.within(place.agent(WAIT), 1_600)
    assert.equal(agent?.name, 'alice')
  })

  test(`an agent who did not answer ${while_} rests, and is not called for the same caller again`, async t => {
    const house = await openHouse(t)
    await house.agent('alice')
    await using place = await house.enter('c1')
    const agent = await answered(house, place)
    await agent.ringing()
    await house.clock.advance(20_000)
    house.fails(link, 500)
    await agent.finished('no-answer')
    const waiting = place.agent(WAIT)
    await house.clock.advance(1_500)
    assert.equal((await house.roster.get('alice', house.clock.now()))?.noAnswers, 1)
    assert.equal((await house.store.member('sales', 'c1'))?.state, 'waiting')
    const before = house.clock.now()
    await using next = await house.within(waiting)
    assert.ok(next && next.epoch !== agent.epoch, 'a new promise')
    assert.ok(house.clock.now() - before > 8_000, 'after their rest')
  })

  test(`a talk that ends ${while_} is over for the agent too, and the caller gets somebody else`, async t => {
    const house = await openHouse(t)
    await house.agent('alice', { wrapUpMs: 60_000 })
    await using place = await house.enter('c1')
    const agent = await answered(house, place)
    await agent.talking()
    await house.agent('bert')
    house.fails(link, 500)
    await agent.finished('talked')
    await using next = await house.within(place.agent(WAIT), 1_000)
    assert.equal(next?.name, 'bert')
    await house.clock.advance(1_000)
    assert.equal(await house.state('alice'), 'wrap-up')
  })

  test(`a caller who leaves their number ${while_} is called back once`, async t => {
    const house = await openHouse(t)
    await using place = await house.enter('c1')
    house.fails(link, 500)
    await house.within(place.keepForCallback('+49307654321'), 600)
    assert.equal((await house.store.callbacks('sales')).length, 1)
  })

  test(`a caller whose call is taken over ${while_} has the same agent at the new node`, async t => {
    const house = await openHouse(t)
    await house.agent('alice')
    const first = new Caller('c1')
    const held = await answered(house, await house.queues.enter(first, 'sales'))
    first.isTakenOver()
    await using after = await house.node('b').enter(new Caller('c1'), 'sales')
    house.fails(link, 500)
    await using agent = await house.within(after.again('alice', held.epoch), 600)
    assert.equal(agent?.epoch, held.epoch)
  })
}

test('an agent who has pressed 1 while the store stays away hears so within ten seconds, and so does the caller', async t => {
  const house = await openHouse(t)
  await house.agent('alice')
  await using place = await house.enter('c1')
  await using agent = await answered(house, place)
  house.fails('away', 11_000)
  const before = house.clock.now()
  await assert.rejects(house.within(agent.ringing()), AWAY)
  assert.equal(house.clock.now() - before, 8_000)
  await house.clock.advance(4_000)
})

test('a caller who waits for an agent waits on while the store stays away, as long as their flow lets them, and is served when it is back', async t => {
  const house = await openHouse(t)
  await house.agent('alice')
  await using place = await house.enter('c1')
  await house.clock.settle()
  assert.ok(place.called.aborted, 'an agent was promised')
  house.fails('away', 30_000)
  await using agent = await house.within(place.agent(WAIT), 44_000)
  assert.equal(agent?.name, 'alice')
})

test('a person who may wait no longer than two seconds does not wait longer for the store', async t => {
  const house = await openHouse(t)
  await house.agent('alice')
  await using place = await house.enter('c1')
  await house.clock.settle()
  house.fails('away', 5_000)
  const before = house.clock.now()
  assert.equal(await house.within(place.agent({ within: '2s' })), null)
  assert.equal(house.clock.now() - before, 2_000)
  await house.clock.advance(5_000)
})

test('a caller who hangs up while the store is away is gone at once, and so are they from the queue when it is back', async t => {
  const house = await openHouse(t)
  await house.agent('alice')
  const caller = new Caller('c1')
  const place = await house.queues.enter(caller, 'sales')
  const agent = await answered(house, place)
  house.fails('away', 3_000)
  const ringing = assert.rejects(agent.ringing(), CallEnded)
  await house.clock.advance(600)
  caller.hangsUp()
  await house.within(ringing, 0)
  await agent[Symbol.asyncDispose]()
  await house.clock.advance(4_000)
  assert.equal(await house.state('alice'), 'idle')
  assert.deepEqual(await house.store.members('sales'), [])
})

test('a caller who hangs up before they heard that they have a place leaves none behind', async t => {
  const house = await openHouse(t)
  const caller = new Caller('c1')
  house.fails('torn', 600)
  const entering = assert.rejects(house.queues.enter(caller, 'sales'), CallEnded)
  await house.clock.advance(400)
  caller.hangsUp()
  await house.within(entering, 0)
  await house.clock.advance(2_000)
  assert.deepEqual(await house.store.members('sales'), [])
  assert.deepEqual(await house.store.stats('sales'), { entered: 1, answered: 0, abandoned: 1, callback: 0, left: 0 })
})

test('a call that is taken over while the store is away keeps agent and place for its next node', async t => {
  const house = await openHouse(t)
  await house.agent('alice')
  const caller = new Caller('c1')
  const place = await house.queues.enter(caller, 'sales')
  const agent = await answered(house, place)
  house.fails('away', 1_000)
  const ringing = assert.rejects(agent.ringing(), CallMoved)
  await house.clock.advance(300)
  caller.isTakenOver()
  await house.within(ringing, 0)
  await agent[Symbol.asyncDispose]()
  await place[Symbol.asyncDispose]()
  await house.clock.advance(2_000)
  assert.equal(await house.state('alice'), 'reserved')
  await using after = await house.node('b').enter(new Caller('c1'), 'sales')
  await using same = await house.within(after.agent(WAIT), 0)
  assert.equal(same?.epoch, agent.epoch)
})
