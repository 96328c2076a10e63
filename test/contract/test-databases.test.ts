/** What one test leaves in its database never reaches the next test. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openSql } from '../../src/store/sql.ts'
import { openDatabase, type TestDatabase } from '../open-services.ts'

/** The ends of the tests that hold a database, first the last one. */
function holder() {
  const ends: (() => Promise<unknown>)[] = []
  return {
    after: (end: () => Promise<unknown>) => void ends.unshift(end),
    async end() {
      for (const one of ends) await one()
    },
  }
}

async function used(work: (database: TestDatabase) => Promise<unknown>): Promise<string> {
  const t = holder()
  const database = await openDatabase(t)
  const [first] = await database.sql<{ oid: number }[]>`select oid from pg_database where datname = current_database()`
  await work(database)
  await t.end()
  return String(first!.oid)
}

const rowsAndNext = async ({ sql }: TestDatabase) => ({
  campaigns: await sql`select name from campaigns`,
  places: [...(await sql`select * from places`)],
  next: await sql`insert into places (key) values ('there') returning id`,
  migrations: (await sql`select count(*) as n from migrations`)[0]!['n'],
})

test('a test finds a database as new, with the ids from 1 on, in which another one has written', async () => {
  let asNew: unknown
  const first = await used(async database => {
    asNew = await rowsAndNext(database)
    await database.sql`insert into campaigns (name, mode, flow, queue) values ('spring', 'progressive', 'f', 'q')`
    await database.sql`delete from places`
    await database.sql`delete from migrations`
  })
  let again: unknown
  const second = await used(async database => (again = await rowsAndNext(database)))
  assert.equal(second, first, 'the database is used again')
  assert.deepEqual(again, asNew)
})

test('a test that changes a table or a setting leaves no such database to the next one', async () => {
  for (const change of [
    'alter table campaigns add column colour text',
    'drop trigger if exists nothing on campaigns; create function nothing() returns int language sql as $$ select 1 $$',
    "do $$ begin execute format('alter database %I set work_mem = 1000', current_database()); end $$",
  ]) {
    const changed = await used(({ sql }) => sql.alone(driver => driver.unsafe(change)))
    const next = await used(async () => {})
    assert.notEqual(next, changed, change)
  }
})

test('a client that stays connected after its test is cut off, and does not find the database again', async () => {
  const t = holder()
  const { address } = await openDatabase(t)
  const late = openSql(address, { max: 1, limitMs: 2_000 })
  await late`select 1`
  await t.end()
  await assert.rejects(Promise.resolve(late`insert into places (key) values ('late')`))
  await late.end({ timeout: 1 })
})
