/** The order in which a node serves those who come at once. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VirtualClock } from '#testing'
import type { Clock } from '../../src/base/clock.ts'
import { Burst } from '../../src/call/burst.ts'

/** A turn of the event loop takes a millisecond. */
function slowTurns() {
  const clock = new VirtualClock()
  const turns: Clock = { now: () => clock.now(), monotonic: () => clock.monotonic(), after: (ms, fn) => clock.after(Math.max(1, ms), fn), turn: fn => void clock.after(1, fn) }
  return { clock, turns, burst: new Burst(turns) }
}

test('who comes in a burst waits until nobody comes any more, and no longer than a third of a second', async () => {
  const { clock, turns, burst } = slowTurns()
  burst.add()
  const alone = clock.monotonic()
  await clock.runUntil(burst.over(), 1_000)
  assert.ok(clock.monotonic() - alone <= 3)
  const coming = () => {
    burst.add()
    if (clock.monotonic() < 2_000) turns.after(0, coming)
  }
  coming()
  const began = clock.monotonic()
  await clock.runUntil(burst.over(), 1_000)
  assert.ok(clock.monotonic() - began <= 302, `${clock.monotonic() - began} ms`)
})

test('a new caller waits until everybody who was driven before is served, and no longer than two seconds', async () => {
  const { clock, burst } = slowTurns()
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

test('a handful of calls that come back is no takeover, the calls of a dead node are one', () => {
  const { burst } = slowTurns()
  const coming = Array.from({ length: 5 }, () => {
    assert.equal(burst.takesOver, false)
    return burst.drivenCall()
  })
  assert.equal(burst.takesOver, true)
  coming[0]![Symbol.dispose]()
  assert.equal(burst.takesOver, false)
})
