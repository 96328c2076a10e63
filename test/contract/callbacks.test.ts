/** Callbacks in memory and in PostgreSQL: both keep the same promises. And what a supervisor does with them. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test, type TestContext } from 'node:test'
import { country } from '../../src/base/country.ts'
import { NotFoundError } from '../../src/base/errors.ts'
import { silentLog } from '../../src/base/log.ts'
import { systemClock } from '../../src/base/clock.ts'
import { silentEvents } from '../../src/events/events.ts'
import type { Ident } from '../../src/esl/safe-text.ts'
import { CallingBack } from '../../src/node/calling-back.ts'
import { openAudit } from '../../src/operations/audit.ts'
import callbackAdd from '../../src/operations/callback/add.ts'
import callbackCancel from '../../src/operations/callback/cancel.ts'
import callbackList from '../../src/operations/callback/list.ts'
import callbackReschedule from '../../src/operations/callback/reschedule.ts'
import queueCallbacks from '../../src/operations/queue/callbacks.ts'
import queueRemove from '../../src/operations/queue/remove.ts'
import type { StoreParts } from '../../src/operations/operation.ts'
import { perform } from '../../src/operations/perform.ts'
import { sqlCallbacks, type CallbackTable } from '../../src/queue/callbacks/callback-table.ts'
import { afterAttempt, newCallback, type NewCallback } from '../../src/queue/callbacks/callback.ts'
import { memoryCallbacks } from '../../src/queue/callbacks/memory-callbacks.ts'
import { redisQueueStore } from '../../src/queue/redis-store.ts'
import { RosterMirror } from '../../src/agent/roster-mirror.ts'
import { redisRoster } from '../../src/agent/redis-roster.ts'
import { defineQueue } from '../../src/recovery/definitions.ts'
import { openRedisLinks } from '../../src/store/redis.ts'
import { Switchboard } from '../../src/switch/switchboard.ts'
import { openDatabase, openRedis } from '../open-services.ts'
import { NOW } from './shared-stores.ts'

const SALES = { name: 'sales', strategy: 'longest-idle-agent' } as const
const CLAIM = { called: 'agent', node: 'a', core: null, checkedAt: NOW + 60_000 } as const
const HOUR = 3_600_000

const TABLES: Record<string, (t: TestContext) => Promise<CallbackTable>> = {
  memory: async () => memoryCallbacks(),
  PostgreSQL: async t => sqlCallbacks((await openDatabase(t)).sql),
}

const promised = (more: Partial<NewCallback> = {}) =>
  newCallback({ id: randomUUID(), queue: 'sales', number: '+4930555123', joinedAt: NOW, ...more }, SALES, NOW)

for (const [kind, open] of Object.entries(TABLES)) {
  test(`${kind}: a callback is promised once, and stays as it was`, async t => {
    const table = await open(t)
    const callback = promised({ headStartMs: 5_000, agent: 'alice' })
    assert.equal(await table.add(callback), true)
    assert.equal(await table.add({ ...callback, number: '+491' }), false)
    assert.deepEqual(await table.withId(callback.id), callback)
    assert.deepEqual(await table.ofAttempt(callback.attempt), callback)
    assert.equal(await table.withId(randomUUID()), null)
  })

  test(`${kind}: of many nodes one dials an attempt, when it is due and not expired`, async t => {
    const table = await open(t)
    const callback = promised()
    await table.add(callback)
    const { attempt, expiresAt } = callback
    assert.equal(await table.claim(attempt, CLAIM, NOW - 1), null, 'before its time')
    assert.equal(await table.claim(attempt, CLAIM, expiresAt), null, 'after its time')
    const claims = await Promise.all(Array.from({ length: 5 }, () => table.claim(attempt, CLAIM, NOW)))
    const [claimed, ...more] = claims.filter(one => one !== null)
    assert.deepEqual([claimed!.state, claimed!.called, claimed!.node, more.length], ['calling', 'agent', 'a', 0])
  })

  test(`${kind}: the first end of an attempt counts, and the next attempt has another uuid`, async t => {
    const table = await open(t)
    const callback = promised()
    await table.add(callback)
    const { attempt } = callback
    const next = afterAttempt(callback, 'busy', { queue: SALES, now: NOW })
    assert.equal(await table.settle(attempt, next), null, 'it was not dialled')
    await table.claim(attempt, CLAIM, NOW)
    const settled = await table.settle(attempt, next)
    assert.deepEqual([settled!.state, settled!.tries, settled!.outcome], ['waiting', 1, 'busy'])
    assert.equal(await table.settle(attempt, next), null)
    assert.notEqual(settled!.attempt, attempt)
    assert.equal(await table.claim(attempt, CLAIM, NOW + HOUR), null, 'the old attempt')
    assert.equal(await table.claim(settled!.attempt, CLAIM, NOW), null, 'in the pause')
    const again = await table.claim(settled!.attempt, CLAIM, settled!.dueAt)
    const done = afterAttempt(again!, 'talked', { queue: SALES, agent: 'alice', now: NOW + HOUR })
    const end = (await table.settle(again!.attempt, done))!
    assert.deepEqual([end.state, end.answeredBy, end.endedAt, end.tries], ['done', 'alice', NOW + HOUR, 2])
  })

  test(`${kind}: only one that waits can be cancelled, given another time, or expire`, async t => {
    const table = await open(t)
    const [waits, called] = [promised(), promised()]
    for (const one of [waits, called]) await table.add(one)
    await table.claim(called.attempt, CLAIM, NOW)
    for (const { id, state } of [
      { id: called.id, state: 'calling' },
      { id: waits.id, state: 'waiting' },
    ]) {
      const times = { joinedAt: NOW + HOUR, expiresAt: NOW + 2 * HOUR }
      assert.equal((await table.reschedule(id, times))?.joinedAt, state === 'waiting' ? NOW + HOUR : undefined)
      assert.equal((await table.end(id, 'cancelled', NOW))?.state, state === 'waiting' ? 'cancelled' : undefined)
      assert.equal(await table.end(id, 'expired', NOW), null)
    }
  })

  test(`${kind}: attempts of dead nodes are found when they are overdue, and not before`, async t => {
    const table = await open(t)
    const callback = promised()
    await table.add(callback)
    await table.claim(callback.attempt, CLAIM, NOW)
    assert.deepEqual(await table.overdue(NOW + 59_999), [])
    assert.deepEqual(
      (await table.overdue(NOW + 60_000)).map(({ id }) => id),
      [callback.id],
    )
    assert.equal(await table.prolong(callback.attempt, NOW + HOUR), true)
    assert.deepEqual(await table.overdue(NOW + 60_000), [])
    assert.equal(await table.prolong(randomUUID(), NOW), false)
  })

  test(`${kind}: those whose time has come are listed by their place; all of them newest first, in pages`, async t => {
    const table = await open(t)
    const all = [3, 1, 2].map(at => ({ ...promised({ joinedAt: NOW + at }), createdAt: NOW + at }))
    for (const one of all) await table.add(one)
    const other = promised({ queue: 'support' })
    await table.add({ ...other, state: 'cancelled', endedAt: NOW })
    const at = (rows: readonly { joinedAt: number }[]) => rows.map(({ joinedAt }) => joinedAt - NOW)
    assert.deepEqual(at(await table.open(NOW + 2, 10)), [1, 2])
    assert.deepEqual(at(await table.open(NOW + 9, 2)), [1, 2])
    assert.deepEqual(at(await table.openOf('sales')), [1, 2, 3])
    assert.deepEqual(await table.openOf('support'), [])
    const first = await table.list({ queue: 'sales', limit: 2 })
    assert.deepEqual(at(first), [3, 2])
    assert.deepEqual(at(await table.list({ queue: 'sales', after: first[1], limit: 2 })), [1])
    assert.deepEqual(
      (await table.list({ state: 'cancelled', limit: 5 })).map(({ queue }) => queue),
      ['support'],
    )
  })
}

async function installation(t: TestContext) {
  const { sql } = await openDatabase(t)
  const { address, client } = await openRedis(t)
  const links = await openRedisLinks(address)
  t.after(() => Object.values(links).forEach(link => link.disconnect()))
  const home = { ...links, log: silentLog }
  const [roster, queueStore, clock] = [redisRoster(home), redisQueueStore(home), systemClock]
  const audit = openAudit({ sql, redis: client, log: silentLog })
  const parts = { sql, roster, queueStore, clock, log: silentLog, events: silentEvents, audit } as unknown as StoreParts
  for (const name of ['sales', 'support']) await defineQueue(parts, { ...SALES, name }, clock.now())
  const calls = { read: async () => [] }
  const mirror = new RosterMirror(roster, clock, silentLog)
  t.after(() => mirror.close())
  const places = async () => {
    const members = await Promise.all(['sales', 'support'].map(queue => queueStore.members(queue)))
    return members.flat().filter(({ callback }) => callback)
  }
  const callingBack = new CallingBack({
    places,
    ...{
      table: sqlCallbacks(sql),
      roster,
      mirror,
      queueStore,
      switchboard: new Switchboard(),
      starts: { start: () => Promise.resolve(0) },
      calls,
      clock,
      log: silentLog,
    },
    ...{ events: silentEvents, node: 'a', gateway: 'carrier' as Ident, may: () => false },
  })
  t.after(() => callingBack[Symbol.asyncDispose]())
  return { parts, client, queueStore, clock, callingBack }
}

const ANN = { who: 'ann', door: 'command-line', role: 'administrator' } as const
const at = (time: number) => new Date(time).toISOString().replace(/\.\d+Z$/, 'Z')

test('a supervisor schedules a callback, gives it another time, and cancels it', async t => {
  const { parts, queueStore, clock } = await installation(t)
  const later = Math.floor(clock.now() / 1_000) * 1_000 + HOUR
  const added = await perform(callbackAdd, parts, { queue: 'sales', number: '0049 30 555123', at: at(later) }, ANN)
  assert.deepEqual([added.number, added.joinedAt, added.state], ['+4930555123', later, 'waiting'])
  assert.deepEqual(await queueStore.members('sales'), [], 'its time has not come')
  const twice = { queue: 'sales', number: '030777', id: added.id }
  assert.equal((await perform(callbackAdd, parts, twice, ANN)).number, '+4930555123', 'of one id there is one')

  const now = at(clock.now() - 1_000)
  await perform(callbackReschedule, parts, { id: added.id, at: now }, ANN)
  const [place] = await queueStore.members('sales')
  assert.equal(place!.joinedAt, Date.parse(now))
  assert.deepEqual(
    (await perform(queueCallbacks, parts, { name: 'sales' }, ANN)).map(({ id }) => id),
    [added.id],
  )
  assert.equal((await perform(callbackCancel, parts, { id: added.id }, ANN)).state, 'cancelled')
  assert.deepEqual(await queueStore.members('sales'), [])
  await assert.rejects(perform(callbackCancel, parts, { id: added.id }, ANN), /is over: cancelled; only one that waits/)
  await assert.rejects(perform(callbackReschedule, parts, { id: randomUUID(), at: now }, ANN), NotFoundError)
})

test('a callback needs a queue, a number that can be dialled, an agent who exists, and a time with its zone', async t => {
  const { parts } = await installation(t)
  const add = (more: object) => perform(callbackAdd, parts, { queue: 'sales', number: '+4930555123', ...more }, ANN)
  await assert.rejects(add({ queue: 'slaes' }), /no queue is called 'slaes'/)
  await assert.rejects(add({ number: 'withheld' }), { code: 'BAD_INPUT' })
  await assert.rejects(add({ agent: 'nobody' }), NotFoundError)
  for (const wrong of ['tomorrow', '2026-12-01T15:30', '2026-13-01T15:30Z'])
    await assert.rejects(add({ at: wrong }), /is no moment/)
})

test('the list of callbacks comes in pages', async t => {
  const { parts } = await installation(t)
  const ids: string[] = []
  for (let one = 0; one < 5; one++)
    ids.unshift((await perform(callbackAdd, parts, { queue: 'sales', number: `+493055512${one}` }, ANN)).id)
  const seen: string[] = []
  let after: string | null = null
  do {
    const page: { callbacks: readonly { id: string }[]; next: string | null } = await perform(
      callbackList,
      parts,
      { limit: 2, ...(after !== null && { after }) },
      ANN,
    )
    seen.push(...page.callbacks.map(({ id }) => id))
    after = page.next
  } while (after !== null)
  assert.deepEqual([...seen].sort(), [...ids].sort())
  assert.equal(new Set(seen).size, 5)
  await assert.rejects(perform(callbackList, parts, { after: 'x' }, ANN), /is no cursor/)
})

test('the callbacks of a removed queue go to the other one, or are cancelled when a supervisor says so', async t => {
  const { parts, queueStore } = await installation(t)
  const { id } = await perform(callbackAdd, parts, { queue: 'sales', number: '+4930555123' }, ANN)
  const remove = (input: object) => perform(queueRemove, parts, input, ANN)
  await assert.rejects(remove({ name: 'sales' }), /1 callers of the queue 'sales' were promised a callback/)
  assert.equal((await remove({ name: 'sales', moveTo: 'support' })).movedTo!.callbacks, 1)
  assert.deepEqual(
    (await perform(queueCallbacks, parts, { name: 'support' }, ANN)).map(one => one.id),
    [id],
  )
  await defineQueue(parts, { ...SALES, name: 'night' }, Date.now())
  const { id: other } = await perform(callbackAdd, parts, { queue: 'night', number: '+4930555123' }, ANN)
  await remove({ name: 'night', dropCallbacks: true })
  assert.equal((await sqlCallbacks(parts.sql).withId(other))!.state, 'cancelled')
  assert.deepEqual(
    (await queueStore.queues()).map(({ name }) => name),
    ['support'],
  )
})

test('a Redis that has lost its data gets the places back from the rows', async t => {
  const { parts, client, queueStore, clock, callingBack } = await installation(t)
  const { joinedAt } = await perform(callbackAdd, parts, { queue: 'sales', number: '+4930555123' }, ANN)
  await client.flushdb()
  await queueStore.put(SALES)
  const back = new Promise<void>(resolve => {
    const listening = queueStore.onChange(notice => notice.what === 'member' && resolve())
    t.after(() => listening[Symbol.dispose]())
  })
  callingBack.start()
  await back
  const [member] = await queueStore.members('sales')
  assert.deepEqual(
    [member!.joinedAt, member!.from, member!.callback],
    [joinedAt, '+4930555123', { order: 'agent-first' }],
  )
  assert.ok(clock.now() >= joinedAt)
})

test('a customer is called back at the number as people of the country write it, whoever wrote it down', async t => {
  const { parts, queueStore, clock } = await installation(t)
  const german = { ...parts, country: country('DE') }
  const add = (number: string) => perform(callbackAdd, german, { queue: 'sales', number }, ANN)
  assert.equal((await add('030 / 555 123')).number, '+4930555123')
  await queueStore.keepForCallback({ queue: 'sales', call: randomUUID(), number: '030555124' }, clock.now())
  await queueStore.keepForCallback({ queue: 'sales', call: randomUUID(), number: '201' }, clock.now())
  const open = await perform(queueCallbacks, german, { name: 'sales' }, ANN)
  assert.deepEqual(open.map(one => one.number).toSorted(), ['+4930555123', '+4930555124', '201'])
  await assert.rejects(add('110'), { code: 'BAD_INPUT', message: /'110' is not a valid number.*emergency number/ })
  await assert.rejects(add('0900 1234567'), { code: 'BAD_INPUT', message: /premium-rate/ })
  assert.equal((await perform(callbackAdd, parts, { queue: 'sales', number: '030 555' }, ANN)).number, '030555')
})

test('a request of an older version is adopted; one whose number cannot be dialled is kept as failed', async t => {
  const { parts, queueStore, clock } = await installation(t)
  const [good, bad] = [randomUUID(), randomUUID()]
  await queueStore.keepForCallback({ queue: 'sales', call: good, number: '0049 30 555123' }, clock.now())
  await queueStore.keepForCallback({ queue: 'sales', call: bad, number: 'alice' }, clock.now())
  const open = await perform(queueCallbacks, parts, { name: 'sales' }, ANN)
  assert.deepEqual(
    open.map(({ id, number }) => [id, number]),
    [[good, '+4930555123']],
  )
  const { state, outcome } = (await sqlCallbacks(parts.sql).withId(bad))!
  assert.deepEqual([state, outcome], ['failed', 'invalid'])
  assert.deepEqual(await queueStore.callbackRequests('sales'), [])
})
