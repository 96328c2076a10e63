/** A supervisor ends a live call or sends it away, whatever the caller does at that moment. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { flow } from '#flow'
import { simulate, type Simulation } from '#testing'
import { newUuid } from '../../src/esl/safe-text.ts'
import queueEntry from '../../scripts/queue-entry.ts'
import { liveOf, onlyCall } from './desk.ts'

/** To the apology of the dialplan. */
const away = (call: string) =>
  ({ what: 'transfer', call, extension: 'switchhook-sorry', context: 'switchhook' }) as const

const longStory = flow(async call => {
  await call.answer()
  await call.play(Array(30).fill('ivr/welcome'))
})

async function talks(sim: Simulation) {
  const alice = sim.agent('alice')
  await alice.ready()
  const caller = sim.call(queueEntry, { params: { queue: 'sales' } })
  await alice.accepts()
  await caller.talksWith('alice')
  return { alice, caller }
}

test('a supervisor hangs up a caller who hears a prompt, and the flow ends as if the caller had', async t => {
  const sim = simulate(t)
  const caller = sim.call(longStory)
  await caller.hears('ivr/welcome')
  const [live, call] = [await liveOf(sim), onlyCall(sim)]
  assert.equal(await live.hangUp(call, 'NORMAL_CLEARING'), true)
  assert.equal(await caller.outcome(), 'hung-up')
  assert.equal(await live.hangUp(call, 'NORMAL_CLEARING'), false, 'nobody has the call any more')
  assert.equal(await live.hangUp(newUuid(), 'NORMAL_CLEARING'), false)
})

test('a supervisor hangs up a caller who talks, and the agent is in wrap-up', async t => {
  const sim = simulate(t)
  const { alice, caller } = await talks(sim)
  assert.equal(await (await liveOf(sim)).hangUp(onlyCall(sim), 'NORMAL_CLEARING'), true)
  await caller.ended()
  await alice.becomes('wrap-up')
})

test('a supervisor sends a caller who hears a prompt to an extension, where the call goes on', async t => {
  const sim = simulate(t)
  const caller = sim.call(longStory)
  await caller.hears('ivr/welcome')
  const [live, call] = [await liveOf(sim), onlyCall(sim)]
  assert.equal(await live.act(away(call)), true)
  assert.equal(await caller.outcome(), 'transferred')
  await caller.ended()
  assert.equal(await live.act(away(call)), false, 'nobody drives the call any more')
})

test('a supervisor sends a caller who talks away: the agent is in wrap-up, and the caller does not come back', async t => {
  const sim = simulate(t)
  const { alice, caller } = await talks(sim)
  assert.equal(await (await liveOf(sim)).act(away(onlyCall(sim))), true)
  await alice.becomes('wrap-up')
  assert.equal(await caller.outcome(), 'transferred')
  await caller.ended()
  assert.equal(sim.records.length, 1)
})

test('a supervisor asks the wrong node, and the node that has the call sends the caller away', async t => {
  const sim = simulate(t)
  const caller = sim.call(longStory)
  await caller.hears('ivr/welcome')
  await sim.open('b')
  const live = await liveOf(sim, 'b')
  assert.equal(await live.act(away(onlyCall(sim))), true)
  assert.equal(await caller.outcome(), 'transferred')
  await caller.ended()
  assert.equal(await live.act(away(newUuid())), false)
})
