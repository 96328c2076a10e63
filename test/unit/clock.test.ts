/** The clock of the machine: timers of any length, although Node's own end after 24.8 days. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MessageChannel } from 'node:worker_threads'
import { afterReading, systemClock } from '../../src/base/clock.ts'
import { MachineClock, VirtualClock } from '../../src/testing/index.ts'

const DAY_MS = 86_400_000
const LONGEST_MS = 2 ** 31 - 1

test('a wrap-up of 30 days is waited for, and Node is never asked for a timer that it cannot keep', t => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const asked: number[] = []
  const mocked = globalThis.setTimeout
  t.mock.method(globalThis, 'setTimeout', (fn: () => void, ms: number) => (asked.push(ms), mocked(fn, ms)))
  let ended = 0
  systemClock.after(30 * DAY_MS, () => ended++)
  t.mock.timers.tick(LONGEST_MS)
  assert.equal(ended, 0, 'after 24.8 days it goes on')
  t.mock.timers.tick(30 * DAY_MS - LONGEST_MS - 1)
  assert.equal(ended, 0, 'a millisecond before its end it goes on')
  t.mock.timers.tick(1)
  assert.equal(ended, 1)
  assert.deepEqual(asked, [LONGEST_MS, 30 * DAY_MS - LONGEST_MS])
})

test('a long timer can be cancelled in each of its parts, and one without an end never comes', t => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const never = () => assert.fail('it was cancelled, or has no end')
  const first = systemClock.after(30 * DAY_MS, never)
  const second = systemClock.after(30 * DAY_MS, never)
  const endless = systemClock.after(Infinity, never)
  first.cancel()
  t.mock.timers.tick(LONGEST_MS)
  second.cancel()
  t.mock.timers.tick(10 * LONGEST_MS)
  endless.cancel()
})

test('the clock of a test keeps long timers as the real one does', async () => {
  const clock = new VirtualClock()
  let ended = 0
  clock.after(30 * DAY_MS, () => ended++)
  const endless = clock.after(Infinity, () => assert.fail('it has no end'))
  await clock.advance(30 * DAY_MS - 1)
  assert.equal(ended, 0)
  await clock.advance(1)
  assert.equal(ended, 1)
  endless.cancel()
})

test('a machine whose clock somebody sets says another time, and its timers come when they should', async () => {
  const time = new VirtualClock()
  const machine = new MachineClock(time, 15_000)
  assert.equal(machine.now() - time.now(), 15_000)
  const rang: number[] = []
  machine.after(30_000, () => rang.push(machine.monotonic()))
  machine.setWallClock(-3_600_000)
  assert.equal(machine.now() - time.now(), 15_000 - 3_600_000)
  await time.advance(30_000)
  assert.deepEqual(rang, [30_000])
})

test('a process that stood still reads what has come meanwhile before it takes anybody for silent', async () => {
  const { port1, port2 } = new MessageChannel()
  let silent = false
  const heard = new Promise<void>(resolve => {
    const limit = afterReading(systemClock, 20, () => {
      silent = true
      resolve()
    })
    port2.once('message', () => {
      limit.cancel()
      resolve()
    })
  })
  port1.postMessage('here')
  for (const until = performance.now() + 40; performance.now() < until;);
  await heard
  port1.close()
  assert.equal(silent, false)
})
