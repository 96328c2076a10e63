/**
 * The store is down for a moment: the people who are being served notice nothing, and a repeated request has one
 * effect.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { phoneNumber } from '../../src/esl/phone-number.ts'
import { CallEnded, CallMoved } from '../../src/base/errors.ts'
import { AgentReservation } from '../../src/queue/agent-reservation.ts'
import { answered, Caller, openRig, WAIT } from './queue-rig.ts'

const AWAY = /Stream isn't writeable/

for (const link of ['away', 'torn'] as const) {
  const while_ = link === 'away' ? 'while the store is away' : 'while what the store answers is lost'

  test(`a caller who comes ${while_} has a place when it is back, with the time since they came`, async t => {
    const rig = await openRig(t)
    rig.fails(link, 500)
    const place = await rig.within(rig.enter('c1'), 600)
    assert.equal(place.waited, 500)
    await place[Symbol.asyncDispose]()
    assert.deepEqual(await rig.store.stats('sales'), { entered: 1, answered: 0, abandoned: 0, callback: 0, left: 1 })
  })

  test(`a caller who asks for their agent ${while_} has them when it is back`, async t => {
    const rig = await openRig(t)
    await rig.agent('alice')
    await using place = await rig.enter('c1')
    await rig.clock.settle()
    assert.ok(place.called.aborted)
    rig.fails(link, 500)
    await using agent = await rig.within(place.agent(WAIT), 600)
    assert.equal(agent?.name, 'alice')
  })

  test(`an agent whose phone rings and who accepts ${while_} talks to the caller`, async t => {
    const rig = await openRig(t)
    await rig.agent('alice')
    const place = await rig.enter('c1')
    const agent = await answered(rig, place)
    rig.fails(link, 500)
    assert.ok(await rig.within(agent.ringing(), 600))
    rig.fails(link, 500)
    assert.ok(await rig.within(agent.talking(), 600))
    assert.equal(await rig.state('alice'), 'talking')
    await agent.finished('talked')
    await place[Symbol.asyncDispose]()
    assert.deepEqual(await rig.store.stats('sales'), { entered: 1, answered: 1, abandoned: 0, callback: 0, left: 0 })
  })

  test(`a caller who is put aside and asks ${while_} is offered the next agent`, async t => {
    const rig = await openRig(t)
    await rig.agent('alice')
    await using place = await rig.enter('c1')
    await rig.clock.advance(10_001)
    rig.fails(link, 500)
    await using agent = await rig.within(place.agent(WAIT), 1_600)
    assert.equal(agent?.name, 'alice')
  })

  test(`an agent who did not answer ${while_} rests, and is not called for the same caller again`, async t => {
    const rig = await openRig(t)
    await rig.agent('alice')
    await using place = await rig.enter('c1')
    const agent = await answered(rig, place)
    await agent.ringing()
    await rig.clock.advance(20_000)
    rig.fails(link, 500)
    await agent.finished('no-answer')
    const waiting = place.agent(WAIT)
    await rig.clock.advance(1_500)
    assert.equal((await rig.roster.get('alice', rig.clock.now()))?.noAnswers, 1)
    assert.equal((await rig.store.member('sales', 'c1'))?.state, 'waiting')
    const before = rig.clock.now()
    await using next = await rig.within(waiting)
    assert.ok(next && next.saved.epoch !== agent.saved.epoch, 'a new promise')
    assert.ok(rig.clock.now() - before > 8_000, 'after their rest')
  })

  test(`a talk that ends ${while_} is over for the agent too, and the caller gets somebody else`, async t => {
    const rig = await openRig(t)
    await rig.agent('alice', { wrapUpMs: 60_000 })
    await using place = await rig.enter('c1')
    const agent = await answered(rig, place)
    await agent.talking()
    await rig.agent('bert')
    rig.fails(link, 500)
    await agent.finished('talked')
    await using next = await rig.within(place.agent(WAIT), 1_000)
    assert.equal(next?.name, 'bert')
    await rig.clock.advance(1_000)
    assert.equal(await rig.state('alice'), 'wrap-up')
  })

  test(`a caller who leaves their number ${while_} is called back once`, async t => {
    const rig = await openRig(t)
    await using place = await rig.enter('c1')
    rig.fails(link, 500)
    await rig.within(place.keepForCallback(phoneNumber('+49307654321')), 600)
    assert.equal((await rig.store.callbackRequests('sales')).length, 1)
  })

  test(`a caller whose call is taken over ${while_} has the same agent at the new node`, async t => {
    const rig = await openRig(t)
    await rig.agent('alice')
    const first = new Caller('c1')
    const held = await answered(rig, await rig.queues.enter(first, 'sales'))
    first.isTakenOver()
    const second = new Caller('c1')
    await using after = await rig.node('b').enter(second, 'sales')
    rig.fails(link, 500)
    await using agent = new AgentReservation(second, held.saved)
    assert.equal(await agent.ringing(), false, 'the journal alone reserves nobody')
    await rig.within(after.resume(agent), 600)
    assert.ok(await agent.ringing())
  })
}

test('an agent who has pressed 1 while the store stays away hears so within ten seconds, and so does the caller', async t => {
  const rig = await openRig(t)
  await rig.agent('alice')
  await using place = await rig.enter('c1')
  await using agent = await answered(rig, place)
  rig.fails('away', 11_000)
  const before = rig.clock.now()
  await assert.rejects(rig.within(agent.ringing()), AWAY)
  assert.equal(rig.clock.now() - before, 8_000)
  await rig.clock.advance(4_000)
})

test('a caller who waits for an agent waits on while the store stays away, as long as their flow lets them, and is served when it is back', async t => {
  const rig = await openRig(t)
  await rig.agent('alice')
  await using place = await rig.enter('c1')
  await rig.clock.settle()
  assert.ok(place.called.aborted, 'an agent was promised')
  rig.fails('away', 30_000)
  await using agent = await rig.within(place.agent(WAIT), 44_000)
  assert.equal(agent?.name, 'alice')
})

test('a person who may wait no longer than two seconds does not wait longer for the store', async t => {
  const rig = await openRig(t)
  await rig.agent('alice')
  await using place = await rig.enter('c1')
  await rig.clock.settle()
  rig.fails('away', 5_000)
  const before = rig.clock.now()
  assert.equal(await rig.within(place.agent({ within: '2s' })), null)
  assert.equal(rig.clock.now() - before, 2_000)
  await rig.clock.advance(5_000)
})

test('a caller who hangs up while the store is away is gone at once, and so are they from the queue when it is back', async t => {
  const rig = await openRig(t)
  await rig.agent('alice')
  const caller = new Caller('c1')
  const place = await rig.queues.enter(caller, 'sales')
  const agent = await answered(rig, place)
  rig.fails('away', 3_000)
  const ringing = assert.rejects(agent.ringing(), CallEnded)
  await rig.clock.advance(600)
  caller.hangsUp()
  await rig.within(ringing, 0)
  await agent[Symbol.asyncDispose]()
  await rig.clock.advance(4_000)
  assert.equal(await rig.state('alice'), 'idle')
  assert.deepEqual(await rig.store.members('sales'), [])
})

test('a caller who hangs up before they heard that they have a place leaves none behind', async t => {
  const rig = await openRig(t)
  const caller = new Caller('c1')
  rig.fails('torn', 600)
  const entering = assert.rejects(rig.queues.enter(caller, 'sales'), CallEnded)
  await rig.clock.advance(400)
  caller.hangsUp()
  await rig.within(entering, 0)
  await rig.clock.advance(2_000)
  assert.deepEqual(await rig.store.members('sales'), [])
  assert.deepEqual(await rig.store.stats('sales'), { entered: 1, answered: 0, abandoned: 1, callback: 0, left: 0 })
})

test('a call that is taken over while the store is away keeps agent and place for its next node', async t => {
  const rig = await openRig(t)
  await rig.agent('alice')
  const caller = new Caller('c1')
  const place = await rig.queues.enter(caller, 'sales')
  const agent = await answered(rig, place)
  rig.fails('away', 1_000)
  const ringing = assert.rejects(agent.ringing(), CallMoved)
  await rig.clock.advance(300)
  caller.isTakenOver()
  await rig.within(ringing, 0)
  await agent[Symbol.asyncDispose]()
  await place[Symbol.asyncDispose]()
  await rig.clock.advance(2_000)
  assert.equal(await rig.state('alice'), 'reserved')
  await using after = await rig.node('b').enter(new Caller('c1'), 'sales')
  await using same = await rig.within(after.agent(WAIT), 0)
  assert.equal(same?.saved.epoch, agent.saved.epoch)
})
