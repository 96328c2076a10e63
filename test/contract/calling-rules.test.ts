/**
 * Which leads are claimed, in a real database: by the hours of their place, the limits of their number, and lists of
 * numbers that are not called.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseWeek } from '../../src/base/hours.ts'
import type { Campaign } from '../../src/campaign/campaign.ts'
import { refuseAttempt, settleAttempt } from '../../src/campaign/settle-attempt.ts'
import { addDoNotCall, addOptOuts } from '../../src/store/do-not-call.ts'
import { saveHolidays } from '../../src/store/holidays.ts'
import { leadsOf } from '../../src/store/leads.ts'
import { addLead } from '../add-lead.ts'
import { ANN, at, BOB, FLO, HOUR, NOW, openCallingRig } from './calling-rig.ts'

test('each lead is called in the hours of its own clock, and the dialer knows when the next ones begin', async t => {
  const { campaign, list, dialer, THREE } = await openCallingRig(t)
  const spring = await campaign({ rules: 'us' })
  await list(spring, `phone\n${BOB}\n${ANN}\n`)
  const { due, calls } = dialer(spring)
  assert.deepEqual(await due(at('2026-11-30T12:59:59Z')), {
    ...{ ready: 0, nextAt: NOW, promisedBy: [], expiresAt: null },
  })
  assert.deepEqual(await due(NOW), { ready: 1, nextAt: at('2026-11-30T16:00:00Z'), promisedBy: [], expiresAt: null })
  assert.deepEqual(await calls(NOW, THREE), [ANN])
  assert.deepEqual(await calls(at('2026-11-30T15:59:59Z'), THREE), [])
  assert.deepEqual(await calls(at('2026-11-30T16:00:00Z'), THREE), [BOB])
})

test('a lead that is due in the evening is called in the morning, on both days on which the clock changes', async t => {
  const { campaign, list, dialer } = await openCallingRig(t)
  const spring = await campaign({ rules: 'us' })
  for (const [evening, morning] of [
    ['2026-03-08T02:00:00Z', '2026-03-08T12:00:00Z'],
    ['2026-11-01T01:00:00Z', '2026-11-01T13:00:00Z'],
  ] as const) {
    await list(spring, `phone\n${ANN.slice(0, -1)}${evening.slice(6, 7)}\n`, at(evening))
    const { due, calls } = dialer(spring)
    assert.equal((await due(at(evening))).nextAt, at(morning))
    assert.deepEqual(await calls(at(morning) - 1_000), [])
    assert.equal((await calls(at(morning))).length, 1)
  }
})

test('the hours of the campaign count for leads whose zone nobody knows, and a column of the list tells it', async t => {
  const { campaign, list, dialer, THREE } = await openCallingRig(t)
  const spring = await campaign({ hours: parseWeek('Mon-Fri 09:00-17:00'), timeZone: 'Europe/Berlin' })
  await list(spring, 'phone,time_zone\n1001,\n1002,America/Los_Angeles\n1003,Mars/Olympus\n')
  const { calls } = dialer(spring)
  assert.deepEqual(await calls(NOW, THREE), ['1001', '1003'], '16 h in Berlin, 7 h in Los Angeles')
  assert.deepEqual(await calls(at('2026-11-30T17:00:00Z'), THREE), ['1002'])
})

test('on a holiday of their state people are not called, as soon as it is imported', async t => {
  const { sql, campaign, list, dialer, THREE } = await openCallingRig(t)
  const spring = await campaign({ rules: 'us' })
  const alabama = '+12055550104'
  await list(spring, `phone\n${alabama}\n${ANN}\n`)
  const { due, calls } = dialer(spring)
  assert.equal((await due(NOW)).ready, 2)
  await saveHolidays(sql, [{ region: 'US-AL', date: '2026-11-30', name: 'test day' }])
  assert.deepEqual(await calls(NOW + 61_000, THREE), [ANN])
  assert.equal((await due(NOW + 61_000)).nextAt, at('2026-12-01T14:00:00Z'))
})

test('leads that a node of the version before has added get their place before they are called', async t => {
  const { sql, campaign, dialer, THREE } = await openCallingRig(t)
  const spring = await campaign({ rules: 'us' })
  for (const phone of [ANN, BOB]) await addLead(sql, spring.id, phone, NOW)
  const { due, calls } = dialer(spring)
  assert.deepEqual(await due(NOW), { ready: 0, nextAt: NOW, promisedBy: [], expiresAt: null })
  assert.deepEqual(await calls(NOW, THREE), [ANN])
})

test('a number is called as often as its limit allows, whichever campaign calls, and then when the time has passed', async t => {
  const { sql, campaign, list, dialer } = await openCallingRig(t)
  const spring = await campaign({ numberLimits: [{ most: 2, withinMs: 24 * HOUR }], retry: { busy: { after: '1h' } } })
  const autumn = await campaign({ retry: { busy: { after: '1h' } } }, 'autumn')
  for (const one of [spring, autumn]) await list(one, `phone\n${ANN}\n`)
  const busy = async (of: Campaign, now: number) => {
    const { claimed } = await dialer(of).claim(now)
    for (const { attempt } of claimed) await settleAttempt(sql, attempt, 'busy', {}, now + 1_000)
    return claimed.length
  }
  assert.equal(await busy(autumn, NOW), 1)
  assert.equal(await busy(spring, NOW + HOUR), 1)
  // two calls within a day: spring puts the lead off until a day after the first one; autumn has no limit
  const { claimed, putOff } = await dialer(spring).claim(NOW + 3 * HOUR)
  assert.deepEqual([claimed.length, putOff], [0, 1])
  assert.equal((await dialer(spring).due(NOW + 3 * HOUR)).nextAt, NOW + 24 * HOUR)
  assert.equal(await busy(spring, NOW + 24 * HOUR - 1), 0)
  assert.equal(await busy(spring, NOW + 24 * HOUR), 1)
})

test('a call that FreeSWITCH refused does not count for the limit of a number', async t => {
  const { sql, campaign, list, dialer } = await openCallingRig(t)
  const spring = await campaign({ numberLimits: [{ most: 1, withinMs: 24 * HOUR }] })
  await list(spring, `phone\n${ANN}\n`)
  const { claim } = dialer(spring)
  const [first] = (await claim(NOW)).claimed
  await refuseAttempt(sql, first!.attempt, 'GATEWAY_DOWN', NOW + 10_000, NOW)
  assert.equal((await claim(NOW + 10_000)).claimed.length, 1)
})

test('calls that were refused use up nothing: no attempt, no limit of the state, of the campaign or of an end', async t => {
  const { sql, campaign, list, dialer } = await openCallingRig(t)
  const limits = {
    numberLimits: [{ most: 3, withinMs: 24 * HOUR }],
    retry: { busy: { after: '1m', most: 3 } },
  } as const
  const spring = await campaign({ rules: 'us', maxAttempts: 3, ...limits })
  await list(spring, `phone\n${FLO}\n`)
  let now = NOW
  const next = async () => (await dialer(spring).claim((now += 600_000))).claimed[0]?.attempt
  const refusals = ['GATEWAY_DOWN', 'NOT_SENT', 'NORMAL_TEMPORARY_FAILURE']
  for (const cause of refusals) {
    await refuseAttempt(sql, (await next())!, cause, now, now)
    await settleAttempt(sql, (await next())!, 'busy', {}, now + 1_000)
  }
  const [lead] = await sql<{ state: string; attempts: number }[]>`select state, attempts from leads`
  assert.deepEqual({ ...lead }, { state: 'done', attempts: 3 })
  assert.equal(await next(), undefined)
})

test('people in Florida are called three times in a day at most, by the rules of their state', async t => {
  const { sql, campaign, list, dialer, THREE } = await openCallingRig(t)
  const spring = await campaign({ rules: 'us', maxAttempts: 9, retry: { busy: { after: '1m' } } })
  await list(spring, `phone\n${FLO}\n${ANN}\n`)
  const called: string[] = []
  for (let n = 0; n < 5; n++) {
    const now = NOW + n * 600_000
    for (const { attempt, phone } of (await dialer(spring).claim(now, THREE)).claimed) {
      called.push(phone)
      await settleAttempt(sql, attempt, 'busy', {}, now + 1_000)
    }
  }
  assert.deepEqual([called.filter(one => one === FLO).length, called.filter(one => one === ANN).length], [3, 5])
})

test('two campaigns never call one number at the same time, not even when both look in the same moment', async t => {
  const { sql, campaign, list, dialer } = await openCallingRig(t)
  const names = ['spring', 'summer', 'autumn', 'winter']
  const all = await Promise.all(names.map(name => campaign({}, name)))
  for (const one of all) await list(one, `phone\n${ANN}\n${BOB}\n${FLO}\n`)
  const claims = await Promise.all(all.map(one => dialer(one).claim(NOW, ['a', 'b', 'c'])))
  const called = claims.flatMap(({ claimed }) => claimed.map(({ phone }) => phone))
  assert.deepEqual([...called].sort(), [ANN, BOB, FLO].sort())
  const open = await sql<{ phone: string }[]>`select phone from attempts where state <> 'ended'`
  assert.equal(open.length, 3)
  const [first] = claims.flatMap(({ claimed }) => claimed)
  await settleAttempt(sql, first!.attempt, 'talked', {}, NOW + 30_000)
  const later = await Promise.all(all.map(one => dialer(one).calls(NOW + 120_000, ['a', 'b', 'c'])))
  assert.ok(!later.flat().some(phone => phone !== first!.phone), 'the others are still called')
})

test('a number at which a person was abandoned is not called for 72 hours, by any campaign', async t => {
  const { sql, campaign, list, dialer } = await openCallingRig(t)
  const [spring, autumn] = [await campaign(), await campaign({}, 'autumn')]
  for (const one of [spring, autumn]) await list(one, `phone\n${ANN}\n`)
  const [first] = (await dialer(spring).claim(NOW)).claimed
  await settleAttempt(sql, first!.attempt, 'abandoned', {}, NOW + 30_000)
  for (const one of [spring, autumn]) {
    assert.deepEqual(await dialer(one).calls(NOW + 71 * HOUR), [])
    assert.equal((await dialer(one).due(NOW + 71 * HOUR)).nextAt, NOW + 30_000 + 72 * HOUR)
    const [again] = (await dialer(one).claim(NOW + 73 * HOUR)).claimed
    assert.equal(again?.phone, ANN)
    await settleAttempt(sql, again!.attempt, 'talked', {}, NOW + 73 * HOUR)
  }
})

test('numbers on a list are not called: of the installation, of the campaign, and by their first digits', async t => {
  const { sql, campaign, list, dialer } = await openCallingRig(t)
  const [spring, autumn] = [await campaign(), await campaign({}, 'autumn')]
  for (const one of [spring, autumn]) await list(one, `phone\n${ANN}\n${BOB}\n${FLO}\n+442079460104\n`)
  await addOptOuts(sql, [ANN], 'national-registry', '', NOW)
  const entry = { source: 'supervisor', note: '' }
  const entries = [
    { ...entry, number: BOB, prefix: false, campaign: spring.id },
    { ...entry, number: '+44', prefix: true, campaign: null },
  ]
  assert.equal(await addDoNotCall(sql, entries, NOW), 2)
  assert.equal(await addDoNotCall(sql, entries, NOW), 0, 'they are there already')
  assert.deepEqual(await dialer(spring).calls(NOW, ['a', 'b', 'c', 'd']), [FLO])
  const leads = await leadsOf(sql, spring.id, 9)
  assert.deepEqual(
    leads.map(({ state, disposition }) => [state, disposition]),
    [
      ['done', 'opted-out'],
      ['done', 'do-not-call'],
      ['claimed', null],
      ['done', 'do-not-call'],
    ],
  )
  assert.deepEqual(await dialer(autumn).calls(NOW, ['a', 'b', 'c', 'd']), [BOB])
})
