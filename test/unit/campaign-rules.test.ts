/** How many leads are called now, which leads are called again, and which states a campaign may enter. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { InputError } from '../../src/base/errors.ts'
import { ms } from '../../src/base/duration.ts'
import { DIAL_OUTCOMES } from '../../src/switch/hangup-cause.ts'
import { campaignFrom, LEGAL, nextCall, sources } from '../../src/campaign/campaign.ts'
import { windowOf } from '../../src/campaign/dial-capacity.ts'
import {
  ATTEMPT_ENDS,
  dialEnd,
  FLOW_DISPOSITIONS,
  isAttemptEnd,
  isDisposition,
  meaningOf,
} from '../../src/campaign/disposition.ts'
import { backOffMs, dialNow, type Snapshot } from '../../src/campaign/pacing.ts'

const plenty: Snapshot = {
  free: 3,
  unpromised: 3,
  leads: 100,
  lines: 30,
  starts: 5,
  nextStartMs: 0,
  backOffMs: 0,
  switchUp: true,
}

test('one lead is called for each agent who is on the line and free', () => {
  assert.deepEqual(dialNow(plenty), { howMany: 3, why: 'agents', againMs: null })
})

test('an agent to whom a call is on its way gets no second one', () => {
  assert.equal(dialNow({ ...plenty, unpromised: 1 }).howMany, 1)
  assert.deepEqual(dialNow({ ...plenty, unpromised: 0 }), { howMany: 0, why: 'agents', againMs: null })
})

test('whatever stands in the way is named', () => {
  const why = (seen: Partial<Snapshot>) => dialNow({ ...plenty, ...seen }).why
  assert.equal(why({ free: 0, unpromised: 0 }), 'no-agents')
  assert.equal(why({ leads: 0 }), 'no-leads')
  assert.equal(why({ leads: 2 }), 'leads')
  assert.equal(why({ lines: 0 }), 'lines')
  assert.equal(why({ switchUp: false }), 'switch-down')
  assert.deepEqual(dialNow({ ...plenty, backOffMs: 700 }), { howMany: 0, why: 'backing-off', againMs: 700 })
  assert.deepEqual(dialNow({ ...plenty, starts: 1, nextStartMs: 150 }), { howMany: 1, why: 'cps', againMs: 150 })
})

test('nobody is called beyond any limit, whichever it is', () => {
  for (let bits = 0; bits < 3 ** 4; bits++) {
    const [unpromised, leads, lines, starts] = [0, 1, 2, 3].map(at => Math.floor(bits / 3 ** at) % 3) as [
      number,
      number,
      number,
      number,
    ]
    const { howMany } = dialNow({ ...plenty, unpromised, leads, lines, starts })
    assert.equal(howMany, Math.min(unpromised, leads, lines, starts))
  }
  assert.equal(dialNow({ ...plenty, lines: -4 }).howMany, 0)
})

test('a switch that refuses is left alone for 1 s, doubling to 10 s', () => {
  assert.deepEqual([0, 1, 2, 3, 4, 5, 9].map(backOffMs), [0, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000])
})

test('calls per second that are no whole number keep their rate', () => {
  for (const cps of [0.2, 0.5, 1, 1.5, 2.5, 5, 30]) {
    const { most, ms: window } = windowOf(cps)
    assert.ok(most >= 1 && (most / window) * 1_000 <= cps * 1.0001 && (most / window) * 1_000 > cps * 0.99, `${cps}`)
  }
})

test('every disposition says what it means, who says it, and when to call again', () => {
  for (const end of ATTEMPT_ENDS) {
    const { means, by, again } = meaningOf(end)
    assert.ok(means.length > 5 && ['flow', 'dial', 'switchhook'].includes(by), `${end}: ${means} (${by})`)
    assert.ok(again === 'never' || ms(again) >= 60_000, `${end} is called again too soon`)
  }
  assert.deepEqual(FLOW_DISPOSITIONS, [
    'talked',
    'machine',
    'silence',
    'abandoned',
    'declined',
    'callback',
    'opted-out',
    'wrong-number',
  ])
  for (const word of ['busy', 'error', 'toString', undefined]) assert.equal(isDisposition(word), false)
  assert.ok(isAttemptEnd('busy') && !isAttemptEnd(undefined), 'busy is an end, nothing is none')
})

test('whatever the switch makes of a dial is an end of the attempt, except an answer, a refusal and what nobody has heard', () => {
  for (const outcome of DIAL_OUTCOMES) {
    if (outcome === 'answered' || outcome === 'refused' || outcome === 'lost') continue
    assert.equal(meaningOf(dialEnd(outcome)).by, 'dial')
  }
})

test('a person who was abandoned is not called again for 72 hours', () => {
  assert.equal(nextCall({ retryAfter: {}, maxAttempts: 3 }, 'abandoned', 1, 1_000), 1_000 + 72 * 3_600_000)
})

test('a busy lead is called again after the time the campaign says, until the attempts are used up', () => {
  const campaign = { retryAfter: { busy: '5m' }, maxAttempts: 2 }
  assert.equal(nextCall(campaign, 'busy', 1, 0), 300_000)
  assert.equal(nextCall(campaign, 'busy', 2, 0), null)
  assert.equal(nextCall({ retryAfter: {}, maxAttempts: 2 }, 'busy', 1, 0), 600_000)
  assert.equal(nextCall({ retryAfter: { busy: 'never' }, maxAttempts: 2 }, 'busy', 1, 0), null)
})

test('who opted out is never called again, whatever a campaign says', () => {
  assert.equal(nextCall({ retryAfter: { 'opted-out': '1m' }, maxAttempts: 9 }, 'opted-out', 1, 0), null)
  assert.throws(() => campaignFrom({ name: 'spring', queue: 'sales', retryAfter: { 'opted-out': '1m' } }), InputError)
})

test('who asked to be called at a time is called at that time', () => {
  assert.equal(nextCall({ retryAfter: {}, maxAttempts: 9 }, 'callback', 1, 1_000, 50_000), 50_000)
  assert.equal(nextCall({ retryAfter: {}, maxAttempts: 9 }, 'callback', 1, 60_000, 50_000), 60_000)
})

test('only a running campaign can be paused, and a draft cannot be done', () => {
  assert.deepEqual(sources('paused'), ['running'])
  assert.deepEqual(sources('done'), ['running'])
  assert.deepEqual(sources('running').sort(), ['done', 'draft', 'paused', 'stopped'])
  for (const [from, tos] of Object.entries(LEGAL))
    assert.ok(!(tos as readonly string[]).includes(from), `from ${from} to itself`)
})

test('everything that is wrong with a campaign is said at once', () => {
  const wrong = {
    name: 'a b',
    queue: 'x y',
    flow: 'Flow',
    maxLines: 0,
    cps: 0,
    maxAttempts: 0.5,
    ringForMs: 5_000,
    gateway: 'a/b',
    callerId: 'me',
    retryAfter: { gone: '1m', busy: 'soon' },
  }
  assert.throws(
    () => campaignFrom(wrong),
    (error: InputError) => error.message.split('\n').length === 12,
  )
  assert.equal(campaignFrom({ name: 'spring', queue: 'sales' }).maxAttempts, 3)
})
