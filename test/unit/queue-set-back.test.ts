/**
 * The store has lost its last seconds: the nodes know newer records than the store has, and no caller or agent may
 * suffer from it.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NotFoundError } from '../../src/base/errors.ts'
import { silentLog } from '../../src/base/log.ts'
import { joined, type Member } from '../../src/queue/member.ts'
import { FloorIndex } from '../../src/queue/floor-index.ts'
import { QueueMirror } from '../../src/queue/queue-mirror.ts'
import { HOLD_MS } from '../../src/queue/place.ts'
import { openNodeQueues } from '../node-queues.ts'
import { answered, Caller, openRig, WAIT, type Rig } from './queue-rig.ts'

/** How often a request is sent. More than twenty times are a loop that would never end. */
function counted<K extends string>(
  store: { [key in K]: (...about: never[]) => Promise<unknown> },
  name: K,
): () => number {
  const ask = store[name]
  let times = 0
  store[name] = async (...about: never[]) => {
    if (++times > 20) throw new NotFoundError('end', name)
    return ask(...about)
  }
  return () => times
}

/** An answer that comes when the test sends it. */
function slowly<T>() {
  let give: (value: T) => void = () => {}
  const answer = new Promise<T>(resolve => (give = resolve))
  return { answer, give: (value: T) => give(value) }
}

/** An agent is reserved for a caller, and the store loses the reservation, and the agent's login. */
async function forgotten(rig: Rig) {
  await rig.agent('alice')
  await rig.roster.setStatus('alice', 'break', rig.clock.now())
  const place = await rig.enter('c1')
  const setBack = await rig.remember()
  await rig.clock.advance(1_000)
  await rig.roster.setStatus('alice', 'ready', rig.clock.now())
  await rig.clock.settle()
  assert.ok(place.called.aborted, 'an agent is promised')
  await setBack()
  return place
}

test('a caller whose promise was lost waits on, and nobody asks for ever', async t => {
  const rig = await openRig(t)
  await using place = await forgotten(rig)
  const holds = counted(rig.roster, 'hold')
  const changes = counted(rig.store, 'change')
  const lost = await answered(rig, place)
  assert.equal(await lost.ringing(), false, 'the store does not know the reservation: nothing rings')
  await lost[Symbol.asyncDispose]()
  assert.equal(await rig.within(place.agent({ within: '5s' })), null)
  assert.ok(holds() === 1 && changes() < 5, `${holds()} and ${changes()} questions`)
  assert.equal(place.position, 1)
  await rig.roster.setStatus('alice', 'ready', rig.clock.now())
  await using agent = await answered(rig, place)
  assert.equal(agent.name, 'alice')
})

test('a caller whose promise was lost is not called any more once everything has been read again', async t => {
  const rig = await openRig(t)
  await using place = await forgotten(rig)
  rig.resyncs()
  await rig.clock.settle()
  assert.ok(!place.called.aborted, 'a new wait, a new signal')
})

test('an agent whose promise was lost does not keep the clock busy when it would have lapsed', async t => {
  const rig = await openRig(t)
  await using _place = await forgotten(rig)
  const settles = counted(rig.roster, 'settle')
  await rig.clock.advance(HOLD_MS + 1_000)
  assert.ok(settles() <= 2, `${settles()} questions`)
})

test('an agent who was ready before the store forgot it is not promised over and over', async t => {
  const rig = await openRig(t)
  await rig.agent('alice')
  await rig.roster.setStatus('alice', 'break', rig.clock.now())
  const setBack = await rig.remember()
  await rig.clock.advance(1_000)
  await rig.roster.setStatus('alice', 'ready', rig.clock.now())
  await setBack()
  const assigns = counted(rig.store, 'assign')
  await using place = await rig.enter('c1')
  assert.equal(await rig.within(place.agent({ within: '5s' })), null)
  assert.equal(assigns(), 1)
  await rig.roster.setStatus('alice', 'ready', rig.clock.now())
  await using agent = await answered(rig, place)
  assert.equal(agent.name, 'alice')
})

test('a caller who came again before the store forgot it gets the next agent', async t => {
  const rig = await openRig(t)
  await rig.enter('c1')
  const setBack = await rig.remember()
  await rig.clock.advance(1_000)
  await using place = await rig.enter('c1')
  await setBack()
  const assigns = counted(rig.store, 'assign')
  await rig.agent('alice')
  await using agent = await rig.within(place.agent(WAIT), 0)
  assert.equal(agent?.name, 'alice')
  assert.equal(assigns(), 2)
})

test('a caller who hangs up while a lost place is being restored leaves no place behind', async t => {
  const rig = await openRig(t)
  const caller = new Caller('c1')
  const place = await rig.queues.enter(caller, 'sales')
  await rig.clock.settle()
  const [sent, enter] = [slowly<void>(), rig.store.enter]
  rig.store.enter = async (...about) => {
    await sent.answer
    return enter(...about)
  }
  rig.link = 'deaf'
  await rig.store.leave('sales', 'c1', 'left')
  rig.link = 'up'
  rig.resyncs()
  await rig.clock.settle()
  caller.hangsUp()
  await place.leave('caller-left')
  sent.give()
  await rig.clock.settle()
  assert.deepEqual(await rig.store.members('sales'), [])
})

test('a call whose takeover the store forgot stays where it is', async t => {
  const rig = await openRig(t)
  const first = new Caller('c1')
  await rig.queues.enter(first, 'sales')
  const setBack = await rig.remember()
  await rig.clock.advance(1_000)
  first.isTakenOver()
  await using place = await rig.node('b').enter(new Caller('c1'), 'sales')
  await rig.clock.settle()
  await setBack()
  rig.resyncs()
  await rig.clock.settle()
  assert.ok(!place.isMoved, 'nobody else has it')
  assert.equal((await rig.store.member('sales', 'c1'))?.node, 'b')
  await rig.agent('alice')
  await using agent = await rig.within(place.agent(WAIT), 0)
  assert.equal(agent?.name, 'alice')
})

test('a call that comes to a node while that one still reads stays there', async t => {
  const rig = await openRig(t)
  const first = new Caller('c1')
  await rig.queues.enter(first, 'sales')
  first.isTakenOver()
  const read = slowly<Member[]>()
  const members = (queue: string) => (queue === 'sales' ? read.answer : rig.store.members(queue))
  await using late = openNodeQueues({ ...rig, store: { ...rig.store, members }, log: silentLog, node: 'b' })
  await rig.clock.settle()
  const before = await rig.store.members('sales')
  rig.link = 'deaf' // the notice of this write is still on its way
  await using place = await late.enter(new Caller('c1'), 'sales')
  const written = await rig.store.member('sales', 'c1')
  read.give(before)
  await rig.clock.settle()
  rig.link = 'up'
  assert.deepEqual(await rig.store.member('sales', 'c1'), written, 'nothing is to be mended')
  assert.ok(!place.isMoved, 'nobody else has it')
})

test('what was read before a notice came does not undo what the notice said', async t => {
  const rig = await openRig(t)
  const member = joined('sales', { call: 'c1', from: '100', node: 'a', joinedAt: 0, headStartMs: 0 }, 1, 1_000)
  const read = slowly<Member | null>()
  const events = { changed() {}, member() {}, settings() {}, loaded() {}, failed: assert.ifError }
  using mirror = new QueueMirror({ ...rig.store, member: () => read.answer }, new FloorIndex(), events)
  await rig.clock.settle()
  mirror.take(member)
  const refreshed = mirror.refreshMember('sales', 'c1')
  mirror.take({ ...member, rev: 2_000, state: 'talking' })
  read.give({ ...member, rev: 900 })
  await refreshed
  assert.equal(mirror.member('sales', 'c1')?.rev, 2_000)
})
