/** Promised callbacks while a store is away or has lost its data, and after their queue was removed. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import callbackScript from '../../scripts/callback.ts'
import queueEntry from '../../scripts/queue-entry.ts'
import { line, NUMBER, open, promise, sales } from './callback-floor.ts'

test('a request that is made while PostgreSQL is down is kept, and is called when it is back', async t => {
  const sim = await open(t)
  sim.install('callback', callbackScript)
  const customer = sim.switch.world.at(`sofia/gateway/carrier/${NUMBER}`, { answers: '3s', speaks: 'human' })
  const caller = sim.call(queueEntry, { ...sales, from: NUMBER })
  await caller.hears('queue/callback-offer', '4m')
  sim.database = 'away'
  await caller.presses('1')
  await caller.hears('queue/callback-confirm')
  await caller.presses('1')
  await caller.hears('queue/we-call-you')
  await caller.ended()
  const alice = sim.agent('alice')
  await alice.ready()
  await sim.advance('1m')
  assert.deepEqual([alice.place.rang, customer.rang], [0, 0])
  assert.equal((await sim.queueStore.callbackRequests('sales')).length, 1)
  sim.database = 'here'
  await alice.rings('10s')
  assert.deepEqual(await sim.queueStore.callbackRequests('sales'), [])
  await alice.accepts()
  await alice.talksWith(NUMBER)
  await sim.advance('1s')
  await alice.hangsUp()
  await caller.outcome()
})

test('a place that Redis has lost is there again within seconds, with its time', async t => {
  const sim = await open(t)
  const customer = promise(sim)
  const { attempt, joinedAt } = await customer.row()
  await sim.advance('1m')
  assert.ok(await sim.queueStore.forgetCallback('sales', attempt))
  await sim.advance('6s')
  assert.deepEqual(
    (await sim.queueStore.members('sales')).map(member => [member.call, member.joinedAt]),
    [[attempt, joinedAt]],
  )
})

test('a request that the version before has stored is adopted', async t => {
  const sim = await open(t)
  sim.install('callback', callbackScript)
  const keptAt = sim.clock.now()
  await sim.queueStore.keepForCallback(
    { queue: 'sales', call: '0b4f9e6e-8ac4-4f2f-9c1d-3c2a6d6c4d11', number: NUMBER },
    keptAt,
  )
  await sim.advance('6s')
  const [row] = await sim.callbacks.list({ limit: 5 })
  assert.deepEqual([row!.number, row!.joinedAt, row!.state], [NUMBER, keptAt, 'waiting'])
  assert.deepEqual(await line(sim), ['callback'])
})

test('the callbacks of a queue that is moved to another one are served there', async t => {
  const sim = await open(t)
  const customer = promise(sim)
  const alice = sim.agent('alice', { queues: ['support'] })
  await alice.ready()
  await sim.advance('10s')
  assert.equal(alice.place.rang, 0)
  await sim.queueStore.put({ name: 'sales', strategy: 'longest-idle-agent', movedTo: 'support' })
  await alice.accepts('20s')
  await customer.talksWith('alice')
  await sim.advance('1s')
  await customer.hangsUp()
  assert.equal(await customer.ends(), 'done')
})
