/**
 * Deliveries to webhooks over a real PostgreSQL, in virtual time, to a receiver that fails in some way: every event
 * arrives, those of one call in their order. An hour without a receiver is row 75 of the fault matrix.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Webhook } from 'standardwebhooks'
import { happening } from '../../src/events/happening.ts'
import { newSecret } from '../../src/outbox/signature.ts'
import { changeSecret, changeTarget, deliveries, redeliver, targetNamed } from '../../src/store/event-targets.ts'
import { appendEvents } from '../../src/store/events.ts'
import { callsNamed, MINUTE, WebhookRig as Rig } from './webhook-rig.ts'

test('one event that fails stops its own call and no other, and goes on by the plan', async t => {
  const rig = await Rig.open(t)
  const calls = callsNamed(4)
  let isWell = false
  rig.answer = ({ subject, n }) => (subject === 'call-2' && n === 1 && !isWell ? 500 : 200)
  await rig.tells(calls, 5)
  await rig.runs(1_000)
  assert.equal(rig.taken.filter(({ subject }) => subject !== 'call-2').length, 15)
  assert.deepEqual(
    rig.taken.filter(({ subject }) => subject === 'call-2').map(({ n }) => n),
    [0],
  )
  await rig.tells(calls, 1) // also behind it
  const tries = () => rig.bodies.filter(body => /"subject":"call-2"/.test(body) && /"leg":"1"/.test(body)).length
  await rig.runs(4_000)
  assert.equal(tries(), 1)
  await rig.runs(2_000)
  assert.equal(tries(), 2, 'after 5 s')
  await rig.runs(34_000)
  assert.equal(tries(), 3, 'after 30 s more')
  isWell = true
  await rig.runs(3 * MINUTE)
  rig.inOrder(calls, 6)
})

test('an event that the receiver will never take is dead at once, and is sent again when somebody asks', async t => {
  const rig = await Rig.open(t)
  rig.answer = ({ n }) => (n === 1 ? 422 : 200)
  await rig.tells(['one'], 3)
  await rig.runs(1_000)
  assert.deepEqual(
    rig.taken.map(({ n }) => n),
    [0, 2],
  )
  const [dead] = await deliveries(rig.sql, 'crm', { limit: 10, state: 'dead' })
  assert.deepEqual([dead!.status, dead!.tries], [422, 1])
  rig.answer = () => 200
  assert.equal(await redeliver(rig.sql, 'crm', null, rig.clock.now()), 1)
  await rig.runs(1_000)
  assert.deepEqual(
    rig.taken.map(({ n }) => n),
    [0, 2, 1],
  )
})

test('a receiver that says 410 hears nothing more; one that says when to come again is asked then', async t => {
  const rig = await Rig.open(t)
  rig.answer = () => 429
  rig.retryAfterMs = 20 * MINUTE
  await rig.tells(['one'], 1)
  await rig.runs(19 * MINUTE)
  assert.equal(rig.asked, 1)
  rig.answer = () => 410
  await rig.runs(2 * MINUTE)
  assert.equal(rig.asked, 2)
  await rig.tells(['two'], 1)
  await rig.runs(30 * MINUTE)
  assert.equal(rig.asked, 2)
  assert.equal((await targetNamed(rig.sql, 'crm'))!.state, 'gone')
})

test('an event that fails for good is dead after eight tries in more than a day, and the next one of its call goes', async t => {
  const rig = await Rig.open(t)
  rig.answer = ({ n, subject }) => (subject === 'bad' && n === 0 ? 500 : 200)
  await rig.tells(['bad'], 2)
  for (let hour = 0; hour < 36; hour++) {
    await rig.tells([`good-${hour}`], 1)
    for (let part = 0; part < 12; part++) {
      await rig.clock.advance(5 * MINUTE)
      await rig.runs(500)
    }
  }
  const [dead] = await deliveries(rig.sql, 'crm', { limit: 10, state: 'dead' })
  assert.deepEqual([dead!.subject, dead!.tries], ['bad', 8])
  assert.ok(rig.taken.some(({ subject, n }) => subject === 'bad' && n === 1))
})

test('the public library takes each delivery, refuses a changed, an old and a foreign one, and knows both secrets of a change', async t => {
  const rig = await Rig.open(t)
  await rig.tells(['one'], 1)
  await rig.runs(0)
  const library = (secret: string) => new Webhook(secret)
  // the library reads the clock of this machine, and the delivery is signed in virtual time
  const { mock } = t
  const at = (ms: number) => {
    mock.timers.reset()
    mock.timers.enable({ apis: ['Date'], now: ms })
  }
  at(rig.clock.now())
  const [body, headers] = [rig.bodies[0]!, rig.headers[0]!]
  assert.equal((library(rig.secret).verify(body, headers) as { subject: string }).subject, 'one')
  assert.throws(() => library(rig.secret).verify(body.replace('one', 'two'), headers))
  assert.throws(() => library(newSecret()).verify(body, headers))
  for (const signature of ['v1,', 'v1,AAAA', headers['webhook-signature']!.slice(0, -4)])
    assert.throws(() => library(rig.secret).verify(body, { ...headers, 'webhook-signature': signature }))
  for (const minutes of [-6, 6]) {
    at(rig.clock.now() + minutes * MINUTE)
    assert.throws(() => library(rig.secret).verify(body, headers), /timestamp/i)
  }
  const next = newSecret()
  await changeSecret(rig.sql, 'crm', next, rig.clock.now() + MINUTE)
  for (const [after, isOld] of [
    [0, true],
    [2 * MINUTE, false],
  ] as const) {
    await rig.clock.advance(after)
    await rig.tells(['one'], 1)
    await rig.runs(0)
    at(rig.clock.now())
    const both = [rig.bodies.at(-1)!, rig.headers.at(-1)!] as const
    library(next).verify(...both)
    if (isOld) library(rig.secret).verify(...both)
    else assert.throws(() => library(rig.secret).verify(...both))
  }
})

test('a webhook hears only the events that it asked for, with masked numbers, and may go back to an earlier one', async t => {
  const rig = await Rig.open(t)
  await changeTarget(rig.sql, 'crm', { types: ['call.*'] }, rig.clock.now())
  const call = { uuid: 'one', flow: 'welcome', from: '+49301234567', to: '2000', direction: 'in' } as const
  const rows = [
    happening('campaign.started', { campaign: 'autumn' }, rig.clock.now()).row,
    happening('call.initiated', call, rig.clock.now()).row,
  ]
  await appendEvents(rig.sql, rows, { node: 'a', now: rig.clock.now() })
  await rig.runs(0)
  assert.equal(rig.bodies.length, 1)
  assert.doesNotMatch(rig.bodies[0]!, /1234567/)
  assert.match(rig.bodies[0]!, /"type":"dev\.switchhook\.call\.initiated\.v1"/)
  await changeTarget(rig.sql, 'crm', { position: 0, seesNumbers: true }, rig.clock.now())
  await rig.runs(0)
  assert.match(rig.bodies[1]!, /\+49301234567/)
})

test('what is told while a receiver counts as down, and nothing waits, is kept and arrives', async t => {
  const rig = await Rig.open(t)
  await rig.sql`update event_targets set failures = 7`
  rig.answer = () => 500
  await rig.tells(['one', 'two'], 5)
  await rig.runs(1_000)
  assert.equal(rig.taken.length, 0)
  rig.answer = () => 200
  await rig.runs(5 * MINUTE)
  rig.inOrder(['one', 'two'], 5)
})
