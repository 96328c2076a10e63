/** Queues whose strategy rings several telephones for one caller. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { simulate } from '#testing'
import queueEntry from '../../scripts/queue-entry.ts'

const SALES = { queue: 'sales' }

async function openFloor(t: TestContext, strategy: string) {
  const sim = simulate(t, { queues: ['sales'] })
  await sim.ready
  await sim.queueStore.put({ name: 'sales', strategy })
  return sim
}

/** What each agent does now, as the roster has it. */
const states = async (sim: ReturnType<typeof simulate>) =>
  Object.fromEntries((await sim.roster.list(sim.clock.now())).map(({ name, state }) => [name, state]))

test('all agents ring, the first who accepts talks, and the others are free at once without a penalty', async t => {
  const sim = await openFloor(t, 'ring-all')
  const [alice, bob, carol] = ['alice', 'bob', 'carol'].map(name => sim.agent(name, { wrapUp: '0s' })) as [
    ReturnType<typeof sim.agent>,
    ReturnType<typeof sim.agent>,
    ReturnType<typeof sim.agent>,
  ]
  for (const agent of [alice, bob, carol]) await agent.ready()
  const caller = sim.call(queueEntry, { params: SALES })
  await Promise.all([alice.rings(), bob.rings(), carol.rings()])
  await bob.accepts('30s')
  await caller.talksWith('bob')
  await sim.advance('1s')
  assert.deepEqual(await states(sim), { alice: 'idle', bob: 'talking', carol: 'idle' })
  assert.deepEqual(
    (await sim.roster.list(sim.clock.now())).map(({ restUntil }) => restUntil <= sim.clock.now()),
    [true, true, true],
  )
  const next = sim.call(queueEntry, { params: SALES, from: '+49301111' })
  await alice.rings()
  await next.hangsUp()
  await next.outcome()
  await caller.hangsUp()
  assert.equal(await caller.outcome(), 'talked')
})

test('when nobody accepts the caller keeps waiting, and all ring again', async t => {
  const sim = await openFloor(t, 'ring-all')
  const alice = sim.agent('alice', { answers: 'never', ringFor: '5s' })
  const bob = sim.agent('bob', { answers: 'declined' })
  await alice.ready()
  await bob.ready()
  const caller = sim.call(queueEntry, { params: SALES })
  await Promise.all([alice.rings(), bob.rings()])
  alice.place.behaviour = { ...alice.place.behaviour, answers: '1s' }
  await sim.advance('12s')
  await alice.accepts('60s')
  await caller.talksWith('alice')
  await caller.hangsUp()
  await caller.outcome()
})

test('one telephone rings, ten seconds later one more, and the one who accepts first talks', async t => {
  const sim = await openFloor(t, 'ring-progressively')
  const alice = sim.agent('alice', { answers: 'never', ringFor: '30s' })
  const bob = sim.agent('bob', { answers: 'never', ringFor: '30s' })
  const carol = sim.agent('carol', { answers: '2s', wrapUp: '0s' })
  for (const agent of [alice, bob, carol]) await agent.ready()
  const caller = sim.call(queueEntry, { params: SALES })
  await alice.rings()
  await sim.advance('5s')
  assert.deepEqual(await states(sim), { alice: 'ringing', bob: 'idle', carol: 'idle' })
  await bob.rings()
  await sim.advance('1s')
  assert.deepEqual(await states(sim), { alice: 'ringing', bob: 'ringing', carol: 'idle' })
  await carol.accepts('30s')
  await caller.talksWith('carol')
  await sim.advance('1s')
  assert.deepEqual(await states(sim), { alice: 'idle', bob: 'idle', carol: 'talking' })
  await caller.hangsUp()
  assert.equal(await caller.outcome(), 'talked')
})

for (const [strategy, answers] of [
  ['ring-all', 'never'],
  ['ring-progressively', 'never'],
] as const)
  test(`${strategy}: wherever the node dies, the caller hears the same and talks with the agent who accepts`, async t => {
    const places = await simulate(t, { queues: ['sales'] }).takeoverEverywhere(
      queueEntry,
      async (caller, sim) => {
        const bob = sim.agents[1]!
        await bob.accepts('60s')
        await caller.talksWith('bob')
        await sim.advance('5s')
        await bob.hangsUp()
        await caller.outcome()
      },
      {
        params: SALES,
        before: async sim => {
          await sim.queueStore.put({ name: 'sales', strategy })
          await sim.agent('alice', { answers, ringFor: '30s' }).ready()
          await sim.agent('bob', { answers: '1s' }).ready()
        },
      },
    )
    assert.ok(places >= 16, `${places} places`)
  })
