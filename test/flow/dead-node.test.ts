/** What becomes of the calls of a node that has died: FreeSWITCH and reconciliation on the other node. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { simulate } from '#testing'
import queueEntry from '../../scripts/queue-entry.ts'

/** Two nodes. Node a drives the calls. */
async function twoNodes(t: TestContext) {
  const sim = simulate(t)
  await sim.until('node a opens', sim.ready)
  await sim.until('node b opens', sim.open('b'))
  return sim
}

test('a caller who hangs up while their dead node still counts as alive has talked, to the second, and the agent has their wrap-up', async t => {
  const sim = await twoNodes(t)
  const alice = sim.agent('alice')
  const caller = sim.call(queueEntry, { params: { queue: 'support' } })
  await alice.ready()
  await alice.accepts()
  await caller.talksWith('alice')
  const began = sim.clock.now()
  await sim.advance('20s')
  sim.kill('a')
  await sim.advance('2s')
  await caller.hangsUp()
  const ended = sim.clock.now()
  await sim.advance('1s')
  assert.equal(await alice.state(), 'talking')
  assert.equal(await caller.outcome('4s'), 'talked')
  const [record] = sim.records
  assert.equal(record?.agent, 'alice')
  const at = (event: string) => record.timeline.find(one => one.event === event)!.at
  assert.ok(
    Math.abs(at('call.unbridged') - at('call.bridged') - (ended - began)) < 1_000,
    `${at('call.unbridged') - at('call.bridged')} ms, not ${ended - began}`,
  )
  assert.equal(await alice.state(), 'wrap-up')
})

test('a caller who was joined in the moment in which their node died, came back to no node and left there, has talked', async t => {
  const sim = await twoNodes(t)
  const alice = sim.agent('alice')
  const caller = sim.call(queueEntry, { params: { queue: 'support' } })
  await alice.ready()
  await alice.hears('whisper/press-1')
  const person = sim.switch.channels.get(await caller.uuid())!.person!
  const died = new Promise<void>(resolve =>
    person.on('talking', other => {
      if (!other || sim.deaths > 0) return
      sim.kill('a') // before it has received that they talk
      sim.switch.refuse('127.0.0.1:8085')
      resolve()
    }),
  )
  await alice.presses('1')
  await sim.until('the node dies', died)
  await sim.advance('20s')
  await alice.hangsUp()
  await caller.hears('switchhook/sorry')
  await caller.hangsUp()
  assert.equal(await caller.outcome(), 'talked')
  assert.equal(sim.records[0]?.agent, 'alice')
})

test('a caller who waits while their node dies is taken over by FreeSWITCH, and reconciliation has nothing to do', async t => {
  const sim = await twoNodes(t)
  const caller = sim.call(queueEntry, { params: { queue: 'support' } })
  await caller.hears('music moh/calm')
  sim.kill('a')
  await sim.advance('66s')
  const [member] = await sim.queueStore.waiting('support')
  assert.equal(member?.node, 'b')
  assert.equal(sim.records.length, 0)
  await caller.hangsUp()
  assert.equal(await caller.outcome(), 'abandoned')
  assert.equal(sim.records.length, 1)
})

test('a caller who waits while their switch dies waits on in the same place when it is back', async t => {
  const sim = await twoNodes(t)
  const caller = sim.call(queueEntry, { params: { queue: 'support' } })
  await caller.hears('music moh/calm')
  const [before] = await sim.queueStore.waiting('support')
  sim.switch.kill()
  sim.switch.restart()
  await caller.hears('music moh/calm')
  await sim.advance('30s')
  const [after] = await sim.queueStore.waiting('support')
  assert.deepEqual([after?.call, after?.joinedAt, after?.seq], [before?.call, before?.joinedAt, before?.seq])
  assert.equal(sim.records.length, 0)
  await caller.hangsUp()
  assert.equal(await caller.outcome(), 'abandoned')
})

test('a telephone that rings for a caller who left while their node was dead stops ringing', async t => {
  const sim = await twoNodes(t)
  const alice = sim.agent('alice', { answers: 'never' })
  const caller = sim.call(queueEntry, { params: { queue: 'support' } })
  await alice.ready()
  await alice.rings()
  sim.kill('a')
  await caller.hangsUp()
  await alice.ended('10s')
  assert.equal(await alice.state(), 'idle')
})
