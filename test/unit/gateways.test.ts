/** What a refusal says of a gateway, how long a gateway rests, and when a telephone is known not to have rung. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { silentLog } from '../../src/base/log.ts'
import { GatewayHealth } from '../../src/campaign/gateway-health.ts'
import { endpoint, uuid, type Ident } from '../../src/esl/safe-text.ts'
import type { EventLink } from '../../src/esl/events.ts'
import { gatewayRefusal, gatewayTook } from '../../src/switch/hangup-cause.ts'
import { originate } from '../../src/switch/originate.ts'
import { Switch } from '../../src/switch/switchboard.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { Carrier, type Phone } from '../contract/campaign-carrier.ts'

function rig() {
  const [clock, carrier] = [new VirtualClock(), new Carrier()]
  const events = carrier.events as unknown as EventLink
  const facts = { core: carrier.core, version: '1.10.12', recordings: '/tmp' }
  const at = new Switch({ name: 'fs', commands: carrier.commands, events, facts, clock, log: silentLog })
  return { clock, carrier, at, health: new GatewayHealth(clock) }
}

test('only what a carrier says before anything rang sends a lead to the next gateway', () => {
  assert.equal(gatewayRefusal('refused', 'GATEWAY_DOWN', false), 'calls')
  assert.equal(gatewayRefusal('refused', 'INVALID_GATEWAY', true), 'calls', 'there was no leg')
  assert.equal(gatewayRefusal('failed', 'NORMAL_TEMPORARY_FAILURE', false), 'calls')
  assert.equal(gatewayRefusal('invalid', 'NO_ROUTE_DESTINATION', false), 'this-call')
  assert.equal(gatewayRefusal('failed', 'NORMAL_TEMPORARY_FAILURE', true), null)
  for (const cause of ['DESTINATION_OUT_OF_ORDER', 'NORMAL_TEMPORARY_FAILURE'])
    assert.equal(gatewayRefusal('refused', cause, false), null, 'FreeSWITCH has too many calls itself')
  for (const [outcome, cause] of [
    ['busy', 'USER_BUSY'],
    ['declined', 'CALL_REJECTED'],
    ['no-answer', 'NO_USER_RESPONSE'],
    ['no-answer', 'RECOVERY_ON_TIMER_EXPIRE'],
    ['invalid', 'UNALLOCATED_NUMBER'],
    ['lost', 'LOST'],
  ] as const)
    assert.equal(gatewayRefusal(outcome, cause, false), null, cause)
})

test('a carrier that never answers does not count as one that takes calls', () => {
  assert.equal(gatewayTook('no-answer', 'RECOVERY_ON_TIMER_EXPIRE'), false)
  assert.equal(gatewayTook('no-answer', 'NO_ANSWER'), true)
  assert.equal(gatewayTook('cancelled', 'ORIGINATOR_CANCEL'), false)
})

test('a gateway that refuses rests longer each time, and not after a call that it took', async () => {
  const { clock, at, health } = rig()
  const rests: number[] = []
  for (let n = 0; n < 8; n++) {
    health.refused(at, 'carrier', 'SWITCH_CONGESTION')
    health.refused(at, 'carrier', 'SWITCH_CONGESTION') // a call that was under way counts no more
    const { words, againMs } = health.trouble(at, 'carrier')!
    assert.equal(words, 'refused calls of fs (SWITCH_CONGESTION) and rests')
    rests.push(againMs)
    await clock.advance(againMs)
  }
  assert.deepEqual(rests, [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000])
  health.refused(at, 'carrier', 'SWITCH_CONGESTION')
  health.took(at, 'carrier')
  assert.equal(health.trouble(at, 'carrier'), null)
  health.refused(at, 'carrier', 'SWITCH_CONGESTION')
  assert.equal(health.trouble(at, 'carrier')!.againMs, 1_000)
  assert.equal(health.trouble(at, 'other'), null)
})

test('a gateway that FreeSWITCH calls down is left out until FreeSWITCH calls it up', async () => {
  const { clock, carrier, at, health } = rig()
  carrier.states.set('carrier', 'DOWN')
  assert.equal(health.trouble(at, 'carrier'), null, 'nobody has asked yet')
  await clock.settle()
  assert.equal(health.trouble(at, 'carrier')?.words, 'is down on fs')
  carrier.states.set('carrier', 'UP')
  await clock.advance(5_000)
  health.trouble(at, 'carrier')
  await clock.settle()
  assert.equal(health.trouble(at, 'carrier'), null)
})

for (const [phone, silent] of [
  ['congested', true],
  ['no-route', true],
  ['rings-congested', undefined],
  ['busy', undefined], // this FreeSWITCH tells no moments: the telephone may have rung
] as const satisfies readonly (readonly [Phone, true | undefined])[]) {
  test(`of a call that ends as '${phone}' it is ${silent ? '' : 'not '}certain that nothing rang`, async () => {
    const { clock, carrier, at } = rig()
    carrier.behaviour = () => phone
    const placed = originate(at, {
      uuid: uuid(randomUUID()),
      endpoint: endpoint('sofia/gateway/carrier/+4930123'),
      flow: 'campaign-leg' as Ident,
      ringForMs: 20_000,
      clock,
      log: silentLog,
    })
    await clock.settle()
    assert.equal((await placed).silent, silent)
  })
}
