/** Opening hours: what people may write, and when it is open by the clock of their zone. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { InputError } from '../../src/base/errors.ts'
import { isOpen, nextChange, openFrom, parseHours, sayHours, storedHours } from '../../src/base/hours.ts'
import { seededRandom } from '../../src/base/seeded-random.ts'

const office = parseHours('Mon-Fri 09:00-18:00, Sat 10:00-14:00 Europe/Berlin')
const QUARTER_MS = 15 * 60_000
const at = (text: string) => Date.parse(text)

test('a supervisor writes days, times and a zone, and reads the same again', () => {
  for (const text of [
    'Mon-Fri 09:00-18:00, Sat 10:00-14:00 Europe/Berlin',
    'Mon,Wed 08:00-12:00, Mon,Wed 13:00-17:30 America/New_York',
    'Sat-Mon 22:00-06:00 Asia/Kolkata',
    'Mon-Sun 00:00-24:00 UTC',
  ]) {
    const hours = parseHours(text)
    assert.equal(sayHours(hours), text)
    assert.deepEqual(storedHours.parse(JSON.parse(JSON.stringify(hours))), hours)
  }
  assert.deepEqual(
    parseHours('mon, fri 9:00-12:30 13:00-18:00 UTC'),
    parseHours('Mon,Fri 09:00-12:30, Mon,Fri 13:00-18:00 UTC'),
  )
})

for (const [text, fault] of [
  ['', /'' is not a time zone/],
  ['Mon-Fri 09:00-18:00', /'09:00-18:00' is not a time zone/],
  ['Mon-Fri 09:00-18:00 Europe/Berln', /'Europe\/Berln' is not a time zone/],
  ['09:00-18:00 Europe/Berlin', /no day is named before '09:00-18:00'/],
  ['Mon-Fri Europe/Berlin', /names no times/],
  ['Mon-Fri 09:00-18:60 UTC', /'09:00-18:60' is neither a day nor a time/],
  ['Mon-Fri 24:00-25:00 UTC', /'24:00-25:00' is neither/],
  ['Mon-Frei 09:00-18:00 UTC', /no day is named before 'Mon-Frei'/],
] as const)
  test(`hours that cannot be read are refused with an example: '${text}'`, () => {
    assert.throws(
      () => parseHours(text),
      error =>
        error instanceof InputError && fault.test(error.message) && /Mon-Fri 09:00-18:00, Sat/.test(error.message),
    )
  })

test('it is open by the clock of the zone, in winter and in summer, and the minute of closing is closed', () => {
  assert.equal(isOpen(office, at('2026-11-30T07:59:59Z')), false)
  assert.equal(isOpen(office, at('2026-11-30T08:00:00Z')), true)
  assert.equal(isOpen(office, at('2026-11-30T16:59:59Z')), true)
  assert.equal(isOpen(office, at('2026-11-30T17:00:00Z')), false)
  assert.equal(isOpen(office, at('2026-07-03T07:00:00Z')), true)
  assert.equal(isOpen(office, at('2026-07-05T10:00:00Z')), false, 'on a Sunday')
})

test('a span over midnight is open on the morning of the next day', () => {
  const night = parseHours('Fri,Sun 22:00-06:00 UTC')
  assert.equal(isOpen(night, at('2026-12-04T23:00:00Z')), true)
  assert.equal(isOpen(night, at('2026-12-05T05:59:00Z')), true)
  assert.equal(isOpen(night, at('2026-12-05T06:00:00Z')), false)
  assert.equal(isOpen(night, at('2026-12-07T05:00:00Z')), true, 'Monday morning belongs to Sunday')
  assert.equal(isOpen(night, at('2026-12-04T05:00:00Z')), false, 'Friday morning belongs to Thursday')
})

test('the next opening and the next closing are known, over a weekend and over the change to winter time', () => {
  assert.equal(nextChange(office, at('2026-11-30T10:00:00Z')), at('2026-11-30T17:00:00Z'))
  assert.equal(openFrom(office, at('2026-11-30T10:00:00Z')), at('2026-11-30T10:00:00Z'))
  assert.equal(openFrom(office, at('2026-12-05T13:00:00Z')), at('2026-12-07T08:00:00Z'))
  assert.equal(openFrom(office, at('2026-10-24T12:00:00Z')), at('2026-10-26T08:00:00Z')) // the clock was set back
  assert.equal(nextChange(parseHours('Mon-Sun 00:00-24:00 Asia/Tokyo'), at('2026-11-30T10:00:00Z')), null)
})

test('the next change is the first quarter of an hour that differs, in any zone and at any time of the year', () => {
  const random = seededRandom('hours')
  const pick = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)]!
  const zones = ['Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Pacific/Auckland', 'America/Sao_Paulo']
  for (let round = 0; round < 60; round++) {
    const hour = () => String(4 + Math.floor(random() * 20)).padStart(2, '0') // no clock is set after 4 o'clock
    const hours = parseHours(
      `${pick(['Mon-Fri', 'Tue', 'Sat-Mon'])} ${hour()}:${pick(['00', '30'])}-${hour()}:15 ${pick(zones)}`,
    )
    const from = at('2026-01-01T00:00:00Z') + Math.floor(random() * 365 * 96) * QUARTER_MS
    let next = from + QUARTER_MS
    while (isOpen(hours, next) === isOpen(hours, from)) next += QUARTER_MS
    assert.equal(nextChange(hours, from), next, `${sayHours(hours)} from ${new Date(from).toISOString()}`)
  }
})
