/** A supervisor ends a live call, whatever the caller does at that moment. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { flow } from '#flow'
import { simulate } from '#testing'
import { newUuid } from '../../src/esl/safe-text.ts'
import { liveCalls } from '../../src/node/live-calls.ts'
import queueEntry from '../../scripts/queue-entry.ts'

const dial = () => assert.fail('nobody dials here')

test('a supervisor hangs up a caller who hears a prompt, and the flow ends as if the caller had', async t => {
  const sim = simulate(t)
  const caller = sim.call(
    flow(async call => {
      await call.answer()
      await call.play(Array(30).fill('ivr/welcome'))
    }),
  )
  await caller.hears('ivr/welcome')
  const [uuid = ''] = sim.rows.keys()
  const live = liveCalls({ switchboard: (await sim.ready).switchboard, dial })
  assert.equal(await live.hangUp(uuid, 'NORMAL_CLEARING'), true)
  assert.equal(await caller.outcome(), 'hung-up')
  assert.equal(await live.hangUp(uuid, 'NORMAL_CLEARING'), false, 'nobody has the call any more')
  assert.equal(await live.hangUp(newUuid(), 'NORMAL_CLEARING'), false)
})

test('a supervisor hangs up a caller who talks, and the agent is in wrap-up', async t => {
  const sim = simulate(t)
  const alice = sim.agent('alice')
  await alice.ready()
  const caller = sim.call(queueEntry, { params: { queue: 'sales' } })
  await alice.hears('whisper/press-1')
  await alice.presses('1')
  await caller.talksWith('alice')
  const live = liveCalls({ switchboard: (await sim.ready).switchboard, dial })
  const [uuid = ''] = sim.rows.keys()
  assert.equal(await live.hangUp(uuid, 'NORMAL_CLEARING'), true)
  await caller.ended()
  await alice.becomes('wrap-up')
})
