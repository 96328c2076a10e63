/** What a supervisor types about who may be called: rules of a campaign, numbers, holidays, and why a lead waits. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Installation } from './cli-process.ts'

const rig = await Installation.open()

async function types(words: string): Promise<string> {
  const said = await rig.types(words)
  assert.equal(said.code, 0, said.err)
  return said.out
}

test('a supervisor sets who may be called when, reads it again, and hears of every fault', async () => {
  await types('queue add sales')
  const list = await rig.file('spring.csv', 'phone,mobile\n+12125550101,+13105550102\n')
  const settings = '--rules us --hours Mon-Fri,09:00-20:00,Sat,10:00-16:00 --time-zone America/Denver'
  const more = '--holidays US,US-LA --max-attempts 5 --number-limits 3/24h,7/7d --other-numbers mobile'
  const others = '--retry busy:10m/3/next-number --order random --callback-wait 5m'
  await types(`campaign add spring --leads ${list} --queue sales --phone-column phone ${settings} ${more} ${others}`)
  const shown = JSON.parse(await types('campaign show spring --json')) as Record<string, unknown>
  const { rules, rulesVersion, hours, timeZone, holidays, maxAttempts, numberLimits, otherNumbers, retry } = shown
  assert.deepEqual(
    { rules, rulesVersion, hours, timeZone, holidays, maxAttempts, numberLimits, otherNumbers, retry },
    {
      rules: 'us',
      rulesVersion: '2026-11-30',
      hours: 'Mon-Fri 09:00-20:00, Sat 10:00-16:00',
      timeZone: 'America/Denver',
      holidays: 'US, US-LA',
      maxAttempts: 5,
      numberLimits: '3/1d, 7/7d',
      otherNumbers: 'mobile',
      retry: 'busy:10m/3/next-number',
    },
  )
  assert.deepEqual([shown['order'], shown['callbackWait']], ['random', '5m'])
  assert.match(await types('campaign show spring'), /rules +us of 2026-11-30/)
  await types('campaign set spring --hours none --number-limits none')
  const after = JSON.parse(await types('campaign show spring --json')) as Record<string, unknown>
  assert.deepEqual([after['hours'], after['numberLimits'], after['rules']], ['none', 'none', 'us'])
  const started = await rig.types('campaign start spring')
  assert.deepEqual([started.code, started.err], [0, ''], 'it has rules')
  await types('campaign stop spring')
  for (const [words, fault] of [
    ['--rules mars', /--rules: 'mars' cannot be used; allowed: none, us, uk/],
    ['--time-zone Mars', /'Mars' is not a time zone/],
    ['--number-limits often', /'often' is no limit/],
    ['--retry busy:soon', /'soon' is not a duration/],
    ['--holidays Bavaria', /'Bavaria' is no region/],
    ['--order best', /--order: 'best' cannot be used/],
  ] as const) {
    const said = await rig.types(`campaign set spring ${words}`)
    assert.equal(said.code, 2, words)
    assert.match(said.err, fault)
  }
})

test('a number is put on the list, found by its first digits, and taken off again', async () => {
  await types('dnc add +493012345 --source letter --note today')
  await types('dnc add +4930* --campaign spring')
  const file = await rig.file(
    'registry.csv',
    'number,date\n+493099999,2026\n+493012345,2026\nnobody,2026\n+4940*,2026\n',
  )
  const said = await rig.types(`dnc import ${file} --source registry`)
  assert.equal(said.out, '4 lines read, 2 added, 1 already there, 1 rejected\n')
  assert.match(said.err, /line 4: 'nobody,2026' cannot be used: 'nobody' is not a number/)
  const about = JSON.parse(await types('dnc list --number +493012345 --json')) as Record<string, string>[]
  assert.deepEqual(
    about.map(({ number, campaign, source, note }) => [number, campaign, source, note]),
    [
      ['+4930*', 'spring', 'supervisor', ''],
      ['+493012345', null, 'letter', 'today'],
    ],
  )
  const all = JSON.parse(await types('dnc list --limit 2 --json')) as Record<string, string>[]
  const rest = JSON.parse(await types(`dnc list --after ${all[1]!['number']} --json`)) as Record<string, string>[]
  assert.deepEqual(
    [...all, ...rest].map(({ number }) => number),
    ['+4930*', '+493012345', '+493099999', '+4940*'],
  )
  await types('dnc remove +493012345')
  assert.equal((await rig.types('dnc remove +493012345')).code, 3)
  assert.equal((await rig.types('dnc remove +4930*')).code, 3, 'that one is of the campaign')
  await types('dnc remove +4930* --campaign spring')
  assert.equal((await rig.types(`dnc import ${await rig.file('bad.csv', 'nobody\n')}`)).code, 2)
})

test('holidays are imported, listed and removed', async () => {
  const file = await rig.file(
    'holidays.csv',
    'region,date,name\nGB,2099-12-28,Boxing Day\nGB,2099-02-30,No day\nUS-LA,2099-12-24,Eve\n',
  )
  const said = await rig.types(`holiday import ${file}`)
  assert.equal(said.out, '3 lines read, 2 added, 0 already there, 1 rejected\n')
  assert.match(said.err, /line 3: .*'2099-02-30' is no date/)
  assert.equal(
    await types(`holiday import ${await rig.file('again.csv', 'GB,2099-12-28,St Stephen\n')}`),
    '1 lines read, 0 added, 1 already there, 0 rejected\n',
  )
  const listed = JSON.parse(await types('holiday list --region GB --json')) as unknown
  assert.deepEqual(listed, [{ region: 'GB', date: '2099-12-28', name: 'St Stephen' }])
  await types('holiday remove GB 2099-12-28')
  assert.equal((await rig.types('holiday remove GB 2099-12-28')).code, 3)
})

test('a supervisor asks why a lead is not dialled, by any of its numbers, and reads each rule in words', async () => {
  await types('dnc add +12125550101 --source letter')
  const { code, out, err } = await rig.types('why lead spring +13105550102')
  assert.equal(code, 0, err)
  assert.match(out, /^\+12125550101 is done; region US-NY, time zone America\/New_York\n/)
  assert.match(out, /  the campaign is stopped\n/)
  assert.match(out, /  it is done: opted-out\n/)
  assert.match(out, /  it is on the do-not-call list: \+12125550101 \(letter\)\n/)
  assert.match(out, /\+13105550102 +0 +–/)
  assert.equal((await rig.types('why lead spring +4930')).code, 3)
  assert.equal((await rig.types('why lead autumn +4930')).code, 3)
})
