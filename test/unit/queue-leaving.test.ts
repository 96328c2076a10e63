/** The ways out of a queue: a hang-up at every moment, a callback, a queue that does not exist. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { phoneNumber } from '../../src/esl/phone-number.ts'
import { CallEnded, InputError, NotFoundError } from '../../src/base/errors.ts'
import { answered, Caller, openRig, WAIT } from './queue-rig.ts'

test('a caller who hangs up while waiting rejects the wait, and the place is gone', async t => {
  const rig = await openRig(t)
  const caller = new Caller('c1')
  const place = await rig.queues.enter(caller, 'sales')
  const waiting = assert.rejects(place.agent(WAIT), CallEnded)
  await rig.clock.advance(3_000)
  caller.hangsUp()
  await rig.within(waiting, 0)
  assert.deepEqual(await rig.store.members('sales'), [])
  assert.equal((await rig.store.stats('sales')).abandoned, 1)
  await place[Symbol.asyncDispose]()
  assert.equal((await rig.store.stats('sales')).left, 0)
  await assert.rejects(place.agent(WAIT), CallEnded)
})

test('a caller who hangs up while the phone rings frees the agent for the next caller at once', async t => {
  const rig = await openRig(t)
  await rig.agent('alice')
  const caller = new Caller('c1')
  await using place = await rig.queues.enter(caller, 'sales')
  await using agent = await answered(rig, place)
  await agent.ringing()
  await using next = await rig.enter('c2')
  const waiting = next.agent(WAIT)
  caller.hangsUp()
  await using theirs = await rig.within(waiting, 0)
  assert.equal(theirs?.name, 'alice')
  assert.equal(await agent.talking(), false, 'the agent belongs to the next caller')
})

test('a caller who hangs up during an announcement frees the agent who was promised meanwhile', async t => {
  const rig = await openRig(t)
  const caller = new Caller('c1')
  await using _place = await rig.queues.enter(caller, 'sales')
  await rig.agent('alice')
  await rig.clock.settle()
  assert.equal(await rig.state('alice'), 'reserved')
  caller.hangsUp()
  await rig.clock.settle()
  assert.equal(await rig.state('alice'), 'idle')
})

test('a caller who hangs up at the very moment in which the agent is taken leaves nobody reserved', async t => {
  const rig = await openRig(t)
  await rig.agent('alice')
  for (let turns = 0; turns < 12; turns++) {
    const caller = new Caller(`c${turns}`)
    const entering = rig.queues.enter(caller, 'sales').then(place => place.agent(WAIT))
    const outcome = entering.then(
      () => 'agent',
      () => 'ended',
    )
    for (let turn = 0; turn < turns; turn++) await Promise.resolve()
    caller.hangsUp()
    await rig.within(outcome, 0)
    await rig.clock.settle()
    assert.equal(await rig.state('alice'), 'idle')
    assert.deepEqual(await rig.store.members('sales'), [])
  }
})

test('a caller who hangs up while the promise is being prolonged is not handed the agent', async t => {
  const rig = await openRig(t)
  await rig.agent('alice')
  const caller = new Caller('c1')
  const { hold } = rig.roster
  rig.roster.hold = async (...about) => {
    const agent = await hold(...about)
    caller.hangsUp()
    return agent
  }
  await using place = await rig.queues.enter(caller, 'sales')
  await assert.rejects(rig.within(place.agent(WAIT)), CallEnded)
  await rig.clock.settle()
  assert.equal(await rig.state('alice'), 'idle')
})

test('a caller who is called back leaves the queue, and is not offered an agent any more', async t => {
  const rig = await openRig(t)
  await using place = await rig.enter('c1')
  await rig.clock.advance(120_000)
  await place.keepForCallback(phoneNumber('+49307654321'))
  await place.keepForCallback(phoneNumber('+49307654321'))
  const keptAt = rig.clock.now()
  assert.deepEqual(await rig.store.callbackRequests('sales'), [
    { queue: 'sales', call: 'c1', number: '+49307654321', keptAt, joinedAt: keptAt - 120_000, headStartMs: 0 },
  ])
  await rig.agent('alice')
  assert.equal(await rig.within(place.agent(WAIT)), null)
  assert.deepEqual(await rig.store.stats('sales'), { entered: 1, answered: 0, abandoned: 0, callback: 1, left: 0 })
})

test('a queue that nobody made cannot be entered, and says which there are', async t => {
  const rig = await openRig(t)
  const entering = rig.enter('c1', 'slaes')
  await assert.rejects(
    entering,
    (error: Error) => error instanceof NotFoundError && error.message.includes('sales, support'),
  )
  await assert.rejects(rig.store.put({ name: 'a b', strategy: 'longest-idle-agent' }), InputError)
  await assert.rejects(rig.store.put({ name: 'vip', strategy: 'loudest' as 'longest-idle-agent' }), InputError)
})
