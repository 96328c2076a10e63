/**
 * A PostgreSQL that fails or becomes silent in the middle of some work: the caller gets an error in time, and the next
 * one gets an answer.
 */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { createWriteStream } from 'node:fs'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { SwitchhookError } from '../../src/base/errors.ts'
import { campaignFrom } from '../../src/campaign/campaign.ts'
import { importLeads } from '../../src/campaign/import.ts'
import { putCampaign } from '../../src/store/campaigns.ts'
import { openSql, type Sql } from '../../src/store/sql.ts'
import { openProxy, type Proxy } from '../fault/proxy.ts'
import { until } from '../fault/rig.ts'
import { openDatabase } from '../open-services.ts'
import { PATIENCE_MS } from '../patience.ts'

/** Long enough for a busy machine, and short enough for a test. */
const LIMIT_MS = 700
const isService = (error: unknown) => error instanceof SwitchhookError && error.code === 'SERVICE'

/** `direct` reaches the server, `sql` goes through a proxy. */
async function behindProxy(t: TestContext): Promise<{ direct: Sql; sql: Sql; proxy: Proxy }> {
  const { sql: direct, address } = await openDatabase(t)
  assert.ok('socketFolder' in address)
  const proxy = await openProxy(t, { path: join(address.socketFolder, '.s.PGSQL.5432') })
  const url = `postgres://${address.user}@127.0.0.1:${proxy.port}/${address.database}`
  const sql = openSql({ url }, { limitMs: LIMIT_MS, max: 4 })
  t.after(() => sql.end({ timeout: 0 }))
  return { direct, sql, proxy }
}

const one = async (sql: Sql) => (await sql<[{ one: number }]>`select 1 as one`)[0].one
/** As the statements of several people at once. */
const warm = (sql: Sql) => Promise.all(Array.from({ length: 4 }, () => sql`select pg_sleep(0.05)`))

test('a node lives on when its connection is lost in the middle of a transaction, and nothing of that is kept', async t => {
  const { direct, sql } = await behindProxy(t)
  await direct`create table said (word text)`
  const cut = sql.begin(async tx => {
    await tx`insert into said values ('half')`
    const [me] = await tx<[{ pid: number }]>`select pg_backend_pid() as pid`
    await direct`select pg_terminate_backend(${me.pid})`
    await tx`select pg_sleep(5)`
  })
  await assert.rejects(cut)
  assert.equal(await one(sql), 1)
  assert.equal((await direct`select from said`).length, 0)
})

test('when every connection has gone silent whoever asks is told so in time, and the next one is answered by a new one', async t => {
  const { sql, proxy } = await behindProxy(t)
  await warm(sql)
  const before = proxy.connections
  proxy.freeze()
  await Promise.all(Array.from({ length: 4 }, () => assert.rejects(one(sql), isService)))
  assert.equal(await one(sql), 1)
  assert.equal(proxy.connections, before + 1)
})

test('a transaction whose connection has fallen silent gives its locks back, though the server hears nothing of its client any more', async t => {
  const { direct, sql, proxy } = await behindProxy(t)
  await direct`create table said (word text)`
  await direct`insert into said values ('before')`
  const silent = sql.begin(async tx => {
    await tx`update said set word = 'half'`
    proxy.freeze()
    await tx`select 1`
  })
  await assert.rejects(silent, isService)
  await direct`update said set word = word || ' and after'`
  assert.deepEqual([...(await direct`select word from said`)], [{ word: 'before and after' }])
})

test('a server that takes connections and says nothing is no more patient than one that is silent later', async t => {
  const { sql, proxy } = await behindProxy(t)
  proxy.blackhole()
  await assert.rejects(one(sql), isService)
  await assert.rejects(
    sql.begin(tx => tx`select 1`),
    isService,
  )
  proxy.heal()
  assert.equal(await one(sql), 1)
})

test('a server that closes every connection at once is asked once for each statement, not all the time', async t => {
  const { sql, proxy } = await behindProxy(t)
  proxy.cut()
  await assert.rejects(one(sql))
  assert.equal(proxy.connections, 1)
  proxy.heal()
  assert.equal(await one(sql), 1)
})

test('statements that wait for a locked table do not pile up at the server', async t => {
  const { direct, sql } = await behindProxy(t)
  await direct`create table locked (word text)`
  const open = () =>
    direct<
      { n: number }[]
    >`select count(*) as n from pg_stat_activity where query like 'insert into locked%' and wait_event_type = 'Lock'`
  await direct.alone(async connection => {
    await connection`begin`
    await connection`lock table locked`
    for (let round = 0; round < 2; round++)
      await Promise.all(Array.from({ length: 4 }, () => assert.rejects(sql`insert into locked values ('late')`)))
    await until('the server has ended all of them', async () => (await open())[0]!.n === 0, PATIENCE_MS)
    await connection`rollback`
  })
  await sql`insert into locked values ('now')`
  assert.equal((await direct`select from locked`).length, 1)
})

test('a list whose import loses its connection is not added in part', async t => {
  const { direct, sql, proxy } = await behindProxy(t)
  const folder = await mkdtemp(join(tmpdir(), 'switchhook-list-'))
  t.after(() => rm(folder, { recursive: true }))
  const file = join(folder, 'list.csv')
  const out = createWriteStream(file)
  out.write(
    `phone,note\n${Array.from({ length: 20_000 }, (_, n) => `+4917${100_000 + n},${'x'.repeat(100)}`).join('\n')}\n`,
  )
  out.end()
  await once(out, 'close')
  const campaign = await putCampaign(direct, campaignFrom({ name: 'spring', queue: 'sales' }))
  proxy.cutAfter(500_000)
  await assert.rejects(importLeads({ sql, campaign: campaign.id, file, now: Date.now() }))
  assert.equal((await direct`select from leads`).length, 0)
  proxy.heal()
  assert.equal((await importLeads({ sql, campaign: campaign.id, file, now: Date.now() })).added, 20_000)
})

test('a transaction that goes on after a statement in it failed is not taken for one that was kept', async t => {
  const { direct, sql } = await behindProxy(t)
  await direct`create table said (word text unique)`
  const lost = sql.begin(async tx => {
    await tx`insert into said values ('once')`
    await tx`insert into said values ('once')`.catch(() => {})
  })
  await assert.rejects(lost, /PostgreSQL rolled it back/)
  assert.equal((await direct`select from said`).length, 0)
})
