/** A customer who was promised a callback is called when it is their turn, and by nobody a second time. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import callbackScript from '../../scripts/callback.ts'
import queueEntry from '../../scripts/queue-entry.ts'
import { parseHours } from '../../src/base/hours.ts'
import { line, NUMBER, open, promise, sales } from './callback-floor.ts'

test('a caller who took the callback is called when an agent is free: the agent first, then the customer', async t => {
  const sim = await open(t)
  sim.install('callback', callbackScript)
  const customer = sim.switch.world.at(`sofia/gateway/carrier/${NUMBER}`, { answers: '3s', speaks: 'human' })
  const caller = sim.call(queueEntry, { ...sales, from: NUMBER })
  await caller.hears('queue/callback-offer', '4m')
  await caller.presses('1')
  await caller.hears('queue/callback-confirm')
  await caller.presses('1')
  assert.equal(await caller.outcome(), 'callback')
  const [place] = await sim.queueStore.members('sales')
  assert.ok(place!.callback && place!.joinedAt < sim.clock.now() - 120_000, 'the place is in the queue, with its time')
  assert.equal(customer.rang, 0, 'nobody is called while no agent is free')
  const alice = sim.agent('alice')
  await alice.ready()
  await alice.rings('5s')
  await alice.hears('whisper/callback')
  assert.equal(await alice.state(), 'ringing')
  await alice.presses('1')
  await alice.talksWith(NUMBER)
  assert.equal(await alice.state(), 'talking')
  await sim.advance('30s')
  customer.last!.hangUp()
  await alice.becomes('wrap-up', '2s')
  await sim.advance('1s')
  const [row] = await sim.callbacks.list({ limit: 1 })
  assert.deepEqual([row!.state, row!.tries, row!.answeredBy], ['done', 1, 'alice'])
  assert.deepEqual(await sim.queueStore.members('sales'), [])
  const record = sim.records.find(({ flow }) => flow === 'callback')!
  assert.deepEqual([record.agent, record.customer, record.outcome], ['alice', NUMBER, 'talked'])
  assert.deepEqual(
    sim.told('callback.done').map(({ queue, agent, callback }) => [queue, agent, callback]),
    [['sales', 'alice', row!.id]],
  )
  assert.equal(customer.rang, 1)
  const { entered, answered, callback, abandoned, left } = await sim.queueStore.stats('sales')
  assert.equal(entered, answered + callback + abandoned + left, 'everybody who entered is accounted for')
})

test('with customer first, the customer rings when the turn is near, and is served at the kept place', async t => {
  const sim = await open(t, { callbackOrder: 'customer-first' })
  const customer = promise(sim)
  await sim.advance('1s')
  const later = sim.call(queueEntry, sales)
  await later.hears('music moh/calm')
  assert.equal(customer.place.rang, 0, 'nobody serves the queue')
  const alice = sim.agent('alice', { answers: '15s' })
  await alice.ready() // she is offered the caller behind while the customer is called
  await customer.hears('callback/press-1')
  await customer.presses('1')
  await customer.hears('music moh/calm')
  assert.equal((await sim.queueStore.waiting('sales'))[0]!.from, NUMBER, 'before the caller who came later')
  await later.hangsUp()
  await sim.advance('1s')
  await alice.accepts('60s')
  await customer.talksWith('alice')
  await sim.advance('1s')
  await customer.hangsUp()
  assert.equal(await customer.ends(), 'done')
  assert.equal(customer.place.rang, 1)
  await later.outcome()
})

test('a callback never goes before a caller who has waited longer, and always before one who came later', async t => {
  for (const callbackOrder of ['agent-first', 'customer-first'] as const) {
    const sim = await open(t, { callbackOrder })
    const first = sim.call(queueEntry, sales)
    await first.hears('music moh/calm')
    const customer = promise(sim)
    await sim.advance('1s')
    const last = sim.call(queueEntry, sales)
    await last.hears('music moh/calm')
    assert.deepEqual(
      (await line(sim)).map(one => one === 'callback'),
      [false, true, false],
    )
    const alice = sim.agent('alice', { wrapUp: '1s' })
    await alice.ready()
    await alice.accepts()
    await first.talksWith('alice')
    if (callbackOrder === 'customer-first') {
      await customer.hears('callback/press-1') // its turn is next
      await customer.presses('1')
    }
    assert.equal(customer.place.rang, callbackOrder === 'customer-first' ? 1 : 0)
    await sim.advance('1s')
    await first.hangsUp()
    await sim.advance('500ms')
    await alice.accepts('60s')
    await alice.talksWith(NUMBER)
    await sim.advance('1s')
    await customer.hangsUp()
    await sim.advance('500ms')
    await alice.accepts('60s')
    await last.talksWith('alice')
    await sim.advance('1s')
    await last.hangsUp()
    for (const caller of [first, last]) assert.equal(await caller.outcome(), 'talked')
    assert.equal(await customer.ends(), 'done')
  }
})

test('an agent who does not take it rests, no try is used up, and the next agent gets it', async t => {
  for (const how of ['presses nothing', 'hangs up', 'does not answer'] as const) {
    const sim = await open(t)
    const customer = promise(sim)
    const alice = sim.agent('alice', { answers: how === 'does not answer' ? 'never' : '3s' })
    const bob = sim.agent('bob')
    await alice.ready()
    await alice.rings()
    if (how !== 'does not answer') await alice.hears('whisper/press-1')
    if (how === 'hangs up') await alice.hangsUp()
    await bob.ready()
    await bob.hears('whisper/press-1', '60s')
    assert.equal(alice.place.rang, 1, how)
    assert.ok((await sim.roster.get('alice', sim.clock.now()))!.restUntil > sim.clock.now() - 30_000, 'alice rests')
    await bob.presses('1')
    await bob.talksWith(NUMBER)
    await sim.advance('1s')
    await bob.hangsUp()
    assert.equal(await customer.ends(), 'done')
    const { tries, answeredBy } = await customer.row()
    assert.deepEqual([tries, answeredBy], [1, 'bob'])
    assert.equal(customer.place.rang, 1)
  }
})

test('a customer who is busy is called again after the pause for that, and has the place meanwhile', async t => {
  const sim = await open(t, { callbackRetryAfter: { busy: 300_000, other: 900_000 } })
  const customer = promise(sim, { answers: 'busy' })
  const alice = sim.agent('alice', { wrapUp: '0s' })
  await alice.ready()
  await alice.accepts()
  await alice.hears('dial/busy')
  await alice.ended()
  assert.equal(sim.told('callback.missed')[0]!.end, 'busy')
  assert.deepEqual(await line(sim), ['callback'])
  await sim.advance('4m')
  assert.equal(alice.place.rang, 1)
  customer.place.behaviour = { answers: '1s', speaks: 'human' }
  await alice.rings('2m')
  await alice.accepts()
  await alice.talksWith(NUMBER)
  await sim.advance('1s')
  await alice.hangsUp()
  assert.equal(await customer.ends(), 'done')
  assert.equal((await customer.row()).tries, 2)
})

test('a customer who is never reached is given up after the tries of the queue, with customer first too', async t => {
  for (const callbackOrder of ['agent-first', 'customer-first'] as const) {
    const sim = await open(t, { callbackOrder, callbackTries: 2, callbackRetryAfter: { other: 30_000 } })
    const customer = promise(sim, { answers: 'never' })
    const alice = sim.agent('alice', { wrapUp: '0s' })
    await alice.ready()
    for (let tries = 1; tries <= 2; tries++) {
      if (callbackOrder === 'customer-first') {
        await sim.until('the customer rings', () => customer.place.rang === tries, '3m')
      } else {
        await alice.accepts('3m')
        await alice.hears('dial/no-answer', '60s')
        await alice.ended()
      }
    }
    assert.equal(await customer.ends('3m'), 'failed')
    assert.deepEqual(
      sim.told('callback.failed').map(({ end, tries }) => [end, tries]),
      [['no-answer', 2]],
    )
    assert.equal(customer.place.rang, 2)
    assert.deepEqual(await sim.queueStore.members('sales'), [])
  }
})

test('a number that does not exist is given up at once', async t => {
  const sim = await open(t, { callbackOrder: 'customer-first' })
  const customer = promise(sim, { answers: 'unallocated' })
  await sim.agent('alice').ready()
  assert.equal(await customer.ends(), 'failed')
  assert.equal((await customer.row()).outcome, 'invalid')
})

test('nobody is called outside the calling hours, and the place is served first when they begin', async t => {
  for (const callbackOrder of ['agent-first', 'customer-first'] as const) {
    const sim = await open(t)
    const opens = (Math.floor(sim.clock.now() / 60_000) + 10) * 60_000
    const time = (at: number) => new Date(at).toISOString().slice(11, 16)
    const callbackHours = parseHours(`Mon-Sun ${time(opens)}-${time(opens + 3_600_000)} UTC`)
    await sim.queueStore.put({ name: 'sales', strategy: 'longest-idle-agent', callbackHours, callbackOrder })
    const customer = promise(sim)
    const alice = sim.agent('alice')
    await alice.ready()
    await sim.clock.advance(opens - sim.clock.now() - 1_000)
    assert.deepEqual([alice.place.rang, customer.place.rang], [0, 0], callbackOrder)
    assert.deepEqual(await line(sim), ['callback'])
    if (callbackOrder === 'customer-first') {
      await customer.hears('callback/press-1')
      await customer.presses('1')
    }
    await alice.accepts()
    await customer.talksWith('alice')
    await sim.advance('1s')
    await customer.hangsUp()
    assert.equal(await customer.ends(), 'done')
  }
})

test('an agent who listens when the hours end is told so, and the customer is not called after them', async t => {
  const sim = await open(t)
  const now = sim.clock.now()
  const time = (at: number) => new Date(at).toISOString().slice(11, 16)
  const ends = Math.ceil((now + 30_000) / 60_000) * 60_000
  const callbackHours = parseHours(`Mon-Sun ${time(ends - 3_600_000)}-${time(ends)} UTC`)
  await sim.queueStore.put({ name: 'sales', strategy: 'longest-idle-agent', callbackHours })
  await sim.clock.advance(ends - now - 4_000)
  const customer = promise(sim)
  const alice = sim.agent('alice', { answers: '2s' })
  await alice.ready()
  await alice.hears('whisper/press-1')
  await sim.advance('1s')
  await alice.presses('1')
  await alice.hears('dial/closed')
  await alice.becomes('idle')
  await sim.advance('30m')
  assert.equal(customer.place.rang, 0)
  assert.equal((await customer.row()).tries, 0)
  assert.equal(alice.place.rang, 1)
})

test('a callback that was not made in time expires, and the agents are for others', async t => {
  const sim = await open(t, { callbackExpiresMs: 3_600_000 })
  const customer = promise(sim)
  await sim.advance('59m')
  assert.deepEqual(await line(sim), ['callback'])
  await sim.advance('2m')
  assert.equal((await customer.row()).state, 'expired')
  assert.deepEqual(await sim.queueStore.members('sales'), [])
  assert.equal(sim.told('callback.expired').length, 1)
  const alice = sim.agent('alice')
  await alice.ready()
  await sim.advance('10s')
  assert.equal(alice.place.rang, 0)
})

test('a scheduled callback has no place before its time, and then the place of that time', async t => {
  const sim = await open(t)
  const customer = promise(sim, { in: '10m' })
  const alice = sim.agent('alice')
  await alice.ready()
  await sim.advance('9m')
  assert.deepEqual([await line(sim), alice.place.rang], [[], 0])
  await alice.rings('70s')
  await alice.accepts()
  await customer.talksWith('alice')
  await sim.advance('1s')
  await customer.hangsUp()
  assert.equal(await customer.ends(), 'done')
})

test('the agent who promised a callback is waited for, and then any agent gets it', async t => {
  const sim = await open(t, { callbackAgentWaitMs: 600_000 })
  const alice = sim.agent('alice')
  const bob = sim.agent('bob')
  await bob.ready()
  const customer = promise(sim, { agent: 'alice' })
  await sim.advance('5m')
  assert.equal(bob.place.rang, 0, 'bob is free, and it is not for him')
  await alice.ready()
  await alice.accepts()
  await customer.talksWith('alice')
  await sim.advance('1s')
  await customer.hangsUp()
  assert.equal(await customer.ends(), 'done')
  await alice.logsOut()
  const second = promise(sim, { agent: 'alice', number: '+4930555124' })
  await bob.rings('11m')
  await bob.accepts()
  await second.talksWith('bob')
  await sim.advance('1s')
  await second.hangsUp()
  assert.equal(await second.ends(), 'done')
})

test('a nailed-up agent is kept for the customer while the customer is called, and is joined at once', async t => {
  const sim = await open(t, { whisper: false, accept: 'none' }, { reconciles: true })
  const alice = sim.agent('alice', { wrapUp: '1s' })
  await alice.isNailedUp()
  await alice.ready()
  const customer = promise(sim, { answers: '20s' })
  const later = sim.call(queueEntry, sales)
  await later.hears('music moh/calm')
  await customer.hears('callback/press-1', '40s')
  assert.equal(await alice.state(), 'reserved')
  await customer.presses('1')
  await customer.talksWith('alice', '2s')
  await sim.advance('1s')
  await customer.hangsUp()
  assert.equal(await customer.ends(), 'done')
  await later.talksWith('alice', '10s')
  await sim.advance('1s')
  await later.hangsUp()
  await later.outcome()
  await alice.hangsUp()
})

test('a customer who says nothing to the question is called again later: it may have been a machine', async t => {
  const sim = await open(t, { callbackOrder: 'customer-first' })
  const customer = promise(sim)
  await sim.agent('alice').ready()
  await customer.hears('callback/press-1')
  assert.equal(await customer.ended(), 'NORMAL_CLEARING')
  await sim.advance('1s')
  const { state, tries, outcome } = await customer.row()
  assert.deepEqual([state, tries, outcome], ['waiting', 1, 'machine'])
  assert.deepEqual(await line(sim), ['callback'])
})

test('a customer who hangs up while waiting for the agent is called again later', async t => {
  const sim = await open(t, { callbackOrder: 'customer-first' })
  const customer = promise(sim)
  await sim.agent('alice', { answers: 'never' }).ready()
  await customer.hears('callback/press-1')
  await customer.presses('1')
  await customer.hears('music moh/calm')
  await customer.hangsUp()
  await sim.advance('2s')
  const { state, tries, outcome } = await customer.row()
  assert.deepEqual([state, tries, outcome], ['waiting', 1, 'hung-up'])
})

test('an agent of several telephones is called at the first of them for a callback', async t => {
  const sim = await open(t)
  const alice = sim.agent('alice', { wrapUp: '1s' })
  await alice.ready()
  const { name, wrapUpMs, ringForMs, queues } = (await sim.roster.get('alice', sim.clock.now()))!
  const endpoint = 'user/alice,user/alice-mobile'
  await sim.roster.put({ name, endpoint, wrapUpMs, ringForMs, queues }, sim.clock.now())
  const mobile = sim.switch.world.at('user/alice-mobile', { answers: 'never' })
  const customer = promise(sim)
  await alice.accepts('20s')
  await customer.talksWith('alice')
  assert.equal(mobile.rang, 0)
  await sim.advance('1s')
  await customer.hangsUp()
  assert.equal(await customer.ends(), 'done')
})
