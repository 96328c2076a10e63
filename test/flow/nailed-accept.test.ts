/** An agent who is on the line already hears the topic and accepts the call, as one whose telephone rings does. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { simulate } from '#testing'
import type { QueueSettings } from '../../src/queue/settings.ts'
import campaignLeg from '../../scripts/campaign-leg.ts'
import queueEntry from '../../scripts/queue-entry.ts'

const SALES = { params: { queue: 'sales' } }
/** Its agents on the line are asked for the key too. */
const ASKED: QueueSettings = { name: 'sales', strategy: 'longest-idle-agent', accept: 'key-always' }

async function floor(t: TestContext, queue: Partial<QueueSettings> = {}) {
  const sim = simulate(t, { queues: ['sales'], reconciles: true })
  await sim.ready
  await sim.queueStore.put({ ...ASKED, ...queue })
  const alice = sim.agent('alice', { wrapUp: '1s' })
  await alice.isNailedUp()
  await alice.ready()
  return { sim, alice }
}

/** Alice is on the line for such a queue. */
async function alwaysAsked(sim: Pick<ReturnType<typeof simulate>, 'queueStore' | 'agent'>): Promise<void> {
  await sim.queueStore.put(ASKED)
  await sim.agent('alice').isNailedUp()
}

test('an agent on the line hears the topic and presses 1 before each talk, and nothing rings', async t => {
  const { sim, alice } = await floor(t)
  for (const name of ['caller', 'caller-2']) {
    const caller = sim.call(queueEntry, SALES)
    await alice.hears('whisper/sales', '2s')
    assert.equal(await alice.state(), 'ringing')
    await caller.hears('music moh/calm')
    await alice.accepts()
    await caller.talksWith('alice', '2s')
    assert.equal(await alice.state(), 'talking')
    await sim.advance('5s')
    await caller.hangsUp()
    assert.equal(await caller.outcome(), 'talked', name)
    await alice.becomes('idle')
  }
  assert.equal(alice.place.rang, 1)
  assert.equal(alice.place.last!.state, 'up')
  assert.deepEqual(sim.switch.schedule.pending(), [], 'no limit of a call ends the shift')
  await alice.hangsUp()
})

for (const accept of ['key', 'none'] as const)
  test(`an agent on the line hears the topic and talks without a key where the queue says ${accept}`, async t => {
    const { alice, sim } = await floor(t, { accept })
    const caller = sim.call(queueEntry, SALES)
    await alice.hears('whisper/sales', '2s')
    await caller.talksWith('alice', '3s')
    await caller.hangsUp()
    assert.equal(await caller.outcome(), 'talked')
    await alice.hangsUp()
  })

test('an agent on the line of a queue without whisper and key talks at once and hears nothing before', async t => {
  const { alice, sim } = await floor(t, { accept: 'none', whisper: false })
  const caller = sim.call(queueEntry, SALES)
  await caller.talksWith('alice', '1s')
  assert.deepEqual(alice.place.last!.heard, [])
  await caller.hangsUp()
  assert.equal(await caller.outcome(), 'talked')
  await alice.hangsUp()
})

test('a lead is joined at once with an agent on the line, also when the queue asks its agents to accept', async t => {
  const { alice, sim } = await floor(t)
  const lead = sim.lead(campaignLeg)
  await lead.talksWith('alice', '5s')
  assert.doesNotMatch(sim.transcript(), /whisper/)
  await lead.hangsUp()
  assert.equal(await lead.disposition(), 'talked')
  await alice.hangsUp()
})

test('an agent on the line who does not press 1 rests as one whose telephone rings, and the caller gets the next agent', async t => {
  const { alice, sim } = await floor(t)
  const caller = sim.call(queueEntry, SALES)
  await alice.hears('whisper/press-1', '3s')
  await alice.becomes('idle', '40s')
  const { restUntil } = (await sim.roster.get('alice', sim.clock.now()))!
  assert.ok(restUntil > sim.clock.now(), 'alice rests')
  assert.equal(alice.place.last!.state, 'up', 'alice stays on the line')
  await caller.hears('music moh/calm')
  const bob = sim.agent('bob')
  await bob.ready()
  await bob.accepts()
  await caller.talksWith('bob')
  await sim.advance('1s')
  await caller.hangsUp()
  assert.equal(await caller.outcome(), 'talked')
  assert.deepEqual(
    sim.told('agent.missed_call').map(({ agent, why }) => [agent, why]),
    [['alice', 'declined']],
  )
  assert.deepEqual(
    sim.records[0]!.segments.filter(({ kind }) => kind === 'ring').map(({ agent, how }) => [agent, how]),
    [
      ['alice', 'declined'],
      ['bob', 'answered'],
    ],
  )
  await alice.hangsUp()
})

test('an agent on the line who misses a call of a queue and accepts the next offer of the same caller talks', async t => {
  const { alice, sim } = await floor(t)
  const caller = sim.call(queueEntry, SALES)
  for (let offer = 1; offer <= 2; offer++) {
    await alice.becomes('ringing', '60s')
    await alice.becomes('idle', '40s')
  }
  await alice.becomes('ringing', '60s')
  await sim.advance('1s')
  await alice.presses('1')
  await caller.talksWith('alice')
  await caller.hangsUp()
  assert.equal(await caller.outcome(), 'talked')
  assert.equal(sim.told('agent.missed_call').length, 2)
  await alice.hangsUp()
})

test('a caller who hangs up during the whisper frees the agent, who stays on the line for the next one', async t => {
  const { alice, sim } = await floor(t)
  const first = sim.call(queueEntry, SALES)
  await alice.hears('whisper/sales', '2s')
  await first.hangsUp()
  assert.equal(await first.outcome(), 'abandoned')
  await alice.becomes('idle', '1s')
  assert.deepEqual(sim.told('agent.missed_call'), [])
  const second = sim.call(queueEntry, { ...SALES, from: '+49301111' })
  await alice.accepts('10s')
  await second.talksWith('alice')
  await second.hangsUp()
  assert.equal(await second.outcome(), 'talked')
  assert.equal(alice.place.rang, 1)
  await alice.hangsUp()
})

test('an agent on the line who hangs up during the whisper has declined, and the caller waits on', async t => {
  const { alice, sim } = await floor(t)
  const caller = sim.call(queueEntry, SALES)
  await alice.hears('whisper/sales', '2s')
  await alice.hangsUp()
  await sim.advance('1s')
  assert.deepEqual(
    sim.told('agent.missed_call').map(({ why }) => why),
    ['declined'],
  )
  const bob = sim.agent('bob')
  await bob.ready()
  await bob.accepts('60s')
  await caller.talksWith('bob')
  await sim.advance('1s')
  await caller.hangsUp()
  assert.equal(await caller.outcome(), 'talked')
})

test('an agent on the line and one whose telephone rings are offered a call together, and the first who accepts talks', async t => {
  const { alice, sim } = await floor(t, { strategy: 'ring-all' })
  const bob = sim.agent('bob', { answers: '1s' })
  await bob.ready()
  const caller = sim.call(queueEntry, SALES)
  await alice.hears('whisper/sales', '2s')
  await bob.accepts()
  await caller.talksWith('bob')
  await alice.becomes('idle', '1s')
  assert.equal(alice.place.last!.state, 'up', 'alice stays on the line')
  await caller.hangsUp()
  assert.equal(await caller.outcome(), 'talked')
  await bob.takesBreak()
  const next = sim.call(queueEntry, { ...SALES, from: '+49301111' })
  await alice.accepts('20s')
  await next.talksWith('alice')
  await next.hangsUp()
  await next.outcome()
  assert.deepEqual(sim.told('agent.missed_call'), [])
  await alice.hangsUp()
})

for (const kills of [1, 4]) {
  test(`an agent on the line hears the topic, accepts and talks, and ${kills} nodes in a row die anywhere`, async t => {
    const places = await simulate(t).takeoverEverywhere(
      queueEntry,
      async (caller, sim) => {
        const agent = sim.agents[0]!
        await caller.hears('music moh/calm')
        await agent.ready()
        await agent.accepts()
        await caller.talksWith('alice')
        await sim.advance('10s')
        await caller.hangsUp()
        await caller.outcome()
        assert.equal(agent.place.rang, 1)
        assert.equal(await agent.state(), 'wrap-up')
        assert.equal(agent.place.last!.state, 'up', 'the agent stays on the line')
        await sim.advance('12s') // a leg that nobody claimed is parked by now
        await agent.hangsUp()
      },
      { ...SALES, before: sim => alwaysAsked(sim), kills },
    )
    assert.ok(places > 10, `${places} places`)
  })
}

test('an agent on the line does not accept, the next one does, and the node dies anywhere', async t => {
  const places = await simulate(t).takeoverEverywhere(
    queueEntry,
    async (caller, sim) => {
      const [alice, bob] = sim.agents as [(typeof sim.agents)[number], (typeof sim.agents)[number]]
      await alice.ready()
      await alice.hears('whisper/press-1', '10s')
      await alice.becomes('idle', '60s')
      await bob.ready()
      await bob.accepts('60s')
      await caller.talksWith('bob')
      await sim.advance('5s')
      await caller.hangsUp()
      await caller.outcome()
      assert.equal(alice.place.last!.state, 'up', 'alice stays on the line')
      await alice.hangsUp()
    },
    {
      ...SALES,
      async before(sim) {
        await alwaysAsked(sim)
        sim.agent('bob')
      },
    },
  )
  assert.ok(places > 15, `${places} places`)
})

test('the caller leaves while an agent on the line hears the topic: the leg is parked once, else it would cut the next talk', async t => {
  const { alice, sim } = await floor(t)
  const { calls } = await sim.ready
  const home = calls.switchboard.any()
  const attempt = home.attempt.bind(home)
  let parks = 0
  home.attempt = command => {
    if (command.endsWith(' park inline')) parks++
    return attempt(command)
  }
  const caller = sim.call(queueEntry, SALES)
  await alice.hears('whisper/sales', '2s')
  await caller.hangsUp()
  assert.equal(await caller.outcome(), 'abandoned')
  await alice.becomes('idle')
  assert.equal(parks, 1)
  await alice.hangsUp()
})

test('the caller leaves and the node dies while an agent on the line hears the topic: the agent is free and stays', async t => {
  const { alice, sim } = await floor(t)
  const caller = sim.call(queueEntry, SALES)
  await sim.open('b')
  await alice.hears('whisper/sales', '2s')
  sim.kill('a')
  await caller.hangsUp()
  await alice.becomes('idle', '60s')
  await sim.advance('15s')
  assert.equal(alice.place.last!.state, 'up', 'alice stays on the line')
  const next = sim.call(queueEntry, { ...SALES, from: '+49301111' })
  await alice.accepts('20s')
  await next.talksWith('alice')
  await next.hangsUp()
  await next.outcome()
  await alice.hangsUp()
})

test('a node is stopped while an agent on the line hears the topic: the agent hears it again and talks', async t => {
  const { alice, sim } = await floor(t)
  const caller = sim.call(queueEntry, SALES)
  await sim.open('b')
  await alice.hears('whisper/sales', '2s')
  await sim.stop('a')
  await alice.accepts('20s')
  await caller.talksWith('alice')
  await caller.hangsUp()
  assert.equal(await caller.outcome(), 'talked')
  assert.equal(alice.place.rang, 1)
  await alice.hangsUp()
})
