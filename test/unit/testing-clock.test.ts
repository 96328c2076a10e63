/** Time that moves only when everybody waits for it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sleep } from '../../src/base/clock.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'

test('timers run at their time and in the order in which they were set', async () => {
  const clock = new VirtualClock()
  const began = clock.now()
  const ran: string[] = []
  for (const [ms, name] of [
    [30, 'c'],
    [10, 'a'],
    [30, 'd'],
    [20, 'b'],
  ] as const)
    clock.after(ms, () => ran.push(`${name}${clock.monotonic()}`))
  await clock.advance(29)
  assert.deepEqual(ran, ['a10', 'b20'])
  await clock.advance(1)
  assert.deepEqual(ran, ['a10', 'b20', 'c30', 'd30'])
  assert.equal(clock.now() - began, 30)
})

test('what a timer causes has happened before the next moment comes', async () => {
  const clock = new VirtualClock()
  const ran: string[] = []
  const person = async () => {
    await sleep(clock, 5)
    await Promise.resolve()
    ran.push(`woke at ${clock.monotonic()}`)
    await sleep(clock, 5)
    ran.push(`woke at ${clock.monotonic()}`)
  }
  void person()
  clock.after(6, () => ran.push('six'))
  await clock.advance(10)
  assert.deepEqual(ran, ['woke at 5', 'six', 'woke at 10'])
})

test('a cancelled timer does not run and is not pending', async () => {
  const clock = new VirtualClock()
  const timers = Array.from({ length: 5_000 }, (_, ms) => clock.after(ms + 1, () => assert.fail('was cancelled')))
  clock.after(3, () => {})
  for (const timer of timers) timer.cancel()
  for (const timer of timers) timer.cancel()
  assert.equal(clock.pending().length, 1)
  await clock.advance(10_000)
  assert.deepEqual(clock.pending(), [])
})

test('time jumps to the moment that somebody waits for, and says when it never comes', async () => {
  const clock = new VirtualClock()
  assert.equal(
    await clock.runUntil(
      sleep(clock, 86_400_000).then(() => 'a day later'),
      90_000_000,
    ),
    'a day later',
  )
  assert.equal(clock.monotonic(), 86_400_000)
  let rings = 0
  const ring = () => clock.after(1_000, () => (++rings, void ring()))
  ring()
  assert.equal(await clock.runUntil(() => rings === 3 && 'thrice', 5_000), 'thrice')
  await assert.rejects(
    clock.runUntil(() => rings > 100, 5_000),
    /not reached within 5000 ms/,
  )
  await assert.rejects(
    new VirtualClock().runUntil(() => false, 5_000),
    /no timer is left 0 ms after the start/,
  )
  await assert.rejects(clock.runUntil(Promise.reject(new Error('it broke')), 1_000), /it broke/)
})

test('time stands still while real work is under way', async () => {
  const clock = new VirtualClock()
  let done = false
  const work = new Promise<void>(resolve => setTimeout(() => ((done = true), resolve()), 20))
  clock.after(1, () => assert.ok(done, 'the timer ran before the work was done'))
  void clock.hold(work)
  await clock.advance(5)
  assert.ok(done)
})

test('many timers cost little', async () => {
  const clock = new VirtualClock()
  let ran = 0
  for (let at = 0; at < 100_000; at++) clock.after((at * 7_919) % 1_000, () => ran++)
  await clock.advance(1_000)
  assert.equal(ran, 100_000)
})
