/** Places outlive the node that holds them, lost records and a store that is away. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryAgents } from '../../src/agent/memory-roster.ts'
import { CallMoved } from '../../src/base/errors.ts'
import { silentLog } from '../../src/base/log.ts'
import { openQueues } from '../../src/queue/queue.ts'
import type { QueueNotice, QueueStore } from '../../src/queue/store.ts'
import { answered, Caller, openHouse, WAIT } from './queue-house.ts'

test('a call that another node takes over keeps its place and its time', async t => {
  const house = await openHouse(t)
  const other = house.node('b')
  const first = new Caller('c1')
  const before = await house.queues.enter(first, 'sales')
  await using behind = await house.enter('c2')
  await house.clock.advance(30_000)
  first.isTakenOver()
  await before[Symbol.asyncDispose]()
  await using after = await other.enter(new Caller('c1'), 'sales')
  assert.equal(after.waited, 30_000)
  await house.clock.settle()
  assert.deepEqual([after.position, behind.position], [1, 2])
  await house.agent('alice')
  await using agent = await answered(house, after)
  assert.equal(agent.name, 'alice')
  assert.equal((await house.store.stats('sales')).entered, 2)
})

test('a call that is taken over while the phone rings has the same agent on the new node', async t => {
  const house = await openHouse(t)
  const other = house.node('b')
  await house.agent('alice')
  const first = new Caller('c1')
  const before = await house.queues.enter(first, 'sales')
  const held = await answered(house, before)
  await held.ringing()
  await using after = await other.enter(new Caller('c1'), 'sales')
  await held[Symbol.asyncDispose]()
  await before[Symbol.asyncDispose]()
  await assert.rejects(before.agent(WAIT), CallMoved)
  assert.equal(await house.state('alice'), 'ringing')
  await using agent = await house.within(after.agent({ within: '0s' }), 0)
  assert.equal(agent?.epoch, held.epoch)
  assert.ok(await agent.talking())
})

test('a call that comes back after its talk waits again only when the flow asks', async t => {
  const house = await openHouse(t)
  await house.agent('alice')
  await house.agent('bert')
  const place = await house.enter('c1')
  const agent = await answered(house, place)
  await agent.talking()
  await using again = await house.node('b').enter(new Caller('c1'), 'sales')
  const same = await house.within(again.agent({ within: '0s' }), 0)
  assert.equal(same?.name, 'alice', 'the talk may still go on: the agent is theirs')
  await same.finished('talked')
  await house.clock.advance(60_000)
  assert.equal(await house.state('bert'), 'idle')
  await using next = await answered(house, again)
  assert.equal(next.name, 'bert')
  assert.equal(again.waited, 60_000)
})

test('a caller whose record was lost is back with their own time', async t => {
  const house = await openHouse(t)
  await using place = await house.enter('c1')
  await house.clock.advance(30_000)
  await house.store.leave('sales', 'c1', 'left')
  await house.clock.settle()
  const [member] = await house.store.members('sales')
  assert.equal(house.clock.now() - member!.joinedAt, 30_000)
  await house.agent('alice')
  await using agent = await answered(house, place)
  assert.equal(agent.name, 'alice')
})

test('a caller whose record was lost while nobody listened is back when everything is read again', async t => {
  const house = await openHouse(t)
  let listener: (notice: QueueNotice) => void = () => {}
  const onChange: QueueStore['onChange'] = heard => {
    listener = heard
    queueMicrotask(() => heard({ what: 'resync' }))
    return { [Symbol.dispose]() {} }
  }
  await using deaf = openQueues({ ...house, store: { ...house.store, onChange }, log: silentLog, node: 'deaf' })
  const before = house.clock.now()
  await using _place = await deaf.enter(new Caller('c1'), 'sales')
  await house.clock.advance(30_000)
  await house.store.leave('sales', 'c1', 'left')
  await house.clock.advance(30_000)
  assert.deepEqual(await house.store.members('sales'), [])
  listener({ what: 'resync' })
  await house.clock.settle()
  assert.deepEqual((await house.store.members('sales')).map(member => [member.call, member.joinedAt]), [['c1', before]])
})

test('a store that fails for a while forgets nobody', async t => {
  const house = await openHouse(t)
  await house.agent('alice')
  house.agents.has = () => {
    throw new Error('the store is away')
  }
  await using place = await house.enter('c1')
  const waiting = place.agent(WAIT)
  await house.clock.advance(2_500)
  house.agents.has = MemoryAgents.prototype.has
  await using agent = await house.within(waiting, 1_000)
  assert.equal(agent?.name, 'alice')
})
