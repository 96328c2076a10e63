import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VirtualClock } from '#testing'
import { SwitchhookError } from '../../src/base/errors.ts'
import { Pauses, retry, RETRY, type RetryPolicy } from '../../src/base/retry.ts'

/** A store that fails `times` times, and the times of its requests. */
function store(clock: VirtualClock, times: number) {
  const asked: number[] = []
  const began = clock.monotonic()
  const ask = async () => {
    asked.push(clock.monotonic() - began)
    if (asked.length <= times) throw new SwitchhookError('SERVICE', `away (${asked.length})`)
    return 'done'
  }
  return { ask, asked }
}

test('a caller is served by a store that was away for a moment', async () => {
  const clock = new VirtualClock()
  const { ask, asked } = store(clock, 3)
  const told: string[] = []
  const failed = (error: Error, tries: number) => void told.push(`${tries}: ${error.message}`)
  const policy: RetryPolicy = { pauseMs: 100, forMs: 1_000 }
  assert.equal(await clock.runUntil(retry(ask, { clock, policy, failed }), 2_000), 'done')
  assert.deepEqual(asked, [0, 100, 200, 300])
  assert.deepEqual(told, ['1: away (1)', '2: away (2)', '3: away (3)'])
})

test('whoever waits for a store that stays away is told at the end of their patience, and nothing is tried after it', async () => {
  const clock = new VirtualClock()
  const { ask, asked } = store(clock, Infinity)
  const ended = assert.rejects(retry(ask, { clock, policy: { pauseMs: 400, forMs: 1_000 } }), /away \(3\)/)
  await clock.runUntil(ended, 2_000)
  assert.deepEqual(asked, [0, 400, 800])
  assert.equal(clock.monotonic() - asked[0]!, 1_000)
})

test('an answer is an answer: there is no such queue, however often it is asked for', async () => {
  const clock = new VirtualClock()
  const isTemporary = (error: unknown) => error instanceof SwitchhookError && error.code === 'SERVICE'
  let asked = 0
  const ask = async () => {
    asked++
    throw new SwitchhookError('NOT_FOUND', "there is no queue 'sales'")
  }
  await assert.rejects(retry(ask, { clock, policy: RETRY.queueForCaller, isTemporary }), /no queue 'sales'/)
  assert.equal(asked, 1)
})

test('a try that says nothing is given up, and the next one may answer', async () => {
  const clock = new VirtualClock()
  let asked = 0
  const ask = () => (++asked === 1 ? new Promise<string>(() => {}) : Promise.resolve('done'))
  assert.equal(await clock.runUntil(retry(ask, { clock, policy: RETRY.leadAnswered }), 2_000), 'done')
  assert.equal(asked, 2)
  const silent = retry(() => new Promise(() => {}), { clock, policy: RETRY.leadAnswered })
  await clock.runUntil(assert.rejects(silent, /SwitchhookError: there was no answer within/), 2_000)
})

test('nothing is tried again for a caller who has hung up', async () => {
  const clock = new VirtualClock()
  const { ask, asked } = store(clock, Infinity)
  const call = new AbortController()
  const ended = assert.rejects(
    retry(ask, { clock, policy: RETRY.queueForCaller, signal: call.signal }),
    /the caller has hung up/,
  )
  await clock.advance(300)
  call.abort(new Error('the caller has hung up'))
  await ended
  await clock.advance(10_000)
  assert.deepEqual(asked, [0, 250])
})

test('the pauses to a lost FreeSWITCH grow to four seconds, are not in step, and begin anew after a success', () => {
  const pauses = new Pauses(RETRY.switchLink)
  const [first, ...rest] = Array.from({ length: 12 }, () => pauses.next())
  assert.ok(first! >= 100 && first! <= 200)
  assert.ok(rest.every(pause => pause <= 4_000))
  assert.ok(rest.slice(5).every(pause => pause >= 2_000))
  assert.ok(new Set(rest.slice(5)).size > 1)
  pauses.reset()
  assert.ok(pauses.next() <= 200)
})

test('whoever waits for a retry does not wait for longer than a caller may hear nothing', () => {
  const waitedFor = [RETRY.queueForCaller, RETRY.takeDrivenCall, RETRY.leadAnswered]
  assert.ok(waitedFor.every(({ forMs }) => forMs <= 10_000))
})
