/** A talk becomes a conference: more people are invited, and leave. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { simulate, type Simulation } from '#testing'
import queueEntry from '../../scripts/queue-entry.ts'
import { talkConsult } from '../../src/operations/talk/consult.ts'
import { talkInvite, talkRemove } from '../../src/operations/talk/conference.ts'
import { asks } from './desk.ts'

const NUMBERS = ['+4930777', '+4930888'] as const

/** Alice talks with a caller of sales; two experts have telephones. */
async function talk(sim: Simulation) {
  const experts = NUMBERS.map(number => sim.switch.world.at(`sofia/gateway/carrier/${number}`, { answers: '2s' }))
  const alice = sim.agent('alice')
  await alice.ready()
  const caller = sim.call(queueEntry, { params: { queue: 'sales' } })
  await alice.accepts()
  await caller.talksWith('alice')
  await sim.advance('1s')
  return { alice, caller, experts, call: await caller.uuid() }
}

const invites = (sim: Simulation, to: string, node: 'a' | 'b' = 'a', named = 'alice') =>
  asks(sim, talkInvite, { talk: named, to }, node)

test('four people talk; the agent leaves before, and the caller goes on with the flow when nobody else is left', async t => {
  const sim = simulate(t)
  const { alice, caller, experts, call } = await talk(sim)
  for (const number of NUMBERS) await invites(sim, number)
  await caller.hearsVoices(['alice', ...NUMBERS])
  await alice.hearsVoices(['caller', ...NUMBERS])
  await alice.hangsUp()
  await alice.becomes('idle', '30s')
  await caller.hearsVoices(NUMBERS)
  await sim.advance('5m')
  assert.equal(sim.records.length, 0, 'the caller talks on')
  await asks(sim, talkRemove, { talk: call, to: '+49 30 777' })
  await sim.advance('1m')
  await caller.hearsVoices(['+4930888'])
  experts[1]!.last?.hangUp()
  assert.equal(await caller.outcome(), 'talked')
  assert.equal(sim.told('call.conference.joined').length, 2)
  assert.equal(sim.told('call.conference.left').length, 2)
})

test('an agent of another team is invited by name, is offered no call meanwhile, and is free after it', async t => {
  const sim = simulate(t)
  const { alice, caller } = await talk(sim)
  const bob = sim.agent('bob', { queues: ['support'] })
  await bob.ready()
  await asks(sim, talkInvite, { talk: 'alice', agent: 'bob' })
  await caller.hearsVoices(['alice', 'bob'])
  assert.equal(await bob.state(), 'busy-elsewhere')
  await assert.rejects(asks(sim, talkInvite, { talk: 'alice', agent: 'bob' }), /bob takes no call now/)
  await asks(sim, talkRemove, { talk: 'alice', agent: 'bob' })
  await bob.becomes('idle')
  await caller.hearsVoices(['alice'])
  await caller.hangsUp()
  await alice.becomes('idle')
  assert.equal(await caller.outcome(), 'talked')
})

test('when the caller hangs up, the others do not stay in the conference', async t => {
  const sim = simulate(t)
  const { alice, caller, experts } = await talk(sim)
  for (const number of NUMBERS) await invites(sim, number)
  await caller.hangsUp()
  assert.equal(await alice.ended(), 'NORMAL_CLEARING')
  await sim.until('the experts are gone', () => experts.every(({ last }) => last?.state === 'gone'))
  assert.equal(await caller.outcome(), 'talked')
  await alice.becomes('idle')
})

test('who does not answer changes nothing, and in a conference nobody is consulted', async t => {
  const sim = simulate(t)
  const { caller } = await talk(sim)
  sim.switch.world.at('sofia/gateway/carrier/+4930999', { answers: 'busy' })
  await assert.rejects(invites(sim, '+4930999'), /was not reached: busy/)
  await caller.hearsVoices(['alice'])
  await invites(sim, NUMBERS[0])
  await assert.rejects(asks(sim, talkConsult, { talk: 'alice', number: '+4930888' }), /conference/)
  await assert.rejects(asks(sim, talkRemove, { talk: 'alice', to: '+4930888' }), /no conference of call/)
  await caller.hangsUp()
  await caller.outcome()
})

test('a conference outlives its node: more are invited by the other one, and the caller comes back there', async t => {
  const sim = simulate(t)
  await sim.until('node b opens', sim.open('b'))
  const { alice, caller, experts, call } = await talk(sim)
  await invites(sim, NUMBERS[0])
  sim.kill('a')
  await sim.advance('2m')
  await caller.hearsVoices(['alice', NUMBERS[0]])
  await invites(sim, NUMBERS[1], 'b', call)
  await caller.hearsVoices(['alice', ...NUMBERS])
  await alice.hangsUp()
  await sim.advance('1m')
  await caller.hearsVoices(NUMBERS)
  for (const { last } of experts) last?.hangUp()
  assert.equal(await caller.outcome(), 'talked')
  await alice.becomes('idle', '1m')
})

test('a caller who waits cannot be made a conference of', async t => {
  const sim = simulate(t)
  const caller = sim.call(queueEntry, { params: { queue: 'sales' } })
  await caller.hears('music moh/calm')
  const call = await caller.uuid()
  await assert.rejects(asks(sim, talkInvite, { talk: call, to: '+4930777' }), /does not talk with anybody/)
  await assert.rejects(asks(sim, talkInvite, { talk: call }), /one person is meant/)
  await caller.hangsUp()
  await caller.outcome()
})

test('a node that dies while the invited person is called leaves the talk as it is, and nobody alone on the line', async t => {
  const sim = simulate(t)
  await sim.until('node b opens', sim.open('b'))
  const { caller, experts } = await talk(sim)
  void invites(sim, NUMBERS[0]).catch(() => {})
  await sim.until('the telephone rings', () => experts[0]!.rang === 1)
  sim.kill('a')
  await sim.until('the expert is gone', () => experts[0]!.last?.state === 'gone', '1m')
  await caller.hearsVoices(['alice'])
  await caller.hangsUp()
  assert.equal(await caller.outcome(), 'talked')
})

/** Alice is on the line for her shift, and talks with a caller of sales. */
async function nailedTalk(sim: Simulation) {
  await sim.ready
  await sim.queueStore.put({ name: 'sales', strategy: 'longest-idle-agent', whisper: false, accept: 'none' })
  const [expert] = NUMBERS.map(number => sim.switch.world.at(`sofia/gateway/carrier/${number}`, { answers: '2s' }))
  const alice = sim.agent('alice', { wrapUp: '1s' })
  await alice.isNailedUp()
  await alice.ready()
  const caller = sim.call(queueEntry, { params: { queue: 'sales' } })
  await caller.talksWith('alice', '2s')
  await sim.advance('1s')
  await invites(sim, NUMBERS[0])
  await caller.hearsVoices(['alice', NUMBERS[0]])
  return { alice, caller, expert: expert! }
}

for (const [first, second] of [
  ['caller', 'expert'],
  ['expert', 'caller'],
] as const) {
  test(`an agent on the line stays on it after a conference, which the ${first} leaves first, and talks with the next caller`, async t => {
    const sim = simulate(t)
    const { alice, caller, expert } = await nailedTalk(sim)
    const leaves = { caller: () => caller.hangsUp(), expert: async () => expert.last?.hangUp() }
    await leaves[first]()
    await sim.advance('2s')
    await leaves[second]()
    assert.equal(await caller.outcome(), 'talked')
    await alice.becomes('idle')
    assert.equal(alice.place.last!.state, 'up', 'alice stays on the line')
    assert.equal(sim.switch.conferences.size, 0)
    const next = sim.call(queueEntry, { params: { queue: 'sales' }, from: '+49301111' })
    await next.talksWith('alice', '5s')
    await sim.advance('1s')
    await next.hangsUp()
    assert.equal(await next.outcome(), 'talked')
    assert.equal(alice.place.rang, 1)
    await alice.hangsUp()
  })
}

test('an agent leaves a conference while no node drives the call: the agent is free at once, and the caller talks on', async t => {
  const sim = simulate(t, { reconciles: true })
  await sim.until('node b opens', sim.open('b'))
  const { alice, caller, experts, call } = await talk(sim)
  for (const number of NUMBERS) await invites(sim, number)
  sim.kill('a')
  await sim.advance('40s')
  assert.equal(await alice.state(), 'talking')
  await alice.hangsUp()
  await alice.becomes('wrap-up', '2s')
  await caller.hearsVoices(NUMBERS)
  const next = sim.call(queueEntry, { params: { queue: 'sales' }, from: '+49301111' })
  await alice.accepts('60s')
  await next.talksWith('alice')
  for (const { last } of experts) last?.hangUp()
  await sim.advance('5s')
  assert.equal(await alice.state(), 'talking', 'the end of the conference does not part her from the next caller')
  assert.equal(await caller.outcome(), 'talked')
  const record = sim.records.find(({ uuid }) => uuid === call)!
  assert.deepEqual([record.agent, record.outcome], ['alice', 'talked'])
  await sim.advance('1s')
  await next.hangsUp()
  assert.equal(await next.outcome(), 'talked')
})

test('an agent has left a conference before another node looks: reconciliation frees the agent', async t => {
  const sim = simulate(t, { reconciles: true })
  const { alice, caller, experts } = await talk(sim)
  for (const number of NUMBERS) await invites(sim, number)
  sim.kill('a')
  await alice.hangsUp()
  await sim.advance('1s')
  await sim.until('node b opens', sim.open('b'))
  await alice.becomes('idle', '60s')
  await caller.hearsVoices(NUMBERS)
  for (const { last } of experts) last?.hangUp()
  assert.equal(await caller.outcome(), 'talked')
})
