/** Places outlive the node that holds them, lost records, and a store that is down. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryAgents } from '../../src/agent/memory-roster.ts'
import { CallMoved } from '../../src/base/errors.ts'
import { silentLog } from '../../src/base/log.ts'
import type { QueueStore } from '../../src/queue/store.ts'
import type { QueueNotice } from '../../src/queue/queue-table.ts'
import { openNodeQueues } from '../node-queues.ts'
import { answered, Caller, openRig, WAIT } from './queue-rig.ts'

test('a call that another node takes over keeps its place and its time', async t => {
  const rig = await openRig(t)
  const other = rig.node('b')
  const first = new Caller('c1')
  const before = await rig.queues.enter(first, 'sales')
  await using behind = await rig.enter('c2')
  await rig.clock.advance(30_000)
  first.isTakenOver()
  await before[Symbol.asyncDispose]()
  await using after = await other.enter(new Caller('c1'), 'sales')
  assert.equal(after.waited, 30_000)
  await rig.clock.settle()
  assert.deepEqual([after.position, behind.position], [1, 2])
  await rig.agent('alice')
  await using agent = await answered(rig, after)
  assert.equal(agent.name, 'alice')
  assert.equal((await rig.store.stats('sales')).entered, 2)
})

test('a call that is taken over while the phone rings has the same agent on the new node', async t => {
  const rig = await openRig(t)
  const other = rig.node('b')
  await rig.agent('alice')
  const first = new Caller('c1')
  const before = await rig.queues.enter(first, 'sales')
  const held = await answered(rig, before)
  await held.ringing()
  await using after = await other.enter(new Caller('c1'), 'sales')
  await held[Symbol.asyncDispose]()
  await before[Symbol.asyncDispose]()
  await assert.rejects(before.agent(WAIT), CallMoved)
  assert.equal(await rig.state('alice'), 'ringing')
  await using agent = await rig.within(after.agent({ within: '0s' }), 0)
  assert.equal(agent?.saved.epoch, held.saved.epoch)
  assert.ok(await agent.talking())
})

test('a call that comes back after its talk waits again only when the flow asks', async t => {
  const rig = await openRig(t)
  await rig.agent('alice')
  await rig.agent('bert')
  const place = await rig.enter('c1')
  const agent = await answered(rig, place)
  await agent.talking()
  await using again = await rig.node('b').enter(new Caller('c1'), 'sales')
  const same = await rig.within(again.agent({ within: '0s' }), 0)
  assert.equal(same?.name, 'alice', 'the talk may still go on: the agent is theirs')
  await same.finished('talked')
  await rig.clock.advance(60_000)
  assert.equal(await rig.state('bert'), 'idle')
  await using next = await answered(rig, again)
  assert.equal(next.name, 'bert')
  assert.equal(again.waited, 60_000)
})

test('a caller whose record was lost is back with their own time', async t => {
  const rig = await openRig(t)
  await using place = await rig.enter('c1')
  await rig.clock.advance(30_000)
  await rig.store.leave('sales', 'c1', 'left')
  await rig.clock.settle()
  const [member] = await rig.store.members('sales')
  assert.equal(rig.clock.now() - member!.joinedAt, 30_000)
  await rig.agent('alice')
  await using agent = await answered(rig, place)
  assert.equal(agent.name, 'alice')
})

test('a caller whose record was lost while nobody listened is back when everything is read again', async t => {
  const rig = await openRig(t)
  let listener: (notice: QueueNotice) => void = () => {}
  const onChange: QueueStore['onChange'] = heard => {
    listener = heard
    queueMicrotask(() => heard({ what: 'resync' }))
    return { [Symbol.dispose]() {} }
  }
  await using deaf = openNodeQueues({ ...rig, store: { ...rig.store, onChange }, log: silentLog, node: 'deaf' })
  const before = rig.clock.now()
  await using _place = await deaf.enter(new Caller('c1'), 'sales')
  await rig.clock.advance(30_000)
  await rig.store.leave('sales', 'c1', 'left')
  await rig.clock.advance(30_000)
  assert.deepEqual(await rig.store.members('sales'), [])
  listener({ what: 'resync' })
  await rig.clock.settle()
  assert.deepEqual(
    (await rig.store.members('sales')).map(member => [member.call, member.joinedAt]),
    [['c1', before]],
  )
})

test('a store that fails for a while forgets nobody', async t => {
  const rig = await openRig(t)
  await rig.agent('alice')
  rig.agents.has = () => {
    throw new Error('the store is away')
  }
  await using place = await rig.enter('c1')
  const waiting = place.agent(WAIT)
  await rig.clock.advance(2_500)
  rig.agents.has = MemoryAgents.prototype.has
  await using agent = await rig.within(waiting, 1_000)
  assert.equal(agent?.name, 'alice')
})
