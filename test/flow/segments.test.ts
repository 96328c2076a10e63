/** The intervals of a call and of an agent, from which the figures of queues and agents are computed. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { flow } from '#flow'
import { simulate } from '#testing'
import queueEntry from '../../scripts/queue-entry.ts'
import type { CallSegment } from '../../src/store/call-segments.ts'
import type { Simulation } from '../../src/testing/simulation.ts'

const support = { params: { queue: 'support' } }

/** Kind, queue, agent and end of each segment of the last call. */
const shape = (segments: readonly CallSegment[]) =>
  segments.map(({ kind, queue, agent, how }) => [kind, queue, agent, how].map(word => word ?? '–').join(' '))

const lastOf = (sim: Simulation) => sim.records.at(-1)!.segments

/** Seconds, rounded: a virtual FreeSWITCH takes some milliseconds for each step, as the real one does. */
const seconds = ({ since, until }: CallSegment) => Math.round((until! - since) / 1_000)

async function talk(t: TestContext) {
  const sim = simulate(t)
  const alice = sim.agent('alice', { wrapUp: '30s' })
  const caller = sim.call(queueEntry, support)
  await caller.hears('music moh/calm')
  await sim.advance('10s')
  await alice.ready()
  await alice.accepts()
  await caller.talksWith('alice')
  return { sim, alice, caller }
}

test('a caller who waits, talks and is put on hold: no second is counted twice, and none is missing', async t => {
  const { sim, alice, caller } = await talk(t)
  const leg = sim.switch.channels.get(alice.place.last!.uuid)!
  await sim.advance('20s')
  sim.switch.fire('CHANNEL_HOLD', leg)
  await sim.advance('8s')
  sim.switch.fire('CHANNEL_UNHOLD', leg)
  await sim.advance('5s')
  await caller.hangsUp()
  await caller.outcome()
  const { segments, waitMs, ringMs, talkMs, holdMs } = sim.records[0]!
  assert.deepEqual(shape(segments), [
    'wait support alice answered',
    'ring support alice answered',
    'talk support alice held',
    'hold support alice resumed',
    'talk support alice ended',
  ])
  const [wait, ring, ...talks] = segments as [CallSegment, CallSegment, ...CallSegment[]]
  assert.deepEqual(
    [wait.until! - wait.since, ring.until! - ring.since],
    [waitMs, ringMs],
    'they are the lengths in the record',
  )
  assert.equal(wait.joined, wait.since)
  assert.deepEqual(talks.map(seconds), [20, 8, 5])
  assert.equal(
    talks.reduce((sum, { since, until }) => sum + until! - since, 0),
    talkMs,
  )
  assert.equal(talks[1]!.until! - talks[1]!.since, holdMs)
  for (const [at, { since }] of talks.entries()) assert.equal(since, at === 0 ? wait.until : talks[at - 1]!.until)
})

test('an agent who does not answer has missed the call, and the wait of the caller goes on', async t => {
  const sim = simulate(t)
  const alice = sim.agent('alice', { answers: 'never' })
  const bob = sim.agent('bob')
  const caller = sim.call(queueEntry, support)
  await caller.hears('music moh/calm')
  await alice.ready()
  await alice.rings()
  await bob.ready()
  await bob.hears('whisper/press-1', '60s')
  await bob.hangsUp()
  await caller.hears('music moh/calm')
  await caller.hangsUp()
  await caller.outcome()
  assert.deepEqual(shape(lastOf(sim)), [
    'wait support – abandoned',
    'ring support alice no-answer',
    'ring support bob declined',
  ])
  assert.equal(seconds(lastOf(sim)[1]!), 20)
})

test('a caller who was moved from a removed queue has waited since the beginning, also in the event', async t => {
  const sim = simulate(t)
  await sim.until('node a opens', sim.ready)
  const caller = sim.call(queueEntry, support)
  await caller.hears('music moh/calm')
  await sim.advance('30s')
  await sim.until('support is removed', sim.queueStore.put({ name: 'support', strategy: 'top-down', movedTo: 'sales' }))
  await sim.advance('10s')
  await caller.hangsUp()
  await caller.outcome()
  assert.deepEqual(shape(lastOf(sim)), ['wait support – moved', 'wait sales – abandoned'])
  const [before, after] = lastOf(sim) as [CallSegment, CallSegment]
  assert.deepEqual([after.since, after.joined], [before.until, before.since])
  const [abandoned] = sim.told('queue.call.abandoned')
  assert.deepEqual([abandoned!.queue, abandoned!.waitedMs], ['sales', after.until! - before.since])
})

test('a call whose node dies during the talk has the segments of one life', async t => {
  const { sim, caller } = await talk(t)
  await sim.until('the second node opens', sim.open('b'))
  sim.kill('a')
  await sim.advance('10s')
  await caller.hangsUp()
  await sim.until('the record', () => sim.records.length === 1, '60s')
  assert.deepEqual(shape(lastOf(sim)), [
    'wait support alice answered',
    'ring support alice answered',
    'talk support alice ended',
  ])
})

test('a flow that gives the place up, transfers the caller or hangs up: nobody has abandoned', async t => {
  const sim = simulate(t)
  const leaves = flow({}, async call => {
    await call.answer()
    {
      await using _place = await call.enqueue('support')
      await call.play('queue/position')
    }
    await call.play('queue/we-call-you')
  })
  const transfers = flow({}, async call => {
    await call.answer()
    await using _place = await call.enqueue('support')
    await call.transfer('overflow')
  })
  for (const [what, ends] of [
    [leaves, 'left'],
    [transfers, 'transferred'],
  ] as const) {
    const caller = sim.call(what)
    await caller.outcome()
    assert.deepEqual(shape(lastOf(sim)), [`wait support – ${ends}`])
  }
})

test('what an agent does is written once for each change, and a wrap-up belongs to the queue of the talk', async t => {
  const { sim, alice, caller } = await talk(t)
  await sim.advance('20s')
  await caller.hangsUp()
  await caller.outcome()
  await alice.takesBreak('lunch')
  await alice.becomes('idle', '40s')
  await alice.logsOut()
  const rows = sim.agentStates
  assert.deepEqual(
    rows.map(({ status, state, queue, reason }) => `${status} ${state} ${queue ?? '–'} ${reason ?? '–'}`),
    [
      'logged-out idle – –',
      'ready idle – –',
      'ready reserved support –',
      'ready ringing support –',
      'ready talking support –',
      'ready wrap-up support –',
      'break wrap-up support lunch',
      'break idle – lunch',
      'logged-out idle – –',
    ],
  )
  const [wrapUp, , idle] = rows.slice(5) as [(typeof rows)[0], unknown, (typeof rows)[0]]
  assert.equal(idle.at - wrapUp.at, 30_000)
  assert.equal(wrapUp.call, sim.records[0]!.uuid)
  assert.ok(
    rows.every(({ at, rev }, n) => n === 0 || (at >= rows[n - 1]!.at && rev > rows[n - 1]!.rev)),
    'in their order',
  )
})

test('an agent whose telephone did not answer rests, and the row says until when', async t => {
  const sim = simulate(t)
  const alice = sim.agent('alice', { answers: 'declined' })
  const caller = sim.call(queueEntry, support)
  await caller.hears('music moh/calm')
  await alice.ready()
  await alice.rings()
  await alice.becomes('idle')
  const rest = sim.agentStates.at(-1)!
  assert.deepEqual([rest.state, rest.restsUntil! - rest.at], ['idle', 10_000])
  await caller.hangsUp()
  await caller.outcome()
})
