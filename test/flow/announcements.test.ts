/** What callers hear while they wait in a queue, by its settings. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { flow } from '#flow'
import { simulate } from '#testing'
import queueEntry from '../../scripts/queue-entry.ts'
import { said, settings, support } from './queue-settings.ts'

test('a caller hears the music of the queue, and the position at an interval whatever the flow waits for', async t => {
  const sim = simulate(t)
  await settings(sim, { musicOnHold: 'moh/jazz', announceEveryMs: 30_000, announceSound: 'support/hours' })
  const caller = sim.call(queueEntry, support)
  await caller.hears('music moh/jazz')
  for (let time = 0; time < 3; time++) {
    await caller.hears('support/hours', '31s')
    await caller.hears('queue/position')
    await caller.hears('number 1')
    await caller.hears('music moh/jazz')
  }
  await caller.hangsUp()
  await caller.outcome()
  assert.deepEqual(said(sim), Array(3).fill('support/hours, position 1'))
})

test('an agent who is reserved during an announcement ends it at once, and hears no dead air', async t => {
  const sim = simulate(t, { sounds: { 'support/long': '20s' } })
  const alice = sim.agent('alice')
  await settings(sim, { announceEveryMs: 10_000, announceSound: 'support/long', announcePosition: false })
  const caller = sim.call(queueEntry, support)
  await caller.hears('support/long', '11s')
  await sim.advance('2s')
  await alice.ready()
  await caller.hears('music moh/calm', '1s')
  await alice.accepts()
  await caller.talksWith('alice', '2s')
  await caller.hangsUp()
  await caller.outcome()
  assert.deepEqual(said(sim), [], 'it was not heard to its end')
})

test('an announcement waits for the end of what the flow asks or plays, and interrupts only music', async t => {
  const sim = simulate(t, { sounds: { 'support/survey': '8s' } })
  await settings(sim, { announceEveryMs: 10_000, announceSound: 'support/hello' })
  const asks = flow(async call => {
    await call.answer()
    await using place = await call.enqueue('support')
    await place.agent({ within: '5s' })
    await call.menu('support/survey', { 1: 'yes' }, { tries: 1, timeout: '4s' })
    await place.agent()
  })
  const caller = sim.call(asks)
  await caller.hears('support/survey', '6s')
  await sim.advance('11s')
  assert.deepEqual(said(sim), [])
  await caller.hears('support/hello', '2s')
  await caller.hangsUp()
  await caller.outcome()
})

test('a verb of the flow cuts an announcement, which is heard again from its start', async t => {
  const sim = simulate(t)
  await settings(sim, { announceEveryMs: 10_000, announceSound: 'support/hello', announcePosition: false })
  const caller = sim.call(
    flow(async call => {
      await call.answer()
      await using place = await call.enqueue('support')
      await place.agent({ within: '11s' })
      await call.play('support/news')
      await place.agent()
    }),
  )
  await caller.hears('support/hello', '11s')
  await caller.hears('support/news', '2s')
  await caller.hears('support/hello', '3s')
  await caller.hears('music moh/calm')
  assert.deepEqual(said(sim), ['support/hello'])
  await caller.hangsUp()
  await caller.outcome()
})

test('the welcome is heard to its end, and an agent who is ready is offered after it', async t => {
  const sim = simulate(t, { sounds: { 'support/welcome': '12s' } })
  const alice = sim.agent('alice')
  await settings(sim, { welcomeSound: 'support/welcome', transferSound: 'support/transfer' })
  await alice.ready()
  const caller = sim.call(queueEntry, support)
  await caller.hears('support/welcome')
  await sim.advance('11s')
  assert.equal(await alice.state(), 'idle', 'nobody is promised to a caller who listens')
  await caller.hears('support/transfer', '2s')
  await alice.accepts()
  await caller.talksWith('alice')
  await caller.hangsUp()
  await caller.outcome()
})

test('a sound that is missing is left out, and the caller waits on', async t => {
  const sim = simulate(t, { sounds: { 'support/welcome': 'missing', 'support/hello': 'missing' } })
  await settings(sim, { welcomeSound: 'support/welcome', announceSound: 'support/hello', announceEveryMs: 10_000 })
  const caller = sim.call(queueEntry, support)
  await caller.hears('music moh/calm')
  await caller.hears('queue/position', '11s')
  await caller.hangsUp()
  assert.equal(await caller.outcome(), 'abandoned')
})

test('a caller hears how long it will take as soon as twenty talks are known, and nothing before', async t => {
  const sim = simulate(t)
  const alice = sim.agent('alice', { wrapUp: '30s' })
  await settings(sim, { announceEveryMs: 10_000, announceEstimate: true, accept: 'none', whisper: false })
  await alice.ready()
  await alice.isNailedUp()
  for (let talk = 0; talk < 20; talk++) {
    const caller = sim.call(queueEntry, support)
    await caller.talksWith('alice', '2m')
    await sim.advance('90s')
    await caller.hangsUp()
    await caller.outcome()
  }
  assert.ok(said(sim).length > 20 && said(sim).every(one => one === 'position 1'), said(sim).join('; '))
  const first = sim.call(queueEntry, support)
  await first.talksWith('alice', '2m')
  const second = sim.call(queueEntry, support)
  await second.hears('queue/wait-about', '15s')
  await second.hears('number 2') // one place × (90 s talk + 30 s wrap-up) ÷ one agent
  await second.hears('queue/wait-minutes')
  const third = sim.call(queueEntry, support)
  await third.hears('number 4', '20s')
  await third.hears('music moh/calm')
  for (const caller of [third, second, first]) await caller.hangsUp()
  for (const caller of [third, second, first]) await caller.outcome()
  assert.ok(said(sim).includes('position 2, about 4 min'), said(sim).join('; '))
  await alice.hangsUp()
})
