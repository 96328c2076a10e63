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

test('calls of a dead node are served a few a turn, when no connection was accepted for a turn, and no later than three seconds after they came', async () => {
  const { clock, turns, burst } = slowTurns()
  burst.add()
  await clock.runUntil(burst.myTurn(), 1_000)
  assert.ok(clock.monotonic() <= 3, 'alone it waits for two turns')
  const until = clock.monotonic() + 500
  let greeted = 0
  const coming = () => {
    burst.add()
    greeted = clock.monotonic()
    if (clock.monotonic() < until) turns.after(0, coming)
  }
  coming()
  const served: { call: number; at: number }[] = []
  const calls = Array.from({ length: 10 }, (_, call) => burst.myTurn().then(() => void served.push({ call, at: clock.monotonic() })))
  await clock.runUntil(Promise.all(calls), 1_000)
  assert.deepEqual(served.map(({ call }) => call), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  const first = served[0]!.at
  assert.ok(greeted === until && first > greeted, 'nobody is served while somebody is still being greeted')
  assert.deepEqual(served.map(({ at }) => at - first), [0, 0, 0, 0, 1, 1, 1, 1, 2, 2], 'a few a turn: the next connection is not to wait for ten calls')
  const began = clock.monotonic()
  const always = () => {
    burst.add()
    if (clock.monotonic() < began + 5_000) turns.after(0, always)
  }
  always()
  await clock.runUntil(burst.myTurn(), 4_000)
  assert.ok(clock.monotonic() - began <= 3_002, 'under a steady load somebody always comes')
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

test('a handful of calls that come back is no takeover, the calls of a dead node are one until two seconds after the last of them', async () => {
  const { burst, clock } = slowTurns()
  const coming = Array.from({ length: 5 }, () => {
    assert.equal(burst.takesOver, false)
    return burst.drivenCall()
  })
  assert.equal(burst.takesOver, true)
  coming[0]![Symbol.dispose]()
  await clock.advance(1_900)
  assert.equal(burst.takesOver, true)
  await clock.advance(200)
  assert.equal(burst.takesOver, false)
})
