/** Callers who wait and agents who come: reservations, announcements, talks, telephones that nobody answers. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HOLD_MS } from '../../src/queue/place.ts'
import { answered, openRig, WAIT } from './queue-rig.ts'

test('a caller gets the agent who is free', async t => {
  const rig = await openRig(t)
  await rig.agent('alice')
  await using place = await rig.enter('c1')
  await using agent = await answered(rig, place)
  assert.equal(agent.name, 'alice')
  assert.equal(agent.endpoint, 'user/alice')
  assert.equal(agent.saved.leg, null)
  assert.equal(await rig.state('alice'), 'reserved')
})

test('a caller gets the agent who was just reserved without another question to the store', async t => {
  const rig = await openRig(t)
  await using place = await rig.enter('c1')
  await rig.agent('alice')
  await rig.clock.settle()
  assert.ok(place.called.aborted, 'alice is reserved')
  let reads = 0
  const read = rig.agents.read.bind(rig.agents)
  rig.agents.read = name => (reads++, read(name))
  await using agent = await answered(rig, place)
  assert.deepEqual([agent.name, reads], ['alice', 0])
  assert.ok(await agent.ringing())
  assert.equal(reads, 0, 'the mark is written over the record that this node knows')
})

test('a caller waits until an agent says that they are ready, not a moment longer', async t => {
  const rig = await openRig(t)
  await using place = await rig.enter('c1')
  const waiting = place.agent(WAIT)
  await rig.clock.advance(20_000)
  await rig.agent('alice')
  await using agent = await rig.within(waiting, 0)
  assert.equal(agent?.name, 'alice')
  assert.equal(place.waited, 20_000)
  assert.ok(place.hasWaited('20s') && !place.hasWaited('21s'))
})

test('nobody comes within the time: the flow goes on with null, the caller keeps the place', async t => {
  const rig = await openRig(t)
  await using place = await rig.enter('c1')
  const before = rig.clock.now()
  assert.equal(await rig.within(place.agent(WAIT)), null)
  assert.equal(rig.clock.now() - before, 45_000)
  assert.equal(place.position, 1)
})

test('callers hear where they stand, and move up when somebody leaves', async t => {
  const rig = await openRig(t)
  const first = await rig.enter('c1')
  await using second = await rig.enter('c2')
  await using other = await rig.enter('c3', 'support')
  assert.deepEqual([first.position, second.position, other.position], [1, 2, 1])
  await first[Symbol.asyncDispose]()
  assert.equal(second.position, 1)
  assert.deepEqual(await rig.store.stats('sales'), { entered: 2, answered: 0, abandoned: 0, callback: 0, left: 1 })
})

test('an announcement ends when an agent has been promised, and the caller has them at once', async t => {
  const rig = await openRig(t)
  await using place = await rig.enter('c1')
  assert.equal(await rig.within(place.agent({ within: '5s' })), null)
  const { called } = place
  assert.ok(!called.aborted)
  await rig.agent('alice')
  await rig.clock.settle()
  assert.ok(called.aborted)
  await rig.clock.advance(HOLD_MS - 1)
  await using agent = await rig.within(place.agent({ within: '0s' }), 0)
  assert.equal(agent?.name, 'alice')
  await rig.clock.advance(HOLD_MS - 1)
  assert.ok(await agent.ringing(), 'the promise was prolonged when the flow took it')
})

test('an agent for whom the caller does not come is free again, and the next caller has them', async t => {
  const rig = await openRig(t)
  await rig.agent('alice')
  await using first = await rig.enter('c1')
  await using second = await rig.enter('c2')
  const waiting = second.agent(WAIT)
  await using agent = await rig.within(waiting, HOLD_MS)
  assert.equal(agent?.name, 'alice')
  assert.ok(!first.called.aborted, 'a new wait, a new signal')
  assert.equal(first.position, 1)
})

test('a caller who was put aside and asks gets the agent before those behind them', async t => {
  const rig = await openRig(t)
  await rig.agent('alice')
  await using first = await rig.enter('c1')
  await rig.clock.advance(HOLD_MS + 1)
  await using second = await rig.enter('c2')
  await using agent = await rig.within(second.agent(WAIT), 0)
  assert.ok(agent)
  const asking = first.agent(WAIT)
  await rig.clock.settle()
  await agent.finished('caller-left')
  await using theirs = await rig.within(asking, 0)
  assert.equal(theirs?.name, 'alice')
})

test('a caller whom nobody came back for is offered again by themselves after a while', async t => {
  const rig = await openRig(t)
  await rig.agent('alice')
  await using place = await rig.enter('c1')
  await rig.clock.advance(HOLD_MS)
  assert.equal(await rig.state('alice'), 'idle')
  await rig.clock.advance(HOLD_MS)
  assert.equal(await rig.state('alice'), 'reserved')
  assert.ok(place.called.aborted)
})

test('a caller who talked is counted as answered and leaves the order; the agent has their wrap-up, then the next caller', async t => {
  const rig = await openRig(t)
  await rig.agent('alice', { wrapUpMs: 30_000 })
  const place = await rig.enter('c1')
  await using behind = await rig.enter('c2')
  const agent = await answered(rig, place)
  assert.ok(await agent.ringing())
  assert.equal(behind.position, 2)
  assert.ok(await agent.talking())
  assert.equal(behind.position, 1)
  assert.equal(await rig.state('alice'), 'talking')
  await rig.clock.advance(600_000)
  await agent[Symbol.asyncDispose]()
  await place[Symbol.asyncDispose]()
  assert.equal(await rig.state('alice'), 'wrap-up')
  const before = rig.clock.now()
  await using next = await answered(rig, behind)
  assert.equal(rig.clock.now() - before, 30_000)
  assert.equal(next.name, 'alice')
  assert.deepEqual(await rig.store.stats('sales'), { entered: 2, answered: 1, abandoned: 0, callback: 0, left: 0 })
})

test('an agent who finishes the wrap-up early has the next caller at once', async t => {
  const rig = await openRig(t)
  await rig.agent('alice', { wrapUpMs: 30_000 })
  await using first = await rig.enter('c1')
  {
    await using agent = await answered(rig, first)
    await agent.talking()
  }
  await using second = await rig.enter('c2')
  const waiting = second.agent(WAIT)
  await rig.clock.advance(5_000)
  assert.ok(await rig.roster.finishWrapUp('alice', rig.clock.now()))
  await using agent = await rig.within(waiting, 0)
  assert.equal(agent?.name, 'alice')
})

test('a phone that nobody answers: the caller keeps place and time, the agent rests, another agent is asked', async t => {
  const rig = await openRig(t)
  await rig.agent('alice')
  await using place = await rig.enter('c1')
  await using behind = await rig.enter('c2')
  {
    await using agent = await answered(rig, place)
    await agent.ringing()
    await rig.clock.advance(20_000)
    await agent.finished('no-answer')
  }
  await rig.clock.settle()
  assert.equal(place.position, 1)
  assert.equal(place.waited, 20_000)
  const waiting = place.agent(WAIT)
  await rig.clock.advance(5_000)
  await rig.agent('bert')
  await using agent = await rig.within(waiting, 0)
  assert.equal(agent?.name, 'bert')
  const before = rig.clock.now()
  await using same = await answered(rig, behind)
  assert.equal(same.name, 'alice')
  assert.equal(rig.clock.now() - before, 5_000)
})

test('a phone that rang and of which nothing more was said was not answered', async t => {
  const rig = await openRig(t)
  await rig.agent('alice')
  await using place = await rig.enter('c1')
  {
    await using agent = await answered(rig, place)
    await agent.ringing()
  }
  assert.equal((await rig.roster.get('alice', rig.clock.now()))?.noAnswers, 1)
  assert.equal(await rig.within(place.agent({ within: '9s' })), null)
})

test('an agent whom the flow did not want goes back without a rest', async t => {
  const rig = await openRig(t)
  await rig.agent('alice')
  await using place = await rig.enter('c1')
  {
    await using _agent = await answered(rig, place)
  }
  await using again = await rig.within(place.agent(WAIT), 0)
  assert.equal(again?.name, 'alice')
})
