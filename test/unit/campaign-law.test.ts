/** The laws: what they count, over which time, what an answered call is, and that a campaign is never laxer. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { campaignFrom, lawAfter } from '../../src/campaign/campaign.ts'
import { ATTEMPT_ENDS, meaningOf } from '../../src/campaign/disposition.ts'
import { counted } from '../../src/campaign/law/counting.ts'
import { checkLaw, LAW_NAMES, policyOf } from '../../src/campaign/law/laws.ts'
import { pacingPolicy } from '../../src/campaign/law-now.ts'
import { countsAs, type AnsweredCall } from '../../src/campaign/law/verdict.ts'
import { windowAt, windowsUpTo } from '../../src/campaign/law/windows.ts'
import { checkOwn, storedWord, wordFrom } from '../../src/campaign/own-dispositions.ts'

const DAY = 86_400_000
const NOON = Date.UTC(2026, 2, 10, 12)

test('with ofcom_uk_drop_calc 29 drops, 9 people and 7 machines are 64.44 %, as VICIdial documents', () => {
  const { live, abandoned } = counted(
    { served: 9, abandoned: 29, machines: 7, detected: 0 },
    policyOf({ name: 'ofcom' }),
  )
  assert.equal((abandoned / live).toFixed(4), '0.6444')
})

test('people whom detection took for machines are added in the British count, and nowhere else', () => {
  const sums = { served: 90, abandoned: 0, machines: 0, detected: 200 }
  const law = { name: 'ofcom', detectionErrors: 0.01 }
  assert.deepEqual(counted(sums, policyOf(law)), { live: 92, abandoned: 2 })
  assert.deepEqual(counted(sums, policyOf({ name: 'ftc' })), { live: 90, abandoned: 0 })
  assert.deepEqual(counted({ served: 0, abandoned: 3, machines: 0, detected: 0 }, policyOf(law)), {
    live: 3,
    abandoned: 3,
  })
})

test('whatever the window of the law is, some people are held back, and no end is counted on: agents may go home at any time', () => {
  for (const name of ['strict', 'ftc']) {
    const policy = policyOf({ name })
    const { target, endsAt } = pacingPolicy(policy, 1_000)
    assert.equal((1_000 * target).toFixed(2), (30 - 0.6 * Math.sqrt(39)).toFixed(2), name)
    assert.equal(endsAt, null)
    assert.ok(pacingPolicy(policy, 1_000_000).target > 0.0298, 'of very many people hardly anybody')
    assert.ok(pacingPolicy(policy, 0).target > 0.02, 'a campaign that begins is dialled too')
  }
})

test('a law counts over its own time: 30 days from the start, any 24 hours, or a calendar month', () => {
  const began = Date.UTC(2026, 0, 5, 8)
  const times = { began, timeZone: 'Europe/Berlin' }
  assert.deepEqual(windowAt('campaign', times, began + 29 * DAY), { from: began, to: began + 30 * DAY })
  assert.deepEqual(windowAt('campaign', times, began + 30 * DAY), { from: began + 30 * DAY, to: began + 60 * DAY })
  assert.equal(windowAt('campaign', times, began - 1).from, began)
  assert.deepEqual(windowAt('day', times, NOON), { from: NOON + 1 - DAY, to: NOON + 1 })
  // in Berlin the clocks are put forward on 29 March
  assert.deepEqual(windowAt('month', times, NOON), { from: Date.UTC(2026, 1, 28, 23), to: Date.UTC(2026, 2, 31, 22) })
  assert.deepEqual(windowAt('month', { began, timeZone: 'America/Los_Angeles' }, Date.UTC(2026, 11, 31, 23)), {
    from: Date.UTC(2026, 11, 1, 8),
    to: Date.UTC(2027, 0, 1, 8),
  })
  const days = windowsUpTo('day', { began: NOON - 2.5 * DAY, timeZone: 'UTC' }, NOON, 9)
  assert.deepEqual(
    days.map(({ from, to }) => [from - NOON, to - NOON]),
    [0, 1, 2].map(n => [1 - (n + 1) * DAY, 1 - n * DAY]),
  )
  assert.equal(windowsUpTo('campaign', times, began - 1, 9).length, 1)
})

const call: AnsweredCall = {
  end: 'talked',
  byAgent: false,
  answeredAt: 0,
  greetedAt: 1_500,
  connectedAt: 3_400,
  unserved: false,
}

test('two seconds begin at the end of the greeting in America, and at the answer in Britain', () => {
  const [ftc, ofcom] = [policyOf({ name: 'ftc' }), policyOf({ name: 'ofcom' })]
  assert.deepEqual([countsAs(call, ftc), countsAs(call, ofcom)], ['served', 'abandoned'])
  assert.equal(countsAs({ ...call, connectedAt: 3_501 }, ftc), 'abandoned')
  assert.equal(countsAs({ ...call, greetedAt: null }, ftc), 'abandoned', 'without a greeting the answer counts')
  assert.equal(countsAs({ ...call, answeredAt: null, greetedAt: null }, ftc), 'served', 'nothing is known')
})

test('whoever got no agent was abandoned, whatever the flow returned, and a machine never was', () => {
  const ftc = policyOf({ name: 'ftc' })
  const alone = { ...call, connectedAt: null, unserved: true }
  for (const end of ['abandoned', 'opted-out', 'declined', 'error', 'hung-up'] as const)
    assert.equal(countsAs({ ...alone, end }, ftc), 'abandoned', end)
  assert.equal(countsAs({ ...alone, end: 'machine' }, ftc), 'machine')
  assert.equal(countsAs({ ...alone, unserved: false, end: 'opted-out' }, ftc), 'served', 'the flow asked for no agent')
  assert.equal(countsAs({ ...alone, unserved: false, end: 'hung-up' }, ftc), 'nobody')
  assert.equal(countsAs({ ...call, end: 'no-answer', byAgent: true }, ftc), 'nobody', 'the agent heard nobody')
  assert.equal(countsAs({ ...call, end: 'error' }, ftc), 'served', 'they talked before the script failed')
})

const refuses = (law: Parameters<typeof checkLaw>[0], message: RegExp, ringForMs = 25_000) =>
  assert.throws(() => checkLaw(law, ringForMs), { code: 'BAD_INPUT', message })

test('a campaign may be stricter than its law, never laxer', () => {
  checkLaw(
    { name: 'ftc', maxAbandoned: 0.02, connectWithinMs: 1_500, deadlineFrom: 'answer', window: 'day', lockMs: DAY },
    15_000,
  )
  checkLaw({ name: 'ofcom', detectionErrors: 0.02 }, 15_000)
  refuses({ name: 'ftc', maxAbandoned: 0.05 }, /max_abandoned is 5 %; the law ftc allows at most 3 %/)
  refuses({ name: 'ftc', connectWithinMs: 2_001 }, /connect_within/)
  refuses({ name: 'ofcom', lockMs: DAY }, /abandoned_lock is 1d; the law ofcom allows 3d or more/)
  refuses({ name: 'ofcom', deadlineFrom: 'greeting' }, /deadline_from is greeting/)
  refuses({ name: 'crtc', window: 'campaign' }, /abandoned_window is campaign; the law crtc allows month or day/)
  refuses({ name: 'ftc', count: 'ofcom' }, /abandoned_count/)
  refuses({ name: 'ftc', detectionErrors: 0.02 }, /detection_errors count only/)
  refuses({ name: 'mars' }, /law is 'mars'; known: strict, ftc, ofcom, crtc, custom/)
  refuses({ name: 'custom' }, /ring_for is 14s/, 14_000)
  refuses({ name: 'ftc', maxAbandoned: 0.05, connectWithinMs: 3_000 }, /max_abandoned.*; connect_within/)
})

test('the law of another country has the numbers of the campaign, and the strictest where it has none', () => {
  checkLaw({ name: 'custom', maxAbandoned: 0.1, connectWithinMs: 5_000, lockMs: 0, window: 'month' }, 20_000)
  const { maxAbandoned, window, lockMs } = policyOf({ name: 'custom', maxAbandoned: 0.1 })
  assert.deepEqual([maxAbandoned, window, lockMs], [0.1, 'day', 3 * DAY])
  assert.equal(policyOf({ name: 'a law of the future', maxAbandoned: 0.01 }).maxAbandoned, 0.01)
  assert.equal(policyOf({ name: 'ftc', maxAbandoned: undefined }).maxAbandoned, 0.03)
})

test('to name a law gives up the numbers that are not given with it', () => {
  const before = { name: 'custom', maxAbandoned: 0.1 }
  assert.deepEqual(lawAfter(before, { lockMs: 0 }), { name: 'custom', maxAbandoned: 0.1, lockMs: 0 })
  assert.deepEqual(lawAfter(before, { name: 'ftc', connectWithinMs: 1_000 }), { name: 'ftc', connectWithinMs: 1_000 })
  assert.deepEqual(campaignFrom({ name: 'spring', queue: 'sales' }).law, { name: 'strict' })
})

test('every law names its source, and none of its limits is laxer than what the database allows', () => {
  for (const name of LAW_NAMES) {
    const { source, means, unchecked, minRingMs, ...law } = policyOf({ name })
    assert.ok(source.length > 10 && means.length > 10 && minRingMs >= 15_000 && minRingMs <= 120_000, name)
    for (const number of unchecked) assert.ok(number in law || number === 'minRingMs', `${name}: ${number}`)
  }
})

test('the page about dispositions says of each what the code does', () => {
  const page = readFileSync(new URL('../../docs/dispositions.md', import.meta.url), 'utf8')
  const rows = [...page.matchAll(/^\| `([a-z-]+)` \|(.*)\|$/gm)].map(([, end = '', cells = '']) => {
    const [, by, letters, again, says] = cells.split('|').map(cell => cell.trim())
    return { end, by, letters, again, says }
  })
  const written = ATTEMPT_ENDS.map(end => {
    const { by, agent, status, again, fixed, human, is } = meaningOf(end)
    const letters = [...new Set([status.system, status.agent])].filter(Boolean).join(', ')
    return {
      ...{ end, letters, by: `${by === 'switchhook' ? 'Switchhook' : by}${agent ? ', agent' : ''}` },
      again: end === 'callback' ? '1h, or the time that the person named' : `${again}${fixed ? ', always' : ''}`,
      says: [...(human ? ['human'] : []), ...is].join(', '),
    }
  })
  assert.deepEqual(rows, written)
})

test('the letters of VICIdial lead to one disposition each', () => {
  for (const by of ['system', 'agent'] as const) {
    const letters = ATTEMPT_ENDS.flatMap(end => (meaningOf(end).status as Record<string, string>)[by] ?? [])
    assert.equal(new Set(letters).size, letters.length)
  }
  const word = (text: string) => wordFrom(text, []).name
  assert.deepEqual(['A', 'B', 'N', 'DC', 'DNC', 'SALE', 'ni', 'callbk', 'machine'].map(word), [
    'machine',
    'busy',
    'no-answer',
    'invalid',
    'opted-out',
    'sale',
    'declined',
    'callback',
    'machine',
  ])
  for (const text of ['AA', 'DROP', 'abandoned', 'lost', '']) assert.throws(() => word(text), { code: 'BAD_INPUT' })
})

test('a disposition of a campaign has a name and letters that no other one has', () => {
  const row = { name: 'no-budget', behavesAs: 'declined', status: 'NOBUD', means: 'no money', again: '30d' }
  checkOwn(row, [row])
  assert.deepEqual(wordFrom('nobud', [row]), { name: 'no-budget', as: 'declined', again: '30d' })
  const wrong = (change: Partial<typeof row>, message: RegExp) =>
    assert.throws(() => checkOwn({ ...row, ...change }, [{ ...row, name: 'other', status: 'OTHER' }]), { message })
  wrong({ name: 'sale' }, /'sale' is a built-in disposition/)
  wrong({ name: 'No Budget' }, /lower-case letters/)
  wrong({ behavesAs: 'abandoned' }, /as is 'abandoned'; allowed: talked, sale/)
  wrong({ behavesAs: 'opted-out' }, /'opted-out' allows only never/)
  wrong({ status: 'SALE' }, /status SALE is that of 'sale'/)
  wrong({ status: 'OTHER' }, /status OTHER is that of 'other'/)
  wrong({ again: 'soon' }, /soon/)
  assert.deepEqual(storedWord('no-budget', []), { name: 'no-budget', as: 'talked', again: null })
})
