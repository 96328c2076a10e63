/** What callers notice of a node that is stopped for a deploy: nothing. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { simulate, type Simulation } from '#testing'
import queueEntry from '../../scripts/queue-entry.ts'
import welcome from '../../scripts/welcome.ts'

async function twoNodes(t: TestContext): Promise<Simulation> {
  const sim = simulate(t)
  await sim.until('node a opens', sim.ready)
  await sim.until('node b opens', sim.open('b'))
  return sim
}

const stop = async (sim: Simulation) => assert.deepEqual(await sim.until('node a closes', sim.stop('a'), '1s'), [])

test('a caller who waits keeps their place when their node is stopped for a deploy', async t => {
  const sim = await twoNodes(t)
  const callers = Array.from({ length: 2 }, () => sim.call(queueEntry, { params: { queue: 'sales' } }))
  for (const caller of callers) await caller.hears('music moh/calm')
  const places = async () =>
    (await sim.queueStore.waiting('sales')).map(({ call, joinedAt, seq }) => ({ call, joinedAt, seq }))
  const before = await places()
  const stoppedAt = sim.clock.now()
  await stop(sim)
  for (const caller of callers) await caller.hears('music moh/calm', '1s')
  assert.ok(sim.clock.now() - stoppedAt < 1_000, 'they hear music again at once')
  assert.deepEqual(await places(), before)
  assert.equal(sim.nodes.get('b')!.flows.running, 2)
  const alice = sim.agent('alice')
  await alice.ready()
  await alice.accepts()
  await callers[0]!.talksWith('alice')
  await sim.advance('1s')
  for (const caller of callers) await caller.hangsUp()
  assert.equal(await callers[0]!.outcome(), 'talked')
  assert.equal(await callers[1]!.outcome(), 'abandoned')
})

test('two who talk while their node is stopped talk on, and the agent has their wrap-up afterwards', async t => {
  const sim = await twoNodes(t)
  const alice = sim.agent('alice')
  const caller = sim.call(queueEntry, { params: { queue: 'sales' } })
  await alice.ready()
  await alice.accepts()
  await caller.talksWith('alice')
  const heard = sim.transcript()
  await stop(sim)
  await sim.advance('20s')
  assert.equal(sim.transcript(), heard, 'nobody heard or did anything')
  await caller.hangsUp()
  assert.equal(await caller.outcome(), 'talked')
  await alice.becomes('wrap-up')
})

test('a caller who comes while their first node is stopped is served by the other one', async t => {
  const sim = await twoNodes(t)
  await stop(sim)
  const caller = sim.call(welcome)
  await caller.hears('ivr/welcome', '1s')
  await caller.hangsUp()
})

test('a caller whose only node is stopped hears the apology, and not silence', async t => {
  const sim = simulate(t, { reconciles: true })
  const caller = sim.call(welcome)
  await caller.hears('ivr/welcome')
  await stop(sim)
  await caller.hears('switchhook/sorry', '10s')
  await caller.hangsUp()
  await sim.until('a node opens again', sim.open('b'))
  assert.equal(await caller.outcome(), 'lost', 'no node received how the call ended')
})
