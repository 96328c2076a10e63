import assert from 'node:assert/strict'
import { test } from 'node:test'
import { simulate } from '#testing'
import queueEntry from '../../scripts/queue-entry.ts'

test('a talk that ends while the event link is down is known to be over when the link is back, and the agent is free', async t => {
  const sim = simulate(t)
  const alice = sim.agent('alice')
  const caller = sim.call(queueEntry, { params: { queue: 'support' } })
  await alice.ready()
  await alice.hears('whisper/press-1')
  await alice.presses('1')
  await caller.talksWith('alice')
  await sim.advance('1s')
  let dropped = 0
  sim.switch.dropConnections(link => !link.outbound && dropped++ === 0) // the event link is the first that was opened
  await caller.hangsUp() // nobody of ours hears it
  assert.equal(await caller.outcome(), 'hung-up')
  await alice.becomes('wrap-up')
})
