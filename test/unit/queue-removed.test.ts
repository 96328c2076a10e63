/** A queue is removed while callers wait, are offered an agent, or talk in it, and its callers go to another queue. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { answered, Caller, openRig, WAIT, type Rig } from './queue-rig.ts'
import { phoneNumber } from '../../src/esl/phone-number.ts'

const removeSupport = (rig: Rig) => rig.store.put({ name: 'support', strategy: 'longest-idle-agent', movedTo: 'sales' })

test('callers of two nodes wait on in the other queue, in the order of their arrival', async t => {
  const rig = await openRig(t)
  const other = rig.node('b')
  await using first = await rig.enter('c1', 'support')
  await rig.clock.advance(10_000)
  await using second = await other.enter(new Caller('c2'), 'support')
  await rig.clock.advance(10_000)
  await using third = await rig.enter('c3', 'sales')
  const waiting = [first, second].map(place => place.agent(WAIT))
  const written: string[] = []
  using _listening = rig.store.onChange(notice => {
    if (notice.what === 'member') written.push(`${notice.call} ${notice.member ? 'in' : 'not in'} ${notice.queue}`)
  })
  await removeSupport(rig)
  await rig.clock.settle()
  assert.deepEqual(written.sort(), ['c1 in sales', 'c1 not in support', 'c2 in sales', 'c2 not in support'])
  assert.deepEqual(await rig.store.members('support'), [])
  const places = [first, second, third]
  assert.deepEqual(
    places.map(({ queue, position, waited }) => [queue, position, waited]),
    [
      ['sales', 1, 20_000],
      ['sales', 2, 10_000],
      ['sales', 3, 0],
    ],
  )
  await rig.agent('alice')
  const alice = await rig.within(waiting[0]!)
  assert.equal(alice?.name, 'alice')
  assert.ok(first.called.aborted)
  await rig.agent('bert')
  assert.equal((await rig.within(waiting[1]!))?.name, 'bert')
  assert.equal(await alice.talking(), true)
  await alice[Symbol.asyncDispose]()
  const { entered, answered: talked, left } = await rig.store.stats('sales')
  assert.deepEqual([entered, talked, left], [3, 1, 0])
})

test('a caller to whom an agent is offered gets this agent, and waits in the other queue when they do not talk', async t => {
  const rig = await openRig(t)
  await rig.agent('alice', { queues: ['support'] })
  await using place = await rig.enter('c1', 'support')
  const alice = await answered(rig, place)
  await removeSupport(rig)
  await rig.clock.settle()
  assert.equal(place.queue, 'support')
  assert.ok(await alice.ringing())
  await alice.finished('no-answer')
  await rig.clock.settle()
  assert.equal(place.queue, 'sales')
  await rig.agent('bert')
  await using bert = await answered(rig, place)
  assert.equal(bert.name, 'bert')
})

test('a caller who talks finishes the talk, and asks in the other queue for the next agent', async t => {
  const rig = await openRig(t)
  await rig.agent('alice', { queues: ['support'] })
  await using place = await rig.enter('c1', 'support')
  const alice = await answered(rig, place)
  assert.ok(await alice.talking())
  await removeSupport(rig)
  await rig.clock.advance(60_000)
  assert.equal(await rig.state('alice'), 'talking')
  assert.equal(place.queue, 'support')
  await alice[Symbol.asyncDispose]()
  const next = place.agent(WAIT)
  await rig.clock.settle()
  assert.equal(place.queue, 'sales')
  await rig.agent('bert')
  await using bert = await rig.within(next)
  assert.equal(bert?.name, 'bert')
  assert.equal(place.waited, 60_000)
})

test('a caller who hangs up in the moment of the removal is nowhere, and one who asks for a callback gets it', async t => {
  const rig = await openRig(t)
  const hangsUp = new Caller('c1')
  await rig.queues.enter(hangsUp, 'support')
  const asks = await rig.enter('c2', 'support')
  const removed = removeSupport(rig)
  hangsUp.hangsUp()
  await rig.within(asks.keepForCallback(phoneNumber('+49301234567')))
  await removed
  await rig.clock.settle()
  for (const queue of ['sales', 'support']) assert.deepEqual(await rig.store.members(queue), [])
  assert.deepEqual(
    (await rig.store.callbackRequests('sales')).map(({ call }) => call),
    ['c2'],
  )
})

test('the next node has the place in the other queue, whether the node died before the removal or after it', async t => {
  const rig = await openRig(t)
  const other = rig.node('b')
  const [before, after] = [new Caller('c1'), new Caller('c2')]
  await rig.queues.enter(before, 'support')
  await rig.queues.enter(after, 'support')
  await rig.clock.advance(30_000)
  before.isTakenOver()
  await rig.queues[Symbol.asyncDispose]() // this node moves nobody
  await removeSupport(rig)
  await using place = await other.enter(new Caller('c1'), 'support')
  assert.deepEqual([place.queue, place.waited], ['sales', 30_000])
  after.isTakenOver()
  await using next = await other.enter(new Caller('c2'), 'support')
  await rig.clock.settle()
  assert.deepEqual([place.position, next.position, next.waited], [1, 2, 30_000])
  assert.deepEqual(await rig.store.members('support'), [])
})

test('a caller whose place was moved while the node heard no notice keeps it when the node reads again', async t => {
  const rig = await openRig(t)
  await using place = await rig.enter('c1', 'support')
  await rig.clock.advance(30_000)
  rig.link = 'deaf'
  await removeSupport(rig)
  const [member] = await rig.store.members('support')
  await rig.store.move(member!, 'sales', rig.clock.now())
  rig.link = 'up'
  assert.equal(place.queue, 'support')
  rig.resyncs()
  await rig.clock.settle()
  assert.deepEqual([place.queue, place.waited, place.position], ['sales', 30_000, 1])
})

test('a flow that asks for both queues has one place in the one that is left', async t => {
  const rig = await openRig(t)
  const caller = new Caller('c1')
  const old = await rig.queues.enter(caller, 'support')
  await rig.clock.advance(10_000)
  await using left = await rig.queues.enter(caller, 'sales')
  await removeSupport(rig)
  await rig.clock.settle()
  assert.deepEqual([old.isMoved, left.isMoved, left.position], [true, false, 1])
  await rig.queues.giveUp(caller, 'support') // as after a change of the script
  assert.deepEqual([left.isMoved, left.position], [false, 1])
  await old[Symbol.asyncDispose]()
  await rig.agent('alice')
  await using alice = await answered(rig, left)
  assert.equal(alice.name, 'alice')
})
