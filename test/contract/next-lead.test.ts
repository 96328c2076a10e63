/** Which lead is claimed next, at which of its numbers, and for which agent, in a real database. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import type { Campaign } from '../../src/campaign/campaign.ts'
import { refuseAttempt, settleAttempt } from '../../src/campaign/settle-attempt.ts'
import { attemptsOf, attemptWithId } from '../../src/store/attempts.ts'
import { addDoNotCall, optOut } from '../../src/store/do-not-call.ts'
import { numbersOf } from '../../src/store/lead-numbers.ts'
import { leadsOf } from '../../src/store/leads.ts'
import { ANN, BOB, FLO, HOUR, NOW, openCallingRig } from './calling-rig.ts'

test('a lead with several numbers is called at one after the other, each in its own hours', async t => {
  const { sql, campaign, list, dialer } = await openCallingRig(t)
  const spring = await campaign({ rules: 'us', otherNumbers: ['phone2', 'alt_phone'], maxAttempts: 2 })
  await list(spring, `phone,phone2,alt phone\n${ANN},${BOB},nobody\n${FLO},,\n`)
  const [ann, flo] = await leadsOf(sql, spring.id, 2)
  assert.deepEqual(
    (await numbersOf(sql, ann!)).map(({ phone }) => phone),
    [ANN, BOB],
  )
  assert.equal((await numbersOf(sql, flo!)).length, 1)
  const { claim } = dialer(spring)
  const [first] = (await claim(NOW)).claimed
  assert.deepEqual((await settleAttempt(sql, first!.attempt, 'busy', {}, NOW))?.again, NOW, 'the next number at once')
  // it is 7 h in Los Angeles: the next number waits until 8 h, and the next lead is called
  assert.deepEqual(
    (await claim(NOW + 1_000, ['a', 'b'])).claimed.map(({ phone }) => phone),
    [FLO],
  )
  const [second] = (await claim(NOW + HOUR)).claimed
  assert.deepEqual([second!.phone, second!.lead], [BOB, ann!.id])
  assert.equal((await attemptWithId(sql, second!.attempt))?.phone, BOB)
  const settled = await settleAttempt(sql, second!.attempt, 'no-answer', {}, NOW + HOUR)
  assert.equal(settled?.again, NOW + 3 * HOUR, 'every number was called once: the pause counts')
  const [third] = (await claim(NOW + 3 * HOUR)).claimed
  assert.equal(third?.phone, ANN)
  await settleAttempt(sql, third!.attempt, 'invalid', {}, NOW + 3 * HOUR)
  const [fourth] = (await claim(NOW + 4 * HOUR)).claimed
  assert.equal(fourth?.phone, BOB)
  assert.equal((await settleAttempt(sql, fourth!.attempt, 'no-answer', {}, NOW + 4 * HOUR))?.again, null)
  const numbers = await numbersOf(sql, (await leadsOf(sql, spring.id, 1))[0]!)
  assert.deepEqual(
    numbers.map(({ attempts, closed }) => [attempts, closed]),
    [
      [2, true],
      [2, true],
    ],
  )
})

test('when a number of a lead is on a list its next number is called, and an opt-out ends the lead', async t => {
  const { sql, campaign, list, dialer } = await openCallingRig(t)
  const spring = await campaign({ otherNumbers: ['phone2'] })
  await list(spring, `phone,phone2\n${ANN},${BOB}\n`)
  await addDoNotCall(sql, [{ number: ANN, prefix: false, campaign: spring.id, source: 'test', note: '' }], NOW)
  const { claim, calls } = dialer(spring)
  assert.deepEqual((await claim(NOW)).putOff, 1)
  const [second] = (await claim(NOW)).claimed
  assert.equal(second?.phone, BOB)
  await settleAttempt(sql, second!.attempt, 'opted-out', {}, NOW)
  assert.deepEqual(await calls(NOW + 99 * HOUR), [])
  const [lead] = await leadsOf(sql, spring.id, 1)
  assert.deepEqual([lead!.state, lead!.disposition], ['done', 'opted-out'])
  // of another lead with that number, wherever the number stands
  await list(spring, `phone,phone2\n${FLO},${ANN}\n`)
  await optOut(sql, ANN, 'flow', NOW)
  assert.deepEqual(await calls(NOW + 99 * HOUR), [])
})

test('a lead whose second number is on a list is called at the first one again, after the pause', async t => {
  const { sql, campaign, list, dialer } = await openCallingRig(t)
  const spring = await campaign({ otherNumbers: ['phone2'], maxAttempts: 2 })
  await list(spring, `phone,phone2\n${ANN},${BOB}\n`)
  await optOut(sql, BOB, 'flow', NOW - HOUR)
  await sql`update leads set state = 'ready', disposition = null where campaign_id = ${spring.id}`
  const { claim, calls, due } = dialer(spring)
  const [first] = (await claim(NOW)).claimed
  await settleAttempt(sql, first!.attempt, 'busy', {}, NOW)
  assert.deepEqual(await calls(NOW + 1_000), [], 'the second number must not be called')
  assert.equal((await due(NOW + 1_000)).nextAt, NOW + 1_000 + 2 * HOUR)
  const [again] = (await claim(NOW + 3 * HOUR)).claimed
  assert.equal(again?.phone, ANN)
  assert.equal((await settleAttempt(sql, again!.attempt, 'busy', {}, NOW + 3 * HOUR))?.again, null)
})

test('a callback goes to the agent who promised it, and after a while to any agent, before every other lead', async t => {
  const { sql, campaign, list, dialer } = await openCallingRig(t)
  const spring = await campaign({ maxAttempts: 1 })
  await list(spring, `phone\n${ANN}\n`)
  const { claim, due, calls } = dialer(spring)
  const [first] = (await claim(NOW, ['bea'])).claimed
  const wanted = { agent: 'bea', callAt: NOW + 2 * HOUR }
  assert.equal((await settleAttempt(sql, first!.attempt, 'callback', wanted, NOW + 60_000))?.again, NOW + 2 * HOUR)
  await list(spring, `phone\n${BOB}\n`)
  const [lead] = await leadsOf(sql, spring.id, 1)
  assert.deepEqual([lead!.callbackFor, lead!.callbackAt?.getTime()], ['bea', NOW + 2 * HOUR])
  await due(NOW)
  assert.deepEqual(await due(NOW + 2 * HOUR, ['alice']), {
    ready: 1,
    nextAt: NOW + 2.25 * HOUR,
    promisedBy: [],
    expiresAt: null,
  })
  const both = await due(NOW + 2 * HOUR, ['alice', 'bea'])
  assert.deepEqual([both.ready, both.promisedBy], [2, ['bea']])
  // bea's slot gets her callback, alice's the other lead
  const { slots, claimed } = await claim(NOW + 2 * HOUR, ['alice', 'bea'])
  assert.deepEqual(
    new Map(claimed.map(({ attempt, phone }) => [phone, slots.find(({ id }) => id === attempt)?.agent])),
    new Map([
      [ANN, 'bea'],
      [BOB, 'alice'],
    ]),
  )
  for (const { attempt, phone } of claimed)
    await settleAttempt(sql, attempt, phone === ANN ? 'callback' : 'talked', { ...wanted, callAt: NOW + 3 * HOUR }, NOW)
  await list(spring, `phone\n${FLO}\n`)
  assert.deepEqual(await calls(NOW + 3 * HOUR, ['alice']), [FLO])
  assert.deepEqual(await calls(NOW + 3.25 * HOUR, ['alice']), [ANN], 'bea was not free for a quarter of an hour')
})

test('a callback that FreeSWITCH refused stays a callback of its agent', async t => {
  const { sql, campaign, list, dialer } = await openCallingRig(t)
  const spring = await campaign()
  await list(spring, `phone\n${ANN}\n`)
  const { claim, calls } = dialer(spring)
  const [first] = (await claim(NOW)).claimed
  await settleAttempt(sql, first!.attempt, 'callback', { callAt: NOW + HOUR, callFor: 'bea' }, NOW)
  const [second] = (await claim(NOW + HOUR, ['bea'])).claimed
  await refuseAttempt(sql, second!.attempt, 'GATEWAY_DOWN', NOW + HOUR + 10_000, NOW + HOUR)
  assert.deepEqual(await calls(NOW + HOUR + 10_000, ['alice']), [])
  assert.deepEqual(await calls(NOW + HOUR + 10_000, ['bea']), [ANN])
})

test('leads of a higher priority are called first, and the order of the others is a setting', async t => {
  const { sql, campaign, list, dialer } = await openCallingRig(t)
  const phones = Array.from({ length: 6 }, (_, n) => `+1212555011${n}`)
  const lines = (few: readonly string[]) => few.map(phone => `${phone},${phone === phones[4] ? 3 : ''}\n`).join('')
  const called = async (order: Campaign['order']) => {
    const one = await campaign({ order, retry: { busy: { after: '1m' } } }, order)
    await list(one, `phone,priority\n${lines(phones.slice(0, 3))}`)
    await list(one, `phone,priority\n${lines(phones.slice(3))}`, NOW + 1_000)
    const found: number[] = []
    for (let n = 0; n < 8; n++) {
      const now = NOW + 120_000 + n * 60_000
      for (const { attempt, phone } of (await dialer(one).claim(now)).claimed) {
        found.push(phones.indexOf(phone))
        await settleAttempt(sql, attempt, n < 1 ? 'busy' : 'talked', {}, now)
      }
    }
    return found
  }
  assert.deepEqual(await called('oldest'), [4, 4, 0, 1, 2, 3, 5])
  assert.deepEqual(await called('newest'), [4, 4, 5, 3, 2, 1, 0])
  assert.deepEqual(await called('fewest-attempts'), [4, 4, 0, 1, 2, 3, 5], 'its priority is higher by more than one')
  const shuffled = await called('random')
  assert.deepEqual(shuffled.slice(0, 2), [4, 4])
  assert.deepEqual([...shuffled.slice(2)].sort(), [0, 1, 2, 3, 5])
})

test('with the order fewest-attempts new leads go before those that were called', async t => {
  const { sql, campaign, list, dialer } = await openCallingRig(t)
  const spring = await campaign({ order: 'fewest-attempts', retry: { busy: { after: '1m' } } })
  await list(spring, `phone\n${ANN}\n`)
  const { claim, calls } = dialer(spring)
  const [first] = (await claim(NOW)).claimed
  await settleAttempt(sql, first!.attempt, 'busy', {}, NOW)
  await list(spring, `phone\n${BOB}\n`, NOW + 300_000)
  assert.deepEqual(await calls(NOW + 300_000), [BOB])
  assert.deepEqual(await calls(NOW + 301_000), [ANN])
})

test('a node of the version before claims leads too, and no number is called twice', async t => {
  const { sql, campaign, list, dialer } = await openCallingRig(t)
  const [spring, autumn] = [await campaign(), await campaign({}, 'autumn')]
  for (const one of [spring, autumn]) await list(one, `phone\n${ANN}\n${BOB}\n`)
  /** The claim of that version. */
  const claimBefore = (of: Campaign, ids: readonly string[]) => sql<{ attempt: string; phone: string }[]>`
    with picked as (
      select id from leads l where campaign_id = ${of.id} and state = 'ready' and next_at <= ${new Date(NOW)}
        and not exists (select 1 from opt_outs o where o.phone = l.phone)
      order by priority desc, next_at, id limit ${ids.length} for update skip locked
    ), taken as (
      update leads set state = 'claimed', claimed_until = ${new Date(NOW + 60_000)}, claimed_by = 'old', updated_at = ${new Date(NOW)}
      from picked where leads.id = picked.id returning leads.id, leads.phone
    ), numbered as (
      select id, phone, row_number() over (order by id) as position from taken
    ), written as (
      insert into attempts (id, campaign_id, lead_id, node, gateway, switch_core, intended_at)
      select (${ids as string[]}::uuid[])[position], ${of.id}, id, 'old', 'carrier', ${randomUUID()}, ${new Date(NOW)} from numbered
      on conflict (lead_id) where state <> 'ended' do nothing
      returning id, lead_id
    )
    select written.id as attempt, phone from written join numbered on numbered.id = lead_id order by lead_id`
  assert.deepEqual(await dialer(spring).calls(NOW), [ANN])
  const old = await claimBefore(autumn, [randomUUID(), randomUUID()])
  assert.deepEqual(
    old.map(({ phone }) => phone),
    [BOB],
  )
  assert.equal((await attemptWithId(sql, old[0]!.attempt))?.phone, BOB)
  const { claimed, putOff } = await dialer(spring).claim(NOW)
  assert.deepEqual([claimed.length, putOff], [0, 1], 'the old node calls that number')
  await settleAttempt(sql, old[0]!.attempt, 'busy', {}, NOW + 10_000)
  const [lead] = await leadsOf(sql, autumn.id, 1, (await leadsOf(sql, autumn.id, 1))[0]!.id)
  assert.equal((await attemptsOf(sql, lead!.id))[0]?.disposition, 'busy')
})
