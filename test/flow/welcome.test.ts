import assert from 'node:assert/strict'
import { test } from 'node:test'
import { simulate } from '#testing'
import welcome from '../../scripts/welcome.ts'

test('pressing 2 waits for support, is told the position, and reaches an agent who accepts', async t => {
  const sim = simulate(t)
  const alice = sim.agent('alice')
  const caller = sim.call(welcome)

  await caller.hears('ivr/welcome')
  await caller.presses('2')
  await caller.hears('music moh/calm')
  await caller.hears('queue/position', '50s')
  await alice.ready()
  await alice.hears('whisper/support')
  await alice.accepts()
  await caller.talksWith('alice')
  await alice.hangsUp()
  await caller.ended()
  assert.equal(await caller.outcome(), 'talked')
  assert.equal(await alice.state(), 'wrap-up')
})
