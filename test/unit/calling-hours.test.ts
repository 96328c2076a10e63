/** When a lead may be called: by the clock of the lead, by the law of its region, and not on holidays. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseWeek } from '../../src/base/hours.ts'
import { CallingHours, type CallingSettings, type Holidays } from '../../src/campaign/calling-hours.ts'
import { RULE_SETS } from '../../src/campaign/calling-rules/rule-sets.ts'
import { placeOfNumber } from '../../src/campaign/number-places.ts'
import { placeFrom, placeKey, placeOfLead } from '../../src/campaign/place.ts'
import { US_STATES, usRegion } from '../../src/campaign/us-states.ts'

const at = (text: string) => Date.parse(text)
const NO_HOLIDAYS: Holidays = new Map()
const PLAIN: CallingSettings = { rules: 'none', hours: [], timeZone: 'UTC', holidays: [] }

const NEW_YORK = 'US-NY|America/New_York'
const LOS_ANGELES = 'US-CA|America/Los_Angeles'
const MIAMI = 'US-FL|America/New_York'

const hours = (settings: Partial<CallingSettings> = {}, holidays = NO_HOLIDAYS) =>
  new CallingHours({ ...PLAIN, ...settings }, holidays)
const isOpen = (of: CallingHours, key: string, when: string) => of.at(key, at(when)).open

test('a campaign without rules and hours calls at any time', () => {
  assert.deepEqual(hours().at(NEW_YORK, at('2026-11-30T03:00:00Z')), {
    open: true,
    until: null,
    closedBy: [],
    since: at('2026-11-30T03:00:00Z'),
  })
})

test('a person in Los Angeles is called by the clock of Los Angeles, whatever it is where the agents sit', () => {
  const us = hours({ rules: 'us' })
  // 15:59 UTC on 30 November: 10:59 in New York, 7:59 in Los Angeles
  assert.equal(isOpen(us, NEW_YORK, '2026-11-30T15:59:00Z'), true)
  const early = us.at(LOS_ANGELES, at('2026-11-30T15:59:00Z'))
  assert.deepEqual([early.open, early.until], [false, at('2026-11-30T16:00:00Z')])
  assert.deepEqual(early.closedBy, ['the hours of us in America/Los_Angeles'])
  const open = us.at(LOS_ANGELES, at('2026-11-30T16:00:00Z'))
  assert.deepEqual([open.open, open.until], [true, at('2026-12-01T05:00:00Z')])
})

test('on both days on which the clock changes, the hours of the called person count', () => {
  const us = hours({ rules: 'us' })
  // 8 March 2026: the clock goes from 2 to 3 h; 8 h is 12:00 UTC, on the day before 13:00 UTC
  assert.deepEqual(
    ['2026-03-07T12:59:00Z', '2026-03-07T13:00:00Z', '2026-03-08T11:59:00Z', '2026-03-08T12:00:00Z'].map(when =>
      isOpen(us, NEW_YORK, when),
    ),
    [false, true, false, true],
  )
  assert.equal(us.at(NEW_YORK, at('2026-03-08T02:30:00Z')).until, at('2026-03-08T12:00:00Z'))
  // 1 November 2026: the clock goes from 2 to 1 h; 21 h is 02:00 UTC, on the day before 01:00 UTC
  assert.deepEqual(
    ['2026-11-01T00:59:00Z', '2026-11-01T01:00:00Z', '2026-11-02T01:59:00Z', '2026-11-02T02:00:00Z'].map(when =>
      isOpen(us, NEW_YORK, when),
    ),
    [true, false, true, false],
  )
  assert.equal(us.at(NEW_YORK, at('2026-11-01T05:30:00Z')).until, at('2026-11-01T13:00:00Z'))
})

test('a lead with several possible zones is called only when it may be called in all of them', () => {
  const us = hours({ rules: 'us' })
  const both = 'US-TN|America/Chicago,America/New_York'
  // 8 h in Chicago is 14:00 UTC in winter; 21 h in New York is 02:00 UTC
  const morning = us.at(both, at('2026-12-01T13:30:00Z'))
  assert.deepEqual([morning.open, morning.until], [false, at('2026-12-01T14:00:00Z')])
  assert.equal(us.at(both, at('2026-12-01T14:00:00Z')).until, at('2026-12-02T02:00:00Z'))
})

test('a lead without a known zone is called by the zone of the campaign', () => {
  const berlin = hours({ hours: parseWeek('Mon-Fri 09:00-18:00'), timeZone: 'Europe/Berlin' })
  assert.equal(isOpen(berlin, '|', '2026-11-30T08:00:00Z'), true)
  assert.equal(isOpen(berlin, '|', '2026-11-30T17:00:00Z'), false)
  assert.equal(isOpen(berlin, '', '2026-11-30T08:00:00Z'), true)
})

test('the hours of the campaign and those of the law hold together', () => {
  const evening = hours({ rules: 'us', hours: parseWeek('Mon-Sun 18:00-23:00') })
  // 20 h in Florida is the end by its law, 21 h in New York by federal law; the campaign itself would go on
  assert.deepEqual(
    ['2026-11-30T22:59:00Z', '2026-11-30T23:00:00Z', '2026-12-01T00:59:00Z', '2026-12-01T01:00:00Z'].map(when => [
      isOpen(evening, MIAMI, when),
      isOpen(evening, NEW_YORK, when),
    ]),
    [
      [false, false],
      [true, true],
      [true, true],
      [false, true],
    ],
  )
})

test('each state that is stricter than federal law keeps its own hours', () => {
  const us = hours({ rules: 'us' })
  // a Monday and a Sunday, by the clock of the state
  const spans: readonly (readonly [string, string, readonly [string, string], readonly [string, string] | null])[] = [
    ['US-AL', 'America/Chicago', ['08:00', '20:00'], null],
    ['US-FL', 'America/New_York', ['08:00', '20:00'], ['08:00', '20:00']],
    ['US-KY', 'America/New_York', ['10:00', '21:00'], ['10:00', '21:00']],
    ['US-LA', 'America/Chicago', ['08:00', '20:00'], null],
    ['US-MS', 'America/Chicago', ['08:00', '20:00'], null],
    ['US-PA', 'America/New_York', ['08:00', '21:00'], ['13:30', '21:00']],
    ['US-RI', 'America/New_York', ['09:00', '18:00'], null],
    ['US-TX', 'America/Chicago', ['09:00', '21:00'], ['12:00', '21:00']],
    ['US-OH', 'America/New_York', ['08:00', '21:00'], ['08:00', '21:00']],
  ]
  for (const [region, zone, monday, sunday] of spans) {
    const key = `${region}|${zone}`
    const offset = zone === 'America/Chicago' ? '-06:00' : '-05:00'
    for (const [day, span] of [
      ['2026-11-30', monday],
      ['2026-11-29', sunday],
    ] as const) {
      const opens = Array.from({ length: 48 }, (_, half) => {
        const time = `${String(Math.floor(half / 2)).padStart(2, '0')}:${half % 2 === 0 ? '00' : '30'}`
        return [time, isOpen(us, key, `${day}T${time}:00${offset}`)] as const
      })
      const allowed = opens.flatMap(([time, open]) => (open ? time : []))
      const expected = opens.flatMap(([time]) => (span && time >= span[0] && time < span[1] ? time : []))
      assert.deepEqual(allowed, expected, `${region} on ${day}`)
    }
  }
})

test('on a holiday nobody is called where the law forbids it, and the next hours are those of the next day', () => {
  const holidays: Holidays = new Map([
    ['US', new Map([['2026-12-25', 'Christmas Day']])],
    ['US-LA', new Map([['2026-12-24', 'Christmas Eve']])],
    ['GB', new Map([['2026-12-28', 'Boxing Day (substitute)']])],
  ])
  const us = hours({ rules: 'us' }, holidays)
  const louisiana = 'US-LA|America/Chicago'
  const eve = us.at(louisiana, at('2026-12-24T18:00:00Z'))
  assert.deepEqual([eve.open, eve.until], [false, at('2026-12-26T14:00:00Z')])
  assert.deepEqual(eve.closedBy, ['the holiday Christmas Eve in US-LA'])
  assert.equal(us.at(louisiana, at('2026-12-23T18:00:00Z')).until, at('2026-12-24T02:00:00Z'))
  assert.equal(isOpen(us, NEW_YORK, '2026-12-25T18:00:00Z'), true, 'federal law knows no holidays')
  const uk = hours({ rules: 'uk' }, holidays)
  assert.equal(uk.at('GB|Europe/London', at('2026-12-27T12:00:00Z')).until, at('2026-12-29T08:00:00Z'))
})

test('a campaign names regions whose holidays it keeps, for every lead', () => {
  const holidays: Holidays = new Map([['DE-BY', new Map([['2026-11-30', 'test day']])]])
  const bavaria = hours({ holidays: ['DE-BY'], timeZone: 'Europe/Berlin' }, holidays)
  const found = bavaria.at('|', at('2026-11-30T12:00:00Z'))
  assert.deepEqual(
    [found.open, found.until, found.closedBy],
    [false, at('2026-11-30T23:00:00Z'), ['the holiday test day in DE-BY']],
  )
  assert.equal(bavaria.at('|', at('2026-11-29T12:00:00Z')).until, at('2026-11-29T23:00:00Z'), 'closes at midnight')
})

test('hours that never meet are never open, and that is said', () => {
  const never = hours({ rules: 'us', hours: parseWeek('Mon-Sun 22:00-23:00') })
  assert.deepEqual(
    [never.at(NEW_YORK, at('2026-11-30T12:00:00Z')).open, never.at(NEW_YORK, at('2026-11-30T12:00:00Z')).until],
    [false, null],
  )
})

test('an answer that is remembered is the answer of a new look, also when clocks change and on holidays', () => {
  const holidays: Holidays = new Map([['US', new Map([['2026-12-25', 'Christmas Day']])]])
  const remembers = hours({ rules: 'us', hours: parseWeek('Mon-Sat 08:00-20:30'), holidays: ['US'] }, holidays)
  const places = [NEW_YORK, LOS_ANGELES, MIAMI, 'US-PA|America/New_York', 'US-AL|America/Chicago,America/New_York']
  const starts = ['2026-03-07T00:00:00Z', '2026-10-31T00:00:00Z', '2026-12-24T00:00:00Z']
  for (let step = 0; step < 240; step++) {
    const now = at(starts[Math.floor(step / 80)]!) + (step % 80) * 47 * 60_000
    const fresh = hours({ rules: 'us', hours: parseWeek('Mon-Sat 08:00-20:30'), holidays: ['US'] }, holidays)
    for (const place of places)
      assert.deepEqual(
        [remembers.at(place, now).open, remembers.at(place, now).until],
        [fresh.at(place, now).open, fresh.at(place, now).until],
        `${place} at ${new Date(now).toISOString()}`,
      )
  }
})

test('each rule set has a version, and each rule a source and a state that exists', () => {
  for (const [name, set] of Object.entries(RULE_SETS)) {
    if (set === null) continue
    assert.match(set.version, /^\d{4}-\d\d-\d\d$/, name)
    assert.ok(set.source.length > 20, name)
    for (const [region, rule] of Object.entries(set.regions)) {
      assert.equal(usRegion(region.slice(3)), region)
      assert.ok(rule.source.length > 10, region)
    }
  }
  assert.equal(hours({ rules: 'us' }).mostPerDay(MIAMI), 3)
  assert.equal(hours({ rules: 'us' }).mostPerDay(NEW_YORK), null)
})

test('the number of a lead tells its zones, and in the United States its state', () => {
  for (const [number, key] of [
    ['+12125550100', 'US-NY|America/New_York'],
    ['+13055550100', 'US-FL|America/New_York'],
    ['+13125550100', 'US-IL|America/Chicago'],
    ['+18085550100', 'US-HI|Pacific/Honolulu'],
    ['+16025550100', 'US-AZ|America/Phoenix'],
    ['+493012345678', '|Europe/Berlin'],
    ['+442079460100', 'GB|Europe/London'],
    ['+14165550100', '|America/Toronto'],
    ['2125550100', '|'],
    ['1001', '|'],
  ] as const)
    assert.equal(placeKey(placeOfNumber(number)), key, number)
  assert.ok(placeOfNumber('+18005550100').zones.length > 20, 'a free number may be anywhere in the country')
  const states = new Set(Object.values(US_STATES))
  assert.equal(states.size, 51)
})

test('a zone and a state of the list are better than the number, which may have moved', () => {
  const key = (fields: Record<string, string>) => placeKey(placeOfLead('+13055550100', fields))
  assert.equal(key({ name: 'Ann' }), 'US-FL|America/New_York')
  assert.equal(key({ Time_Zone: 'America/Denver' }), 'US-FL|America/Denver')
  assert.equal(key({ timezone: 'Mars/Olympus' }), 'US-FL|America/New_York')
  assert.equal(key({ state: 'Colorado', tz: 'America/Denver' }), 'US-CO,US-FL|America/Denver')
  assert.equal(key({ State: 'fl' }), 'US-FL|America/New_York')
  assert.deepEqual(placeFrom('US-CO,US-FL|America/Denver'), {
    regions: ['US-CO', 'US-FL'],
    zones: ['America/Denver'],
  })
})
