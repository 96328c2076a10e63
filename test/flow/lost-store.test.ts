import assert from 'node:assert/strict'
import { test } from 'node:test'
import { simulate } from '#testing'
import { sleep } from '../../src/base/clock.ts'
import { SwitchhookError } from '../../src/base/errors.ts'
import campaignLeg from '../../scripts/campaign-leg.ts'
import queueEntry from '../../scripts/queue-entry.ts'

test('an agent who presses 1 while the store is away for half a second talks to the caller', async t => {
  const sim = simulate(t)
  const alice = sim.agent('alice')
  const caller = sim.call(queueEntry, { params: { queue: 'support' } })
  await alice.ready()
  await alice.hears('whisper/press-1')
  const { advance } = sim.roster
  sim.roster.advance = async () => {
    throw new Error("Stream isn't writeable and enableOfflineQueue options is false")
  }
  sim.clock.after(500, () => (sim.roster.advance = advance))
  await alice.presses('1')
  await caller.talksWith('alice')
  await caller.hangsUp()
  await alice.becomes('wrap-up')
})

/** What a connected and silent Redis does to a request. */
const silent = (sim: ReturnType<typeof simulate>) => {
  const ask = async () => {
    await sleep(sim.clock, 1_000)
    throw new SwitchhookError('SERVICE', 'Redis has not answered for 1000 ms')
  }
  Object.assign(sim.queueStore, {
    enter: ask,
    admit: ask,
    leave: async () => null,
    change: ask,
    member: ask,
    assign: ask,
  })
}

test('a caller who comes while the queues cannot be had hears the apology within ten seconds', async t => {
  const sim = simulate(t)
  await sim.ready
  silent(sim)
  const caller = sim.call(queueEntry, { params: { queue: 'support' } })
  await caller.hears('switchhook/sorry', '10s')
  await caller.hangsUp()
})

test('a lead who answers while the queues cannot be had hears the message of the law, and is not left in silence', async t => {
  const sim = simulate(t)
  await sim.ready
  silent(sim)
  const lead = sim.lead(campaignLeg)
  await lead.hears('campaign/safe-harbour', '8s')
  await lead.hangsUp()
  assert.equal(await lead.disposition(), 'abandoned')
})
