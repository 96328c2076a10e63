/**
 * Since when a node knows every hang-up: it must know that before it may conclude that a telephone was never called.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RecentHangups } from '../../src/switch/recent-hangups.ts'
import { HangupCoverage } from '../../src/switch/hangup-coverage.ts'
import { newUuid } from '../../src/esl/safe-text.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'

const facts = (clock: VirtualClock, core = 'one', upForMs = 60_000) => ({
  core,
  version: '1.10.12',
  recordings: '/tmp',
  startedAt: clock.now() - upForMs,
})
const END = { at: 0, cause: 'USER_BUSY' }

test('two nodes whose clocks are an hour apart agree on a moment of the switch', async () => {
  const [early, late] = [new VirtualClock(), new VirtualClock(Date.UTC(2026, 0, 5, 9))]
  const [a, b] = [early, late].map(clock => new HangupCoverage(clock, new RecentHangups(clock), facts(clock)))
  const before = a!.moment
  await Promise.all([early.advance(5_000), late.advance(5_000)])
  assert.deepEqual(a!.moment, b!.moment)
  assert.equal(b!.allSince(before), true)
  assert.equal(b!.allSince({ ...before, ageMs: before.ageMs - 1 }), false)
})

test('what was heard before the link broke is not what was heard since', async () => {
  const clock = new VirtualClock()
  const heard = new HangupCoverage(clock, new RecentHangups(clock), facts(clock))
  await clock.advance(10_000)
  const { moment } = heard
  await clock.advance(10_000)
  assert.equal(heard.allSince(moment), true)
  heard.begin(facts(clock, 'one', 80_000)) // back again
  assert.equal(heard.allSince(moment), false)
  assert.equal(heard.allSince(heard.moment), true)
  heard.begin(facts(clock, 'two', 500)) // restarted
  assert.equal(heard.allSince({ core: 'one', ageMs: 1_000_000 }), false)
})

test('ends that were forgotten are no longer known, whatever has been heard since', async () => {
  const clock = new VirtualClock()
  const recentHangups = new RecentHangups(clock)
  const heard = new HangupCoverage(clock, recentHangups, facts(clock))
  await clock.advance(1_000)
  const { moment } = heard
  await clock.advance(1_000)
  recentHangups.add(newUuid(), END)
  await clock.advance(119_000)
  recentHangups.add(newUuid(), END)
  assert.equal(heard.allSince(moment), true)
  await clock.advance(2_000)
  recentHangups.add(newUuid(), END)
  assert.equal(heard.allSince(moment), false)
  assert.equal(heard.allSince({ ...moment, ageMs: moment.ageMs + 1_000 }), true) // that one was dropped last
})

test('a time that another node has written is trusted only when it is well after the first event', async () => {
  const clock = new VirtualClock()
  const heard = new HangupCoverage(clock, new RecentHangups(clock), facts(clock))
  await clock.advance(20_000)
  assert.equal(heard.allSinceTime(clock.now() - 15_000), true)
  assert.equal(heard.allSinceTime(clock.now() - 15_001), false)
})
