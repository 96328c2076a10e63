/** Which number a called person sees, and the settings about numbers and gateways as people write them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  callerIdFor,
  faultOfCallerIds,
  parseCallerId,
  sayCallerId,
  type CallerId,
} from '../../src/campaign/caller-ids.ts'
import { campaignFrom } from '../../src/campaign/campaign.ts'
import { faultOfWays, parseWay, sayWay } from '../../src/campaign/ways.ts'

const ids = (...texts: string[]): CallerId[] => texts.map(parseCallerId)
const shown = (
  of: readonly CallerId[],
  lead: number,
  { phone = '+4930555', attempts = 0, rotation = 'lead' as const } = {},
) => callerIdFor(of, rotation, { lead, attempts, phone })

test('a person in Berlin sees the number for Berlin, one elsewhere in the country that of the country, others none', () => {
  const of = ids('+49=+4980011', '+4930=+493011')
  assert.equal(shown(of, 1, { phone: '+4930555' }), '+493011')
  assert.equal(shown(of, 1, { phone: '+4989555' }), '+4980011')
  assert.equal(shown(of, 1, { phone: '+3310000' }), null)
  assert.equal(shown([...of, ...ids('+4400')], 1, { phone: '+3310000' }), '+4400')
})

test('a person sees the same number at every attempt, or the next one when the setting says so', () => {
  const of = ids('+491', '+4922', '+4933')
  const attempts = [0, 1, 2, 3]
  const seen = (rotation: 'lead' | 'attempt') =>
    attempts.map(count => callerIdFor(of, rotation, { lead: 17, attempts: count, phone: '+49555' }))
  assert.equal(new Set(seen('lead')).size, 1)
  const turns = seen('attempt')
  assert.deepEqual([new Set(turns).size, turns[3]], [3, turns[0]])
  assert.equal(turns[0], seen('lead')[0], 'the first attempt is the same in both')
})

for (const step of [1, 2, 3, 10, 64]) {
  test(`of a list of which every ${step}th lead is called, each number is seen about equally often`, () => {
    const of = ids('+491', '+4922', '+4933', '+4944', '+4955')
    const counts = new Map<string, number>()
    for (let lead = 1; lead <= 1_000; lead++) {
      const number = shown(of, lead * step)!
      counts.set(number, (counts.get(number) ?? 0) + 1)
    }
    const all = [...counts.values()]
    assert.equal(all.length, 5)
    assert.ok(Math.max(...all) - Math.min(...all) <= 20, `200 each are even: ${all.join(', ')}`)
  })
}

test('caller ids and gateways are read and said as people write them', () => {
  for (const text of ['+4930111', '+4930=+4930111', '030=030111']) assert.equal(sayCallerId(parseCallerId(text)), text)
  for (const text of ['carrier', 'carrier:9', 'carrier:100']) assert.equal(sayWay(parseWay(text)), text)
  assert.deepEqual(parseWay('carrier:1'), { name: 'carrier', weight: 1 })
})

test('what is no caller id or no gateway is refused with what is allowed', () => {
  for (const text of ['', 'Ada', '+49=', '=+4930', '+49=+4930=+1', 'x=+4930111', '+4930}', "+4930'"])
    assert.throws(() => parseCallerId(text), { code: 'BAD_INPUT', message: /allowed: / }, text)
  for (const text of ['', 'a b', 'carrier:0', 'carrier:101', 'carrier:1.5', 'carrier:', 'a:1:2', 'a/b'])
    assert.throws(() => parseWay(text), { code: 'BAD_INPUT', message: /allowed: / }, text)
})

test('a campaign with a gateway or a number that is there twice is refused with all its faults', () => {
  const settings = { name: 'spring', queue: 'sales' }
  const twice = { gateways: [parseWay('a'), parseWay('a:2')], callerIds: ids('+4930', '+4930') }
  assert.throws(() => campaignFrom({ ...settings, ...twice, callerIdRotation: 'day' as never }), {
    message:
      /gateways: a is there twice\n.*caller_ids: \+4930 is there twice\n.*caller_id_rotation is 'day'; allowed: lead, attempt/,
  })
  assert.equal(faultOfCallerIds(ids('+49=+4930', '+4930')), null)
  assert.equal(faultOfWays([]), null)
})
