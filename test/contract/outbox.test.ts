/** Events out, over a real PostgreSQL: nobody who hears them misses one, or hears it in another order. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { systemClock } from '../../src/base/clock.ts'
import { silentLog } from '../../src/base/log.ts'
import { happening } from '../../src/events/happening.ts'
import { Feed } from '../../src/outbox/feed.ts'
import { Outbox } from '../../src/outbox/outbox.ts'
import { appendEvents, deleteOldEvents, eventsAfter, lastEventBefore, stageEvents } from '../../src/store/events.ts'
import type { Sql } from '../../src/store/sql.ts'
import { openDatabase } from '../open-services.ts'

const NOW = Date.UTC(2026, 2, 2, 9)
const log = silentLog

const outboxOf = (sql: Sql, node: string) => new Outbox({ sql, node, clock: systemClock, log })
const named = async (sql: Sql) => (await eventsAfter(sql, 0, 10_000)).map(({ type, subject }) => `${type} ${subject}`)

test('a program that follows the events of two nodes reads each of them once, those of a call in their order', async t => {
  const { sql } = await openDatabase(t)
  const nodes = ['a', 'b'].map(name => outboxOf(sql, name))
  t.after(() => Promise.all(nodes.map(node => node[Symbol.asyncDispose]())))
  const feed = new Feed({ sql, outbox: nodes[0]!, clock: systemClock, log })
  t.after(() => feed[Symbol.dispose]())
  const calls = nodes.flatMap(node => Array.from({ length: 20 }, () => ({ node, uuid: randomUUID() })))
  const stop = new AbortController()
  const heard: string[] = []
  const reading = (async () => {
    for (let seq = 0; heard.length < calls.length * 10;) {
      const events = await feed.after(seq, 7)
      if (events.length === 0) await feed.changed(seq, stop.signal)
      for (const event of events) heard.push(`${event.subject} ${(event.data as { leg: string }).leg}`)
      seq = events.at(-1)?.seq ?? seq
    }
  })()
  for (let n = 0; n < 10; n++) for (const { node, uuid } of calls) node.tell('call.bridged', { uuid, leg: String(n) })
  await reading
  assert.equal(new Set(heard).size, calls.length * 10)
  for (const { uuid } of calls)
    assert.deepEqual(
      heard.filter(one => one.startsWith(uuid)),
      Array.from({ length: 10 }, (_, n) => `${uuid} ${n}`),
    )
})

test('what a node staged before it died is told by another one, and what it has told is not told again', async t => {
  const { sql } = await openDatabase(t)
  const [told, untold] = ['autumn', 'spring'].map(campaign => happening('campaign.started', { campaign }, NOW))
  await sql.begin(tx => stageEvents(tx, [told!.row, untold!.row]))
  await appendEvents(sql, [told!.row], { node: 'a', now: NOW })
  assert.deepEqual(await named(sql), ['campaign.started autumn'])
  await appendEvents(sql, [], { node: 'b', now: NOW + 4_000 })
  assert.deepEqual(await named(sql), ['campaign.started autumn'], 'its node may still tell it')
  await appendEvents(sql, [told!.row], { node: 'b', now: NOW + 6_000 })
  assert.deepEqual(await named(sql), ['campaign.started autumn', 'campaign.started spring'])
  assert.deepEqual(await sql`select id from staged_events`.then(rows => rows.length), 0)
})

test('a change that is rolled back has no event', async t => {
  const { sql } = await openDatabase(t)
  const { row } = happening('campaign.started', { campaign: 'autumn' }, NOW)
  const work = sql.begin(async tx => {
    await stageEvents(tx, [row])
    throw new Error('no')
  })
  await assert.rejects(work, /no/)
  await appendEvents(sql, [], { node: 'a', now: NOW + 60_000 })
  assert.deepEqual(await named(sql), [])
})

test('an event that PostgreSQL refuses stops no other event', async t => {
  const { sql } = await openDatabase(t)
  const outbox = outboxOf(sql, 'a')
  for (const campaign of ['one', 'bad \u0000', 'two']) outbox.tell('campaign.started', { campaign })
  await outbox[Symbol.asyncDispose]()
  assert.deepEqual(await named(sql), ['campaign.started one', 'campaign.started two'])
})

test('a process that closes writes what it has told', async t => {
  const { sql } = await openDatabase(t)
  const outbox = outboxOf(sql, 'a')
  for (let n = 0; n < 1_200; n++) outbox.tell('campaign.started', { campaign: `c${n}` })
  await outbox[Symbol.asyncDispose]()
  assert.deepEqual(
    await named(sql),
    Array.from({ length: 1_200 }, (_, n) => `campaign.started c${n}`),
  )
})

test('old events are deleted, a page at a time; a moment of the past leads to its place among the others', async t => {
  const { sql } = await openDatabase(t)
  const rows = Array.from({ length: 50 }, (_, n) =>
    happening('campaign.started', { campaign: `c${n}` }, NOW + n * 1_000),
  ).map(({ row }) => row)
  await appendEvents(sql, rows, { node: 'a', now: NOW })
  const [first] = await eventsAfter(sql, 0, 1)
  assert.equal(await lastEventBefore(sql, new Date(NOW + 20_000)), first!.seq + 19)
  assert.equal(await lastEventBefore(sql, new Date(NOW)), first!.seq - 1)
  assert.equal(await lastEventBefore(sql, new Date(NOW + 99_000)), first!.seq + 49)
  assert.equal(await deleteOldEvents(sql, NOW + 30_000, 20), 20)
  assert.equal(await deleteOldEvents(sql, NOW + 30_000, 20), 10)
  assert.equal(await deleteOldEvents(sql, NOW + 30_000, 20), 0)
  assert.equal((await named(sql))[0], 'campaign.started c30')
})
