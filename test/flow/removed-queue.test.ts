/** A supervisor removes a queue in which callers wait: they wait on in another queue. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { simulate, type Simulation } from '#testing'
import { queueFigures } from '../../src/queue/figures.ts'
import queueEntry from '../../scripts/queue-entry.ts'

const support = { params: { queue: 'support' } }

const supportIsRemoved = (sim: Simulation) =>
  sim.queueStore.put({ name: 'support', strategy: 'longest-idle-agent', movedTo: 'sales' })

test('callers who wait get the agents of the other queue in the order of their arrival, and a node that dies loses nobody', async t => {
  const sim = simulate(t)
  await sim.until('node a opens', sim.ready)
  const alice = sim.agent('alice', { queues: ['sales'], wrapUp: '0s' })
  const first = sim.call(queueEntry, support)
  await first.hears('music moh/calm')
  const second = sim.call(queueEntry, support)
  await second.hears('music moh/calm')
  await sim.advance('10s')
  const third = sim.call(queueEntry, { params: { queue: 'sales' } })
  await third.hears('music moh/calm')
  const before = await sim.queueStore.waiting('support')
  await supportIsRemoved(sim)
  await sim.advance('1s')
  const after = await sim.queueStore.waiting('sales')
  assert.deepEqual(
    after.slice(0, 2).map(({ call, joinedAt }) => [call, joinedAt]),
    before.map(({ call, joinedAt }) => [call, joinedAt]),
  )
  assert.equal(after.length, 3)
  await sim.until('the second node opens', sim.open('b'))
  sim.kill('a')
  await sim.advance('2s')
  assert.deepEqual(
    (await sim.queueStore.waiting('sales')).map(({ call, joinedAt, node }) => [call, joinedAt, node]),
    after.map(({ call, joinedAt }) => [call, joinedAt, 'b']),
  )
  assert.deepEqual(await sim.queueStore.members('support'), [])
  await alice.ready()
  for (const [caller, queue] of [
    [first, 'support'],
    [second, 'support'],
    [third, 'sales'],
  ] as const) {
    await alice.hears(`whisper/${queue}`, '60s')
    await alice.accepts()
    await caller.talksWith('alice')
    await sim.advance('5s')
    await caller.hangsUp()
    assert.equal(await caller.outcome(), 'talked')
  }
  const events = sim.records[0]!.timeline.map(({ event, queue }) => [event, queue]).filter(
    ([event, queue]) => queue && event !== 'queue.call.announced',
  )
  assert.deepEqual(events, [
    ['queue.call.entered', 'support'],
    ['queue.call.entered', 'sales'],
    ['queue.call.offered', 'sales'],
  ])
  assert.equal(sim.records[0]!.queue, 'sales')
})

test('a call that was taken over while its queue was removed keeps its time, and its record names both queues', async t => {
  const sim = simulate(t)
  await sim.until('node a opens', sim.ready)
  const caller = sim.call(queueEntry, support)
  await caller.hears('music moh/calm')
  await sim.advance('30s')
  await sim.until('the second node opens', sim.open('b'))
  sim.kill('a')
  await supportIsRemoved(sim)
  await caller.hears('queue/callback-offer', '2m') // two minutes after the arrival
  await caller.presses('1')
  await caller.hears('queue/callback-confirm')
  await caller.presses('1')
  await caller.hears('queue/we-call-you')
  assert.equal(await caller.outcome(), 'callback')
  assert.deepEqual(
    (await sim.callbacks.list({ limit: 5 })).map(({ number, queue }) => `${number} ${queue}`),
    [`${sim.records[0]!.from} sales`],
  )
  assert.deepEqual(
    sim.records[0]!.timeline.map(({ event, queue }) => [event, queue]).filter(
      ([event, queue]) => queue && event !== 'queue.call.announced',
    ),
    [
      ['queue.call.entered', 'support'],
      ['queue.call.entered', 'sales'],
      ['queue.call.callback_requested', 'sales'],
    ],
  )
})

test('a caller who enters the removed queue waits in the other one, and may leave it again', async t => {
  const sim = simulate(t)
  await sim.until('node a opens', sim.ready)
  await supportIsRemoved(sim)
  const caller = sim.call(queueEntry, support)
  await caller.hears('music moh/calm')
  assert.equal((await sim.queueStore.waiting('sales')).length, 1)
  await caller.hangsUp()
  assert.equal(await caller.outcome(), 'abandoned')
  assert.equal((await sim.queueStore.stats('sales')).abandoned, 1)
  assert.equal(sim.records[0]!.queue, 'sales')
})

test('a caller who talks in a removed queue is in the list of the queue that has its callers', async t => {
  const sim = simulate(t)
  const alice = sim.agent('alice')
  const caller = sim.call(queueEntry, support)
  await alice.ready()
  await alice.accepts()
  await caller.talksWith('alice')
  await supportIsRemoved(sim)
  const list = await queueFigures(sim, sim.clock.now())
  assert.deepEqual(
    list.map(({ name, talking, waiting }) => [name, talking, waiting]),
    [
      ['operator', 0, 0],
      ['sales', 1, 0],
    ],
  )
  await caller.hangsUp()
  await caller.outcome()
})
