/** A caller on hold: by an operation, or by the telephone of the agent. Nobody drives the talk, and nobody is lost. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { flow } from '#flow'
import { simulate, type Simulation } from '#testing'
import { talkHold, talkUnhold } from '../../src/operations/talk/hold.ts'
import queueEntry from '../../scripts/queue-entry.ts'
import { asks } from './desk.ts'

/** No music before the hold. */
const toAlice = flow(async call => {
  await call.answer()
  await using agent = await call.agent('alice')
  await using party = await call.dial(agent!)
  await call.join(party.leg!)
  await call.play('ivr/second')
  return 'over'
})

async function talk(sim: Simulation) {
  const alice = sim.agent('alice')
  await alice.ready()
  const caller = sim.call(toAlice)
  await caller.talksWith('alice')
  await sim.advance('5s')
  return { alice, caller }
}

test('a caller on hold hears music, and after the hold the two talk on', async t => {
  const sim = simulate(t)
  const { alice, caller } = await talk(sim)
  assert.equal((await asks(sim, talkHold, { talk: 'alice' })).onHold, true)
  await caller.hears('music moh/calm')
  assert.equal(await alice.state(), 'talking', 'a hold is part of the talk')
  await asks(sim, talkUnhold, { talk: await caller.uuid() })
  await caller.doesNotHear('music moh/calm', '10s')
  await caller.talksWith('alice')
  await caller.hangsUp()
  await alice.becomes('wrap-up')
  assert.equal(await caller.outcome(), 'talked')
  const [row] = sim.records
  assert.deepEqual(row!.timeline.map(({ event }) => event).slice(-4), [
    'call.bridged',
    'call.held',
    'call.resumed',
    'call.unbridged',
  ])
  assert.ok(row!.holdMs! < row!.talkMs!, `held ${row!.holdMs} ms of ${row!.talkMs} ms`)
})

test('an agent who hangs up while the caller is on hold does not end the call: the flow goes on with the caller', async t => {
  const sim = simulate(t)
  const { alice, caller } = await talk(sim)
  await asks(sim, talkHold, { talk: 'alice' })
  await caller.hears('music moh/calm')
  await alice.hangsUp()
  await alice.becomes('wrap-up')
  await caller.hears('ivr/second')
  assert.equal(await caller.outcome(), 'over')
})

test('a caller who hangs up during a hold frees the agent', async t => {
  const sim = simulate(t)
  const { alice, caller } = await talk(sim)
  await asks(sim, talkHold, { talk: 'alice' })
  await caller.hears('music moh/calm')
  await caller.hangsUp()
  await alice.becomes('wrap-up')
  assert.equal(await alice.ended(), 'NORMAL_CLEARING')
  assert.equal(await caller.outcome(), 'talked')
})

test('a hold outlives its node, and any other node ends it', async t => {
  const sim = simulate(t)
  await sim.until('node b opens', sim.open('b'))
  const { alice, caller } = await talk(sim)
  await asks(sim, talkHold, { talk: 'alice' })
  await caller.hears('music moh/calm')
  sim.kill('a')
  await sim.advance('10s')
  await asks(sim, talkUnhold, { talk: 'alice' }, 'b')
  await caller.talksWith('alice')
  await alice.hangsUp()
  await caller.hears('ivr/second')
  assert.equal(await caller.outcome(), 'over')
})

test('nobody can be put on hold twice, and nobody who does not talk', async t => {
  const sim = simulate(t)
  const waiting = sim.call(queueEntry, { params: { queue: 'sales' } })
  await waiting.hears('music moh/calm')
  const nobody = asks(sim, talkHold, { talk: await waiting.uuid() })
  await assert.rejects(nobody, /does not talk with anybody now/)
  await waiting.hangsUp()
  const { alice, caller } = await talk(sim)
  await assert.rejects(asks(sim, talkUnhold, { talk: 'alice' }), /is not on hold/)
  await asks(sim, talkHold, { talk: 'alice' })
  await assert.rejects(asks(sim, talkHold, { talk: 'alice' }), /is already on hold/)
  await caller.hangsUp()
  await alice.becomes('idle', '1m')
  await assert.rejects(asks(sim, talkHold, { talk: 'alice' }), /agent alice does not talk/)
  await assert.rejects(asks(sim, talkHold, { talk: 'nobody' }), /no agent is called 'nobody'/)
})
