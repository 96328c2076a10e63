import assert from 'node:assert/strict'
import { test } from 'node:test'
import { simulate } from '#testing'
import queueEntry from '../../scripts/queue-entry.ts'

test('two queues with different strategies choose different agents, also after the death of the node', async t => {
  const sim = simulate(t, { queues: ['sales', 'support'] })
  await sim.ready
  await sim.open('b')
  await sim.queueStore.put({ name: 'support', strategy: 'top-down' })
  const agents = { alice: sim.agent('alice', { wrapUp: '0s' }), bob: sim.agent('bob', { wrapUp: '0s' }) }
  for (const agent of Object.values(agents)) await agent.ready()
  const talks = async (queue: string, name: keyof typeof agents) => {
    const caller = sim.call(queueEntry, { params: { queue } })
    await agents[name].hears('whisper/press-1', '60s')
    await agents[name].presses('1')
    await caller.talksWith(name)
    await sim.advance('1s')
    await caller.hangsUp()
    assert.equal(await caller.outcome(), 'talked')
  }
  await talks('sales', 'alice')
  await talks('support', 'alice')
  sim.kill('a')
  await talks('support', 'alice')
  await talks('sales', 'bob')
})

test('agents take turns in a round-robin queue: the one who did not answer has had the turn', async t => {
  const sim = simulate(t, { queues: ['sales'] })
  await sim.ready
  await sim.queueStore.put({ name: 'sales', strategy: 'round-robin' })
  const alice = sim.agent('alice', { answers: 'declined' })
  const bob = sim.agent('bob', { wrapUp: '0s' })
  await alice.ready()
  await bob.ready()
  const first = sim.call(queueEntry, { params: { queue: 'sales' } })
  await alice.rings()
  await bob.accepts('60s')
  await first.talksWith('bob')
  await sim.advance('30s')
  alice.place.behaviour = { ...alice.place.behaviour, answers: '1s' }
  await first.hangsUp()
  await first.outcome()
  const second = sim.call(queueEntry, { params: { queue: 'sales' } })
  await alice.rings()
  await second.hangsUp()
  await second.outcome()
})
