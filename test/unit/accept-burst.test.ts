/** The order in which a node serves calls that arrive at once. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VirtualClock } from '#testing'
import { AcceptBurst } from '../../src/call/accept-burst.ts'

function openBurst() {
  const clock = new VirtualClock()
  return { clock, burst: new AcceptBurst(clock) }
}

test('a new caller waits until everybody who was driven before is served, and no longer than two seconds', async () => {
  const { clock, burst } = openBurst()
  await burst.drivenFirst()
  assert.equal(clock.monotonic(), 0, 'alone nobody waits')
  const [first, second] = [burst.drivenCall(), burst.drivenCall()]
  let begun = 0
  const callers = [burst.drivenFirst(), burst.drivenFirst()].map(wait => wait.then(() => void begun++))
  first[Symbol.dispose]()
  await clock.settle()
  assert.equal(begun, 0)
  second[Symbol.dispose]()
  await Promise.all(callers)
  assert.equal(begun, 2)
  burst.drivenCall()
  await clock.runUntil(burst.drivenFirst(), 2_001)
  assert.equal(clock.monotonic(), 2_000)
})

test('a handful of calls that come back is no takeover, the calls of a dead node are one until five seconds after the last of them', async () => {
  const { burst, clock } = openBurst()
  const coming = Array.from({ length: 5 }, () => {
    assert.equal(burst.takesOver, false)
    return burst.drivenCall()
  })
  assert.equal(burst.takesOver, true)
  coming[0]![Symbol.dispose]()
  await clock.advance(4_900)
  assert.equal(burst.takesOver, true)
  await clock.advance(200)
  assert.equal(burst.takesOver, false)
})
