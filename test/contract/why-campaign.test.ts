/** Why so few dials now, with real stores: the list as a dialer sees it, and what the node that dials has decided. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../src/base/clock.ts'
import { silentLog } from '../../src/base/log.ts'
import { DialStatuses } from '../../src/campaign/dial-status.ts'
import { takeLease } from '../../src/campaign/lease.ts'
import { listNow } from '../../src/campaign/list-now.ts'
import { settleAttempt } from '../../src/campaign/settle-attempt.ts'
import campaignWhy from '../../src/operations/campaign/why.ts'
import { markAttempt } from '../../src/store/attempts.ts'
import { addDoNotCall } from '../../src/store/do-not-call.ts'
import { ANN, BOB, FLO, HOUR, NOW, openCallingRig } from './calling-rig.ts'
import { openCampaignRig, until } from './campaign-rig.ts'

test('leads outside their hours, after a call, at a limit and on the do-not-call list are told apart', async t => {
  const { sql, campaign, list, dialer } = await openCallingRig(t)
  const spring = await campaign({ rules: 'us', numberLimits: [{ most: 2, withinMs: 24 * HOUR }], timeZone: 'UTC' })
  const dave = '+12125550104'
  await list(spring, `phone\n${ANN}\n${BOB}\n${FLO}\n${dave}\n`)
  const before = await listNow(sql, spring, NOW)
  assert.deepEqual([before.leads, before.dialable, before.outsideHours, before.waiting, before.done], [4, 3, 1, 0, 0])
  assert.equal(before.opens?.at, NOW + HOUR, 'eight in the morning in Los Angeles')
  assert.match(before.opens.closedBy.join(), /the hours of us in America\/Los_Angeles/)

  await addDoNotCall(sql, [{ number: dave, prefix: false, campaign: null, source: 'letter', note: '' }], NOW)
  const { claim } = dialer(spring)
  const { claimed } = await claim(NOW, ['alice', 'bea', 'carl'])
  assert.deepEqual(claimed.map(({ phone }) => phone).sort(), [ANN, FLO].sort())
  assert.equal((await listNow(sql, spring, NOW)).claimed, 2)
  for (const { attempt } of claimed) await settleAttempt(sql, attempt, 'busy', {}, NOW + 1_000)
  const after = await listNow(sql, spring, NOW + 2_000)
  assert.deepEqual([after.dialable, after.waiting, after.done, after.doneBy], [0, 2, 1, { 'do-not-call': 1 }])
  assert.deepEqual(
    after.waits.map(({ why, after: last, leads, next }) => [why, last, leads, next.getTime()]),
    [['retry', 'busy', 2, NOW + 1_000 + HOUR / 6]],
  )
  // half an hour later each is called for the second time: no more than two calls a day to a number
  const later = NOW + HOUR / 2
  const again = (await claim(later, ['alice', 'bea', 'carl'])).claimed
  assert.equal(again.length, 2)
  for (const { attempt } of again) await settleAttempt(sql, attempt, 'busy', {}, later)
  const { waits } = await listNow(sql, spring, later)
  assert.deepEqual(
    waits.map(({ why, leads, next }) => [why, leads, next.getTime()]),
    [['limit', 2, NOW + 24 * HOUR]],
  )
})

test('a callback waits for its time, then for its agent, then for anybody; after an abandoned call nobody is called', async t => {
  const { sql, campaign, list, dialer } = await openCallingRig(t)
  const spring = await campaign({ callbackWaitMs: HOUR })
  await list(spring, `phone\n${ANN}\n${BOB}\n`)
  await sql`update leads set callback_at = ${new Date(NOW + 1_000)}, next_at = ${new Date(NOW + 1_000)}, callback_for = 'bea' where phone = ${ANN}`
  const { claim } = dialer(spring)
  const [call] = (await claim(NOW)).claimed
  await markAttempt(sql, call!.attempt, 'answered', NOW)
  await settleAttempt(sql, call!.attempt, 'abandoned', { unserved: true }, NOW)
  const seen = async (now: number) => {
    const { dialable, promised, waits } = await listNow(sql, spring, now)
    return [dialable, promised, ...waits.map(({ why }) => why)]
  }
  assert.deepEqual(await seen(NOW), [0, 0, 'abandoned', 'callback'])
  assert.deepEqual(await seen(NOW + 2_000), [0, 1, 'abandoned'])
  assert.deepEqual(await seen(NOW + 2_000 + HOUR), [1, 0, 'abandoned'])
})

test('a supervisor hears of the node, the agents and the calls that the dialer of the campaign has decided about', async t => {
  const { sql, client, carrier, node, dial, agents, roster, campaign, closing } = await openCampaignRig(t)
  const names = await agents(2)
  carrier.behaviour = () => 'rings'
  const spring = await campaign({}, 5)
  const context = await node('a')
  const parts = { sql, roster, clock: systemClock, statuses: new DialStatuses({ commands: client }) } as never
  const asks = async () => campaignWhy.run(parts, { name: 'spring' }, {} as never)
  assert.equal((await asks()).answer.why, 'no-node')
  const { home, clock } = context
  const lease = await takeLease({ home, campaign: spring, node: 'a', clock, log: silentLog })
  assert.ok(typeof lease !== 'number')
  closing.defer(() => lease.giveBack())
  assert.deepEqual([(await asks()).answer.why, (await asks()).node], ['starting', 'a'])
  const dialer = await dial('a', spring, context)
  await until(() => carrier.dialled.length === 2)
  const told = await until(async () => {
    dialer.wake() // the status is written once a second at most
    const now = await asks()
    return now.agents.withCall === 2 && now.switches[0]?.why === 'agents' ? now : null
  })
  assert.deepEqual([told.answer.why, told.answer.words], ['agents', 'each agent on the line has a call under way (2)'])
  assert.deepEqual([told.list.claimed, told.list.dialable, told.limits.maxLines], [2, 3, 1_000])
  for (const name of names) await roster.setStatus(name, 'break', systemClock.now())
  for (const leg of [...carrier.legs]) carrier.hangUp(leg)
  const paused = await until(async () => {
    dialer.wake()
    const now = await asks()
    return now.answer.why === 'on-break' ? now : null
  })
  assert.match(paused.answer.words, /no agent of the queue sales is at work: 2 on a break/)
  await dialer.stop()
})
