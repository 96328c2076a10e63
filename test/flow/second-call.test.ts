/**
 * A test's lines about a person between two calls: those about the next call wait for it, and an impossible action
 * fails at once.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { simulate } from '#testing'
import queueEntry from '../../scripts/queue-entry.ts'

const support = { params: { queue: 'support' } }

for (const wrapUp of ['0s', '10s'] as const) {
  test(`an agent hears the whisper of the second call, that rings after a wrap-up of ${wrapUp}`, async t => {
    const sim = simulate(t)
    const alice = sim.agent('alice', { wrapUp })
    for (const turn of ['first', 'second']) {
      const caller = sim.call(queueEntry, support)
      if (turn === 'first') await alice.ready()
      await alice.accepts('60s')
      await alice.talksWith('caller' + (turn === 'first' ? '' : '-2'))
      await sim.advance('1s')
      await caller.hangsUp()
      assert.equal(await caller.outcome(), 'talked')
      assert.equal(await alice.ended(), 'NORMAL_CLEARING') // of the call before
    }
    assert.equal(alice.place.rang, 2)
  })
}

test('an agent whose call is over can press nothing and hang up nothing, and the failure says so at once', async t => {
  const sim = simulate(t)
  const alice = sim.agent('alice')
  const caller = sim.call(queueEntry, support)
  await alice.ready()
  await alice.hears('whisper/press-1')
  await alice.hangsUp()
  const now = sim.clock.now()
  await assert.rejects(
    alice.presses('1'),
    /^AssertionError.*: alice cannot press 1: nobody is on the line, the call ended with NORMAL_CLEARING\. What happened:\n.*alice hears whisper/s,
  )
  await assert.rejects(alice.hangsUp(), /alice cannot hang up: nobody is on the line/)
  assert.equal(sim.clock.now(), now)
  await caller.hangsUp()
  await caller.outcome()
})

test('an agent whose telephone has never rung can press nothing and hang up nothing', async t => {
  const sim = simulate(t)
  const alice = sim.agent('alice')
  await assert.rejects(alice.presses('1'), /alice cannot press 1: the telephone has not rung yet/)
  await assert.rejects(alice.hangsUp(), /alice cannot hang up: the telephone has not rung yet/)
})

test('a caller who has hung up can press nothing and cannot hang up again', async t => {
  const sim = simulate(t)
  const caller = sim.call(queueEntry, support)
  await caller.hears('music moh/calm')
  await caller.hangsUp()
  await assert.rejects(caller.presses('1'), /caller cannot press 1: nobody is on the line/)
  await assert.rejects(caller.hangsUp(), /caller cannot hang up: nobody is on the line/)
  await caller.outcome()
})

test('an expectation that music is not heard fails when it is', async t => {
  const sim = simulate(t)
  const caller = sim.call(queueEntry, support)
  await assert.rejects(caller.doesNotHear('music moh/calm', '30s'), /caller does not hear music moh\/calm/)
  await caller.hangsUp()
  await caller.outcome()
})
