import assert from 'node:assert/strict'
import { test } from 'node:test'
import { simulate, type Simulation } from '#testing'
import campaignLeg from '../../scripts/campaign-leg.ts'
import queueEntry from '../../scripts/queue-entry.ts'

const support = { params: { queue: 'support' } }

test('an agent who does not answer is rested, and the caller keeps the place and gets the next one', async t => {
  const sim = simulate(t)
  const alice = sim.agent('alice', { answers: 'never' })
  const bob = sim.agent('bob')
  const caller = sim.call(queueEntry, support)
  await caller.hears('music moh/calm')
  await alice.ready()
  await alice.rings()
  await bob.ready()
  await bob.rings('40s') // when alice's telephone has rung for 20 s
  await bob.accepts()
  await caller.talksWith('bob')
  assert.equal(await alice.state(), 'idle')
  await caller.hangsUp()
  assert.equal(await caller.outcome(), 'talked')
  assert.equal(await bob.state(), 'wrap-up')
})

test('an agent who answers late and takes the call at the last prompt gets it, and nobody rings them meanwhile', async t => {
  const sim = simulate(t)
  const alice = sim.agent('alice', { answers: '18s' })
  const caller = sim.call(queueEntry, support)
  await caller.hears('music moh/calm')
  await alice.ready()
  for (let tries = 0; tries < 3; tries++) await alice.hears('whisper/press-1')
  await sim.advance('5s')
  assert.equal(await alice.state(), 'ringing')
  await alice.presses('1')
  await caller.talksWith('alice', '2s')
  assert.equal(alice.place.rang, 1)
  await sim.advance('1s')
  await caller.hangsUp()
  assert.equal(await caller.outcome(), 'talked')
})

test('an agent who refuses the call in the whisper does not get it, and the caller waits on with music', async t => {
  const sim = simulate(t)
  const alice = sim.agent('alice')
  const caller = sim.call(queueEntry, support)
  await alice.ready()
  await alice.hears('whisper/press-1')
  await alice.hangsUp()
  await caller.hears('music moh/calm')
  await alice.becomes('idle')
  await caller.hangsUp()
  await caller.outcome()
})

test('the caller with the longest wait is served first', async t => {
  const sim = simulate(t)
  const alice = sim.agent('alice', { wrapUp: '0s' })
  const first = sim.call(queueEntry, support)
  await first.hears('music moh/calm')
  const second = sim.call(queueEntry, support)
  await second.hears('music moh/calm')
  await alice.ready()
  for (const caller of [first, second]) {
    await alice.accepts('60s')
    await caller.talksWith('alice')
    await caller.hangsUp()
    await caller.outcome()
  }
})

for (const [when, sound] of [
  ['while the music plays', 'music moh/calm'],
  ['while the position is told', 'queue/position'],
] as const) {
  test(`a caller who hangs up ${when} leaves the queue, and no agent is promised to nobody`, async t => {
    const sim = simulate(t)
    const caller = sim.call(queueEntry, support)
    await caller.hears(sound, '60s')
    await caller.hangsUp()
    assert.equal(await caller.outcome(), 'abandoned')
    assert.deepEqual(await sim.queueStore.members('support'), [])
    assert.equal((await sim.queueStore.stats('support')).abandoned, 1)
  })
}

test('a caller who hangs up while the agent is called stops the ringing and frees the agent', async t => {
  const sim = simulate(t)
  const alice = sim.agent('alice', { answers: '10s' })
  const caller = sim.call(queueEntry, support)
  await alice.ready()
  await alice.rings()
  await caller.hangsUp()
  assert.equal(await alice.ended(), 'ORIGINATOR_CANCEL')
  await alice.becomes('idle')
})

test('a caller who hangs up while the agent hears the whisper ends the whisper at once', async t => {
  const sim = simulate(t)
  const alice = sim.agent('alice')
  const caller = sim.call(queueEntry, support)
  await alice.ready()
  await alice.hears('whisper/press-1')
  await caller.hangsUp()
  await alice.ended('1s')
  await alice.becomes('idle')
})

test('a queue that does not exist is a fault of the flow: the caller hears the fallback, not silence', async t => {
  const sim = simulate(t)
  const caller = sim.call(queueEntry, { params: { queue: 'nowhere' } })
  await caller.hears('switchhook/sorry')
  assert.equal(await caller.outcome(), 'error')
})

/** The agents of this queue hear no topic and press no key. */
async function asksNothing(sim: Simulation) {
  await sim.ready
  await sim.queueStore.put({ name: 'support', strategy: 'longest-idle-agent', whisper: false, accept: 'none' })
}

test('an agent who is on the line for a campaign is joined with a caller of their queue at once, and nothing rings', async t => {
  const sim = simulate(t)
  await asksNothing(sim)
  const alice = sim.agent('alice', { wrapUp: '1s' })
  await alice.isNailedUp()
  await alice.ready()
  for (const name of ['caller', 'caller-2']) {
    const caller = sim.call(queueEntry, support)
    await caller.talksWith('alice', '2s')
    assert.equal(await alice.state(), 'talking')
    await sim.advance('5s')
    await caller.hangsUp()
    assert.equal(await caller.outcome(), 'talked', name)
    assert.equal(await alice.state(), 'wrap-up')
    await alice.becomes('idle')
  }
  const lead = sim.lead(campaignLeg)
  await lead.talksWith('alice', '5s')
  await lead.hangsUp()
  assert.equal(await lead.disposition(), 'talked')
  assert.equal(alice.place.rang, 1)
  await alice.hangsUp()
})

test('an agent on the line who hangs up after the talk leaves the caller to the flow', async t => {
  const sim = simulate(t)
  await asksNothing(sim)
  const alice = sim.agent('alice')
  await alice.isNailedUp()
  await alice.ready()
  const caller = sim.call(queueEntry, support)
  await caller.talksWith('alice', '2s')
  await alice.hangsUp()
  assert.equal(await caller.outcome(), 'talked')
  assert.equal(await alice.state(), 'wrap-up')
})

test('an agent who has left the line in that moment is not rung, and the caller waits on for the next one', async t => {
  const sim = simulate(t)
  const alice = sim.agent('alice')
  const bob = sim.agent('bob')
  await alice.isNailedUp()
  await alice.ready()
  await alice.hangsUp() // and the roster does not have it yet
  const caller = sim.call(queueEntry, support)
  await caller.hears('music moh/calm')
  await sim.advance('8s')
  await bob.ready()
  await bob.accepts()
  await caller.talksWith('bob')
  assert.equal(alice.place.rang, 1)
  await caller.hangsUp()
  await caller.outcome()
  const promises = sim.records[0]!.timeline.filter(
    ({ event, agent }) => event === 'queue.call.offered' && agent === 'alice',
  )
  assert.ok(promises.length <= 3, `alice was promised ${promises.length} times`)
})
