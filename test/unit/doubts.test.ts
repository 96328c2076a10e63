import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VirtualClock } from '#testing'
import type { Clock } from '../../src/base/clock.ts'
import { silentLog } from '../../src/base/log.ts'
import type { Arrival } from '../../src/call/arrival.ts'
import { Burst } from '../../src/call/burst.ts'
import { Doubts } from '../../src/call/doubts.ts'
import { memoryCalls } from '../../src/call/memory-calls.ts'
import { newUuid } from '../../src/esl/words.ts'

/** Node a, that may have been away, and node b, which lives. */
function awakened() {
  const clock = new VirtualClock()
  const calls = memoryCalls()
  const state = { holds: true }
  const peers = { holds: () => state.holds, addressOf: (node: string) => (node === 'b' ? 'b:1' : null) }
  const doubts = new Doubts({ clock, log: silentLog, node: 'a', calls, peers })
  const arrival = (idle: boolean): Arrival => ({ uuid: newUuid(), path: 'welcome', from: '', fromName: '', to: '', direction: 'in', answered: true, idle, core: '', socketResume: true, key: '' })
  return { clock, calls, state, doubts, arrival }
}

test('a node that was never away doubts nobody', () => {
  assert.equal(awakened().doubts.any, false)
})

test('a call that another node drives by now is left alone by a node that was asleep', async () => {
  const { clock, calls, state, doubts, arrival } = awakened()
  state.holds = false
  assert.equal(doubts.any, true)
  const call = arrival(true)
  await calls.take(call.uuid, 'b', '{}')
  const stale = doubts.isStale(call)
  await clock.advance(500)
  state.holds = true
  assert.equal(await clock.runUntil(stale, 1_000), true)
})

test('a call that waits for nobody else is taken, also in the moment of the awakening', async () => {
  const { clock, calls, doubts, arrival } = awakened()
  doubts.begin()
  assert.equal(await doubts.isStale(arrival(true)), false)
  const dead = arrival(true)
  await calls.take(dead.uuid, 'c', '{}') // a node that is no more
  assert.equal(await doubts.isStale(dead), false)
  assert.equal(await doubts.isStale(arrival(false)), true, 'somebody else plays something to it')
  await clock.advance(2_100)
  assert.equal(doubts.any, false)
})

test('who comes in a burst waits until nobody comes any more, and no longer than a third of a second', async () => {
  const clock = new VirtualClock()
  const turns: Clock = { now: () => clock.now(), monotonic: () => clock.monotonic(), after: (ms, fn) => clock.after(Math.max(1, ms), fn) } // a turn takes a while
  const burst = new Burst(turns)
  burst.add()
  const alone = clock.monotonic()
  await clock.runUntil(burst.over(), 1_000)
  assert.ok(clock.monotonic() - alone <= 2)
  const coming = () => {
    burst.add()
    if (clock.monotonic() < 2_000) turns.after(0, coming)
  }
  coming()
  const began = clock.monotonic()
  await clock.runUntil(burst.over(), 1_000)
  assert.ok(clock.monotonic() - began <= 301, `${clock.monotonic() - began} ms`)
})
