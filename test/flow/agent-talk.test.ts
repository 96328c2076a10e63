/** How a caller and an agent come together: what each hears first, and what the agent does to accept. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { flow } from '#flow'
import { simulate } from '#testing'
import type { AgentSettings } from '../../src/agent/settings.ts'
import type { QueueSettings } from '../../src/queue/settings.ts'
import queueEntry from '../../scripts/queue-entry.ts'

async function serves(t: TestContext, queue: Partial<QueueSettings>, agent: Partial<AgentSettings> = {}) {
  const sim = simulate(t, { queues: ['sales'] })
  await sim.ready
  await sim.queueStore.put({ name: 'sales', strategy: 'longest-idle-agent', ...queue })
  const alice = sim.agent('alice')
  await alice.ready()
  await sim.roster.put({ ...(await sim.roster.get('alice', sim.clock.now()))!, ...agent }, sim.clock.now())
  const caller = sim.call(queueEntry, { params: { queue: 'sales' } })
  return { sim, alice, caller }
}

test('an agent hears the topic and presses 1, as long as the queue does not say otherwise', async t => {
  const { alice, caller } = await serves(t, {})
  await alice.hears('whisper/sales')
  await alice.accepts()
  await caller.talksWith('alice')
  await alice.hangsUp()
  assert.equal(await caller.outcome(), 'talked')
})

test('an agent of a queue that needs no key hears the topic and talks', async t => {
  const { alice, caller } = await serves(t, { accept: 'none' })
  await alice.hears('whisper/sales')
  await caller.talksWith('alice')
  await alice.hangsUp()
  assert.equal(await caller.outcome(), 'talked')
})

test('an agent of a queue without a whisper presses 1 and talks', async t => {
  const { alice, caller } = await serves(t, { whisper: false })
  await alice.rings()
  await alice.hears('whisper/press-1')
  assert.ok(!alice.place.last!.heard.some(({ what }) => what === 'whisper/sales'), 'no topic is heard')
  await alice.presses('1')
  await caller.talksWith('alice')
  await alice.hangsUp()
  assert.equal(await caller.outcome(), 'talked')
})

test('an agent of a queue without whisper and key talks when the telephone is answered', async t => {
  const { sim, alice, caller } = await serves(t, { whisper: false, accept: 'none' })
  await caller.talksWith('alice')
  assert.deepEqual(alice.place.last!.heard, [])
  await alice.hangsUp()
  assert.equal(await caller.outcome(), 'talked')
  assert.deepEqual(sim.told('agent.missed_call'), [])
})

test('a caller hears the job number of the agent, digit by digit, before the two talk', async t => {
  const { alice, caller } = await serves(t, { accept: 'none', whisper: false }, { jobNumber: '207' })
  await caller.hears('agent/number')
  await caller.hears('name_spelled 207')
  await caller.hears('agent/serves-you')
  await caller.talksWith('alice')
  await alice.hangsUp()
  assert.equal(await caller.outcome(), 'talked')
})

test('a caller does not hear the job number of an agent who does not want it', async t => {
  const { sim, alice, caller } = await serves(t, { accept: 'none' }, { jobNumber: '207', announceJobNumber: false })
  await caller.talksWith('alice')
  assert.doesNotMatch(sim.transcript(), /agent\/number/)
  await alice.hangsUp()
  assert.equal(await caller.outcome(), 'talked')
})

test('the telephone of an agent with auto-answer is told to answer by itself, and how to ring', async t => {
  const { alice, caller } = await serves(t, { accept: 'none' }, { autoAnswer: true, alertInfo: 'ring-2' })
  await alice.rings()
  const { variables } = alice.place.last!.channel
  assert.deepEqual([variables.get('sip_auto_answer'), variables.get('alert_info')], ['true', 'ring-2'])
  await caller.talksWith('alice')
  await alice.hangsUp()
  assert.equal(await caller.outcome(), 'talked')
})

test('an agent who hangs up during the job number has not talked, and the caller waits on', async t => {
  const { alice, caller } = await serves(t, { accept: 'none', whisper: false }, { jobNumber: '207' })
  await caller.hears('agent/number')
  await alice.hangsUp()
  await caller.hears('music moh/calm')
  await caller.hangsUp()
  assert.equal(await caller.outcome(), 'abandoned')
})

test('a caller hears the job number and talks, wherever the node dies', async t => {
  const places = await simulate(t, { queues: ['sales'] }).takeoverEverywhere(
    flow(call => queueEntry(call, { queue: 'sales' })),
    async (caller, sim) => {
      await caller.talksWith('alice')
      await sim.agents[0]!.hangsUp()
      assert.equal(await caller.outcome(), 'talked')
    },
    {
      before: async sim => {
        await sim.queueStore.put({ name: 'sales', strategy: 'longest-idle-agent', accept: 'none' })
        const alice = sim.agent('alice')
        await alice.ready()
        const known = (await sim.roster.get('alice', sim.clock.now()))!
        await sim.roster.put({ ...known, jobNumber: '207', autoAnswer: true }, sim.clock.now())
      },
    },
  )
  assert.ok(places >= 15, `${places} places`)
})
