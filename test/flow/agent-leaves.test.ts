/** An agent goes on a break, or goes home, while the telephone rings for a caller. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { flow } from '#flow'
import { simulate } from '#testing'
import callbackScript from '../../scripts/callback.ts'
import queueEntry from '../../scripts/queue-entry.ts'

type Sim = ReturnType<typeof simulate>

async function opened(t: TestContext, strategy = 'longest-idle-agent') {
  const sim = simulate(t, { queues: ['sales'] })
  await sim.ready
  await sim.queueStore.put({ name: 'sales', strategy })
  return sim
}

/** The agent as the roster has them, and whether the next call may be offered at once when they are ready. */
async function agentOf(sim: Sim, name: string) {
  const { status, state, restUntil, noAnswers } = (await sim.roster.get(name, sim.clock.now()))!
  return { status, state, rests: restUntil > sim.clock.now(), noAnswers }
}

for (const [leaves, status] of [
  ['takesBreak', 'break'],
  ['logsOut', 'logged-out'],
] as const)
  test(`the telephone of an agent who leaves (${status}) stops ringing, and the caller gets the next agent`, async t => {
    const sim = await opened(t)
    const alice = sim.agent('alice', { answers: 'never', ringFor: '60s' })
    await alice.ready()
    const caller = sim.call(queueEntry, { params: { queue: 'sales' } })
    await alice.rings()
    await alice[leaves]()
    assert.equal(await alice.ended('1s'), 'ORIGINATOR_CANCEL')
    await alice.becomes('idle')
    assert.deepEqual(await agentOf(sim, 'alice'), { status, state: 'idle', rests: false, noAnswers: 0 })
    const bob = sim.agent('bob')
    await bob.ready()
    await bob.accepts()
    await caller.talksWith('bob')
    await caller.hangsUp()
    assert.equal(await caller.outcome(), 'talked')
    assert.deepEqual(
      sim.told('agent.missed_call').map(({ why }) => why),
      ['cancelled'],
    )
  })

test('of agents who ring together only the telephone of the one who leaves stops', async t => {
  const sim = await opened(t, 'ring-all')
  const [alice, bob] = [sim.agent('alice', { answers: 'never' }), sim.agent('bob', { answers: 'never' })]
  for (const agent of [alice, bob]) await agent.ready()
  const caller = sim.call(queueEntry, { params: { queue: 'sales' } })
  await Promise.all([alice.rings(), bob.rings()])
  await alice.takesBreak()
  assert.equal(await alice.ended('1s'), 'ORIGINATOR_CANCEL')
  assert.equal((await agentOf(sim, 'bob')).state, 'ringing')
  await caller.hangsUp()
  assert.equal(await caller.outcome(), 'abandoned')
})

test('the telephone of an agent who leaves stops ringing, and the callback is for the next agent', async t => {
  const sim = await opened(t)
  const alice = sim.agent('alice', { answers: 'never', ringFor: '60s' })
  await alice.ready()
  const customer = sim.callback(callbackScript)
  await alice.rings()
  await alice.takesBreak()
  assert.equal(await alice.ended('1s'), 'ORIGINATOR_CANCEL')
  await alice.becomes('idle')
  assert.deepEqual(await agentOf(sim, 'alice'), { status: 'break', state: 'idle', rests: false, noAnswers: 0 })
  const bob = sim.agent('bob')
  await bob.ready()
  await bob.accepts()
  await bob.talksWith(customer.name)
  await sim.advance('2s')
  await bob.hangsUp()
  assert.equal(await customer.ends(), 'done')
  assert.equal((await customer.row()).tries, 1)
})

test('an agent who leaves after answering the telephone has the talk', async t => {
  const sim = await opened(t)
  const alice = sim.agent('alice')
  await alice.ready()
  const caller = sim.call(queueEntry, { params: { queue: 'sales' } })
  await alice.hears('whisper/press-1')
  await alice.takesBreak()
  await alice.presses('1')
  await caller.talksWith('alice')
  await caller.hangsUp()
  assert.equal(await caller.outcome(), 'talked')
})

test('a telephone stops ringing for an agent who leaves, and the caller waits on, wherever the node dies', async t => {
  const places = await simulate(t, { queues: ['sales'] }).takeoverEverywhere(
    flow(call => queueEntry(call, { queue: 'sales' })),
    async (caller, sim) => {
      const [alice] = sim.agents
      await alice!.rings()
      await alice!.takesBreak()
      assert.equal(await alice!.ended('20s'), 'ORIGINATOR_CANCEL')
      await caller.hangsUp()
      assert.equal(await caller.outcome(), 'abandoned')
    },
    { before: sim => sim.agent('alice', { answers: 'never', ringFor: '60s' }).ready() },
  )
  assert.ok(places >= 6, `${places} places`)
})
