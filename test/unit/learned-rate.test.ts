/** How a dialer learns how many calls a second a FreeSWITCH takes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LearnedRate } from '../../src/campaign/learned-rate.ts'

test('a FreeSWITCH that never refused gets as many calls as there are', () => {
  const rate = new LearnedRate()
  rate.started(500, 0)
  assert.equal(rate.left(1).calls, Infinity)
})

test('of twenty calls it took two: it gets two in the next second, and is tried with one more after that', () => {
  const rate = new LearnedRate()
  rate.started(20, 0)
  for (let n = 0; n < 18; n++) rate.refused(250)
  assert.deepEqual(rate.left(500), { calls: 0, againMs: 500 })
  assert.equal(rate.left(1_000).calls, 2)
  rate.started(2, 1_000)
  assert.deepEqual(rate.left(1_100), { calls: 0, againMs: 900 })
  assert.equal(rate.left(2_000).calls, 3)
  rate.started(3, 2_000)
  rate.refused(2_250)
  assert.equal(rate.left(3_000).calls, 2)
})

test('a FreeSWITCH that took no call at all gets one a second, and all of them a few seconds after it takes calls again', () => {
  const rate = new LearnedRate()
  rate.started(50, 0)
  for (let n = 0; n < 50; n++) rate.refused(250)
  assert.equal(rate.left(1_100).calls, 1)
  assert.equal(rate.left(10_250).calls >= 50, true)
  assert.equal(rate.left(20_250).calls, Infinity)
})

test('whatever is refused, one call a second is left', () => {
  const rate = new LearnedRate()
  for (let n = 0; n < 10; n++) rate.refused(n * 5_000)
  assert.ok(rate.left(60_000).calls >= 1, 'a campaign that dials nobody would never learn that it may')
})
