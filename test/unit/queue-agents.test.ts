/** What agents do while callers wait, and what is recorded of every decision. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { answered, openRig, WAIT } from './queue-rig.ts'

test('an agent who goes on a break while promised talks to that caller, and to no other', async t => {
  const rig = await openRig(t)
  await rig.agent('alice')
  await using place = await rig.enter('c1')
  await using behind = await rig.enter('c2')
  await using agent = await answered(rig, place)
  await rig.roster.setStatus('alice', 'break', rig.clock.now(), 'lunch')
  assert.ok(await agent.talking())
  await agent.finished('talked')
  assert.equal(await rig.within(behind.agent(WAIT)), null)
})

test("an agent who is removed while promised is nobody's any more, and the caller waits on", async t => {
  const rig = await openRig(t)
  await rig.agent('alice')
  await using place = await rig.enter('c1')
  await using agent = await answered(rig, place)
  await rig.roster.remove('alice', rig.clock.now())
  await rig.clock.settle()
  assert.equal(await agent.ringing(), false)
  await rig.agent('bert')
  await using other = await answered(rig, place)
  assert.equal(other.name, 'bert')
})

test('an agent who is nailed up comes with their leg', async t => {
  const rig = await openRig(t)
  await rig.agent('alice')
  await rig.roster.nail('alice', { leg: 'leg-1', node: 'a' }, rig.clock.now())
  await using place = await rig.enter('c1')
  await using agent = await answered(rig, place)
  assert.equal(agent.saved.leg, 'leg-1')
  assert.ok(await agent.talking())
})

test('an agent on demand gets one caller, and the next one when they say so', async t => {
  const rig = await openRig(t)
  await rig.agent('alice')
  await rig.roster.setStatus('alice', 'on-demand', rig.clock.now())
  await using first = await rig.enter('c1')
  {
    await using agent = await answered(rig, first)
    await agent.talking()
  }
  await using second = await rig.enter('c2')
  assert.equal(await rig.within(second.agent(WAIT)), null)
  await rig.roster.finishWrapUp('alice', rig.clock.now())
  await using agent = await answered(rig, second)
  assert.equal(agent.name, 'alice')
})

test('a campaign that holds an agent keeps them from the queue, until the promise lapses', async t => {
  const rig = await openRig(t)
  await rig.agent('alice')
  assert.ok(await rig.roster.reserve('alice', 'lead-1', rig.clock.now(), 4_000))
  await using place = await rig.enter('c1')
  const before = rig.clock.now()
  await using agent = await answered(rig, place)
  assert.equal(agent.name, 'alice')
  assert.equal(rig.clock.now() - before, 4_000)
})

test('what ends by itself is told to everybody once, with or without callers', async t => {
  const rig = await openRig(t)
  rig.node('b')
  await rig.agent('alice', { wrapUpMs: 30_000 })
  const epoch = await rig.roster.reserve('alice', 'lead-1', rig.clock.now(), 5_000)
  await rig.roster.advance('alice', epoch!, 'talking', rig.clock.now())
  await rig.clock.settle()
  const heard: string[] = []
  using _listening = rig.roster.onChange(notice => notice.what === 'agent' && heard.push(notice.agent!.state))
  await rig.roster.release('alice', epoch!, 'talked', rig.clock.now())
  await rig.clock.advance(60_000)
  assert.deepEqual(heard, ['wrap-up', 'idle'])
})

test('every assignment leaves one record, the last two hundred are kept', async t => {
  const rig = await openRig(t)
  await rig.agent('alice')
  for (let i = 1; i <= 203; i++) {
    await using place = await rig.enter(`c${i}`)
    await using _agent = await answered(rig, place)
  }
  const offers = await rig.store.offers('sales')
  assert.equal(offers.length, 200)
  assert.equal(offers[0]?.call, 'c203')
  assert.equal(offers[0]?.agent, 'alice')
  assert.equal(offers[0]?.node, 'a')
  assert.equal(new Set(offers.map(offer => offer.epoch)).size, 200)
})
