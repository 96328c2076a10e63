/** How many leads are called now, which leads are called again, and which states a campaign may enter. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { InputError } from '../../src/base/errors.ts'
import { ms } from '../../src/base/duration.ts'
import { DIAL_OUTCOMES } from '../../src/switch/hangup-cause.ts'
import { parseNumberLimits, parseRetry, sayNumberLimits, sayRetry } from '../../src/campaign/calling-settings.ts'
import { campaignFrom, LEGAL, sources } from '../../src/campaign/campaign.ts'
import { windowOf } from '../../src/campaign/dial-capacity.ts'
import {
  ATTEMPT_ENDS,
  dialEnd,
  FLOW_DISPOSITIONS,
  isAttemptEnd,
  isDisposition,
  meaningOf,
  type AttemptEnd,
} from '../../src/campaign/disposition.ts'
import { backOffMs, dialNow, type Snapshot } from '../../src/campaign/dial-limits.ts'
import { nextCall, type EndedAttempt } from '../../src/campaign/next-call.ts'

const plenty: Snapshot = {
  free: 3,
  wanted: 3,
  wantedWhy: 'agents',
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
  assert.equal(dialNow({ ...plenty, wanted: 1 }).howMany, 1)
  assert.deepEqual(dialNow({ ...plenty, wanted: 0 }), { howMany: 0, why: 'agents', againMs: null })
})

test('whatever stands in the way is named', () => {
  const why = (seen: Partial<Snapshot>) => dialNow({ ...plenty, ...seen }).why
  assert.equal(why({ free: 0, wanted: 0, wantedWhy: 'no-agents' }), 'no-agents')
  assert.equal(why({ leads: 0 }), 'no-leads')
  assert.equal(why({ leads: 2 }), 'leads')
  assert.equal(why({ lines: 0 }), 'lines')
  assert.equal(why({ switchUp: false }), 'switch-down')
  assert.deepEqual(dialNow({ ...plenty, backOffMs: 700 }), { howMany: 0, why: 'backing-off', againMs: 700 })
  assert.deepEqual(dialNow({ ...plenty, starts: 1, nextStartMs: 150 }), { howMany: 1, why: 'cps', againMs: 150 })
})

test('nobody is called beyond any limit, whichever it is', () => {
  for (let bits = 0; bits < 3 ** 4; bits++) {
    const [wanted, leads, lines, starts] = [0, 1, 2, 3].map(at => Math.floor(bits / 3 ** at) % 3) as [
      number,
      number,
      number,
      number,
    ]
    const { howMany } = dialNow({ ...plenty, wanted, leads, lines, starts })
    assert.equal(howMany, Math.min(wanted, leads, lines, starts))
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
    'sale',
    'machine',
    'silence',
    'abandoned',
    'message',
    'voicemail',
    'transferred',
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

const number = (position: number, attempts: number, closed = false) => ({
  ...{ position, phone: `+4930123400${position}`, place: 1 },
  attempts,
  closed,
})
/** The only number of a lead was called so many times. */
const once = (end: AttemptEnd, attempts: number, now: number, more: Partial<EndedAttempt> = {}): EndedAttempt => ({
  ...{ end, now, numbers: [number(0, attempts)], current: 0, sameEnds: attempts },
  ...more,
})
const again = (campaign: Parameters<typeof nextCall>[0], ended: EndedAttempt) => nextCall(campaign, ended).again

test('a person who was abandoned is not called again for 72 hours', () => {
  assert.equal(again({ retry: {}, maxAttempts: 3 }, once('abandoned', 1, 1_000)), 1_000 + 72 * 3_600_000)
})

test('a busy lead is called again after the time the campaign says, until the attempts are used up', () => {
  const campaign = { retry: { busy: { after: '5m' } }, maxAttempts: 2 }
  assert.equal(again(campaign, once('busy', 1, 0)), 300_000)
  assert.equal(again(campaign, once('busy', 2, 0)), null)
  assert.equal(again({ retry: {}, maxAttempts: 2 }, once('busy', 1, 0)), 600_000)
  assert.equal(again({ retry: { busy: { after: 'never' } }, maxAttempts: 2 }, once('busy', 1, 0)), null)
})

test('each end of a call has its own number of calls', () => {
  const campaign = { retry: { busy: { after: '10m', most: 2 }, 'no-answer': { most: 5 } }, maxAttempts: 9 }
  assert.equal(again(campaign, once('busy', 3, 0, { sameEnds: 1 })), 600_000)
  assert.equal(again(campaign, once('busy', 4, 0, { sameEnds: 2 })), null)
  assert.equal(again(campaign, once('no-answer', 5, 0, { sameEnds: 4 })), 7_200_000)
  assert.equal(again(campaign, once('no-answer', 5, 0, { sameEnds: 5 })), null)
})

test('who opted out is never called again, whatever a campaign says', () => {
  assert.equal(again({ retry: { 'opted-out': { after: '1m' } }, maxAttempts: 9 }, once('opted-out', 1, 0)), null)
  const retry = { 'opted-out': { after: '1m' } }
  assert.throws(() => campaignFrom({ name: 'spring', queue: 'sales', retry }), InputError)
})

test('who asked to be called at a time is called at that time, also when the attempts are used up', () => {
  const campaign = { retry: {}, maxAttempts: 1 }
  assert.equal(again(campaign, once('callback', 1, 1_000, { wanted: 50_000 })), 50_000)
  assert.equal(again(campaign, once('callback', 1, 60_000, { wanted: 50_000 })), 60_000)
  assert.equal(again(campaign, once('callback', 1, 1_000)), null)
})

test('a lead with several numbers is called at the next one at once, and at the first one after the pause', () => {
  const campaign = { retry: {}, maxAttempts: 2 }
  const numbers = [number(0, 1), number(1, 0), number(2, 0)]
  const ended = { ...once('busy', 1, 0), numbers, sameEnds: 1 }
  assert.deepEqual(nextCall(campaign, ended), { again: 0, position: 1, closes: false })
  const last = { ...ended, numbers: [number(0, 1), number(1, 1), number(2, 1)], current: 2 }
  assert.deepEqual(nextCall(campaign, last), { again: 600_000, position: 0, closes: false })
  assert.deepEqual(nextCall({ ...campaign, retry: { busy: { nextNumber: false } } }, ended), {
    ...{ again: 600_000, position: 0, closes: false },
  })
  // a machine answered: the same number, as long as the campaign does not say otherwise
  assert.equal(nextCall(campaign, { ...ended, end: 'machine' }).position, 0)
  assert.equal(
    nextCall({ ...campaign, retry: { machine: { nextNumber: true } } }, { ...ended, end: 'machine' }).position,
    1,
  )
})

test('a number that does not exist is not called again, and the other numbers of the lead are', () => {
  const campaign = { retry: {}, maxAttempts: 3 }
  const numbers = [number(0, 1), number(1, 0)]
  const invalid = { ...once('invalid', 1, 0), numbers }
  assert.deepEqual(nextCall(campaign, invalid), { again: 0, position: 1, closes: true })
  const both = { ...invalid, numbers: [number(0, 1, true), number(1, 1)], current: 1 }
  assert.equal(nextCall(campaign, both).again, null)
  const first = { ...invalid, numbers: [number(0, 1), number(1, 1)], current: 1 }
  assert.deepEqual(nextCall(campaign, first), { again: 7_200_000, position: 0, closes: true })
  assert.equal(nextCall(campaign, once('invalid', 1, 0)).again, null)
})

test('a number that is on a list is left out, and a person who talked is done whatever numbers are left', () => {
  const numbers = [number(0, 1), number(1, 0)]
  const campaign = { retry: {}, maxAttempts: 3 }
  assert.deepEqual(nextCall(campaign, { ...once('machine', 1, 0), numbers, blocked: true }), {
    ...{ again: 0, position: 1, closes: true },
  })
  for (const end of ['talked', 'declined', 'opted-out'] as const)
    assert.equal(nextCall(campaign, { ...once(end, 1, 0), numbers }).again, null, end)
})

test('retry rules and limits are written as they are read', () => {
  for (const text of ['busy:10m/3, no-answer:2h/4/next-number, invalid:never', 'machine:/same-number'])
    assert.equal(sayRetry(parseRetry(text)), text)
  assert.deepEqual(parseRetry('none'), {})
  assert.equal(sayNumberLimits(parseNumberLimits('3/24h,7/7d')), '3/1d, 7/7d')
  for (const text of ['gone:1m', 'busy:soon', 'busy', 'busy:1m/0', 'busy:1m/never', 'opted-out:1h'])
    assert.throws(() => parseRetry(text), InputError, text)
  for (const text of ['3', '0/24h', '3/1s', '3/60d', '1/1h,2/2h,3/3h,4/4h,5/5h'])
    assert.throws(() => parseNumberLimits(text), InputError, text)
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
    retry: { gone: { after: '1m' }, busy: { after: 'soon' } },
    timeZone: 'Mars',
    holidays: ['Bavaria'],
    numberLimits: [{ most: 0, withinMs: 1 }],
    rules: 'mars',
  }
  assert.throws(
    () => campaignFrom(wrong),
    (error: InputError) => error.message.split('\n').length === 16,
  )
  assert.equal(campaignFrom({ name: 'spring', queue: 'sales' }).maxAttempts, 3)
})
