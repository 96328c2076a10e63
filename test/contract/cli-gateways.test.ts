/** The commands about gateways and the numbers that called people see, on real stores. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { writeGatewayWhy } from '../../src/store/gateways.ts'
import { Installation } from './cli-process.ts'

const rig = await Installation.open()

test('a supervisor gives a campaign its gateways and numbers, sees them, and empties the lists again', async () => {
  await rig.queueStore.put({ name: 'sales', strategy: 'longest-idle-agent' })
  assert.equal(
    (await rig.types('gateway add carrier --lines 30 --cps 0.5')).out,
    'gateway carrier is on: 30 lines, 0.5 calls per second\n',
  )
  assert.equal((await rig.types('gateway add backup --lines 10 --cps 2 --enabled no')).code, 0)
  const list = await rig.file('spring.csv', 'phone\n+4930123451\n')
  const given = '--gateways carrier:9,backup --caller-ids +4930=+493011,+4980011 --caller-id-rotation attempt'
  const added = await rig.types(`campaign add spring --leads ${list} --queue sales ${given}`)
  assert.equal(added.code, 0, added.err)
  const shown = await rig.types('campaign show spring')
  assert.match(
    shown.out,
    /outgoing calls +gateways carrier:9, backup, caller id \+4930=\+493011, \+4980011 by attempt, else \(CALLER_ID\)/,
  )
  const told = JSON.parse((await rig.types('campaign show spring --json')).out) as Record<string, unknown>
  assert.deepEqual(
    [told['gateways'], told['callerIds'], told['callerIdRotation'], told['gatewayWhy']],
    [
      [
        { name: 'carrier', weight: 9 },
        { name: 'backup', weight: 1 },
      ],
      [
        { number: '+493011', prefix: '+4930' },
        { number: '+4980011', prefix: '' },
      ],
      'attempt',
      null,
    ],
  )
  assert.equal((await rig.types('campaign set spring --gateways none --caller-ids none')).code, 0)
  assert.match(
    (await rig.types('campaign show spring')).out,
    /outgoing calls +gateway \(GATEWAY\), caller id \(CALLER_ID\)/,
  )
})

test('a supervisor reads why no gateway takes more calls, as long as the campaign runs', async () => {
  const [spring] = await rig.sql<{ id: string }[]>`select id from campaigns where name = 'spring'`
  await rig.types('campaign start spring')
  await writeGatewayWhy(rig.sql, spring!.id, { words: 'carrier is down on fs', at: 5 })
  assert.match((await rig.types('campaign show spring')).out, /no more calls +carrier is down on fs\n/)
  await rig.types('campaign pause spring')
  assert.doesNotMatch((await rig.types('campaign show spring')).out, /no more calls/)
})

test('a gateway is changed, listed, shown with what uses it, and removed when nothing names it', async () => {
  assert.equal((await rig.types('campaign set spring --gateways carrier')).code, 0)
  assert.equal(
    (await rig.types('gateway set backup --enabled yes --lines 11')).out,
    'gateway backup is on: 11 lines, 2 calls per second\n',
  )
  assert.match((await rig.types('gateway list')).out, /backup +11 +2 +on\n.*carrier +30 +0\.5 +on\n/)
  const shown = JSON.parse((await rig.types('gateway show carrier --json')).out) as Record<string, unknown>
  assert.deepEqual(shown, { name: 'carrier', lines: 30, cps: 0.5, enabled: true, inUse: 0, campaigns: ['spring'] })
  const refused = await rig.types('gateway remove carrier')
  assert.equal(refused.code, 4)
  assert.match(refused.err, /campaigns call over 'carrier': change their gateways first: spring/)
  assert.equal((await rig.types('gateway remove backup')).code, 0)
  assert.doesNotMatch((await rig.types('gateway list')).out, /backup/)
})

test('what cannot be used is one clear line, and changes nothing', async () => {
  const wrong: [words: string, code: number, message: RegExp][] = [
    ['gateway add carrier --lines 1 --cps 1', 4, /there is a gateway 'carrier' already: change it with gateway set/],
    ['gateway add x --lines 0 --cps 1', 2, /--lines: '0' cannot be used; allowed: a whole number from 1 to 10000/],
    ["gateway add a'b --lines 1 --cps 1", 2, /<name>: "a'b" is not a valid name; allowed: /],
    ['gateway set nowhere --lines 1', 3, /no gateway is called 'nowhere' \(known: carrier\)/],
    ['gateway set carrier', 2, /nothing to change: give at least one of --lines, --cps, --enabled/],
    ['campaign set spring --gateways nowhere', 3, /no gateway is called 'nowhere' \(known: carrier\)/],
    ['campaign set spring --gateways carrier:0', 2, /--gateways: 'carrier:0' is no gateway with its weight; allowed: /],
    ['campaign set spring --gateways carrier,carrier', 2, /gateways: carrier is there twice/],
    ['campaign set spring --caller-ids Ada', 2, /--caller-ids: "Ada" is not a valid number to dial/],
    ['campaign set spring --caller-id-rotation day', 2, /--caller-id-rotation: /],
  ]
  for (const [words, code, message] of wrong) {
    const { code: was, err } = await rig.types(words)
    assert.deepEqual([was, message.test(err)], [code, true], `${words}: ${err}`)
  }
  const shown = JSON.parse((await rig.types('gateway show carrier --json')).out) as { lines: number }
  assert.equal(shown.lines, 30)
})
