/**
 * Switchhook's tables: created once, by the first process that needs them, with the constraints that Switchhook relies
 * on.
 */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { migrate } from '../../src/store/migrate.ts'
import { isDuplicate, openSql, type Sql } from '../../src/store/sql.ts'
import { openDatabase } from '../open-services.ts'

async function folder(t: TestContext, files: Record<string, string>): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'switchhook-migrations-'))
  t.after(() => rm(path, { recursive: true }))
  for (const [name, text] of Object.entries(files)) await writeFile(join(path, name), text)
  return path
}

async function lead(sql: Sql): Promise<{ campaign: string; id: number }> {
  const [campaign] = await sql<
    [{ id: string }]
  >`insert into campaigns (name, queue) values ('spring', 'sales') returning id`
  const [row] = await sql<
    [{ id: number }]
  >`insert into leads (campaign_id, phone) values (${campaign.id}, '+4930123') returning id`
  return { campaign: campaign.id, id: row.id }
}

test('a test database has all tables, and nothing is left to apply', async t => {
  const { sql } = await openDatabase(t)
  assert.deepEqual(await migrate(sql), [])
  const rows = await sql<
    { name: string }[]
  >`select table_name as name from information_schema.tables where table_schema = 'public'`
  assert.deepEqual(rows.map(row => row.name).sort(), [
    'agent_queues',
    'agent_states',
    'agents',
    'answered_calls',
    'answered_figures',
    'api_keys',
    'attempt_dispositions',
    'attempts',
    'audit',
    'break_reasons',
    'call_segments',
    'callbacks',
    'calls',
    'campaign_dispositions',
    'campaign_figures',
    'campaigns',
    'do_not_call',
    'event_deliveries',
    'event_targets',
    'events',
    'gateways',
    'holidays',
    'idempotency_keys',
    'installation',
    'lead_numbers',
    'leads',
    'migrations',
    'number_rules',
    'opt_outs',
    'people',
    'places',
    'previews',
    'queues',
    'sessions',
    'staged_events',
  ])
})

test('two nodes that start at the same moment apply each file once', async t => {
  const { sql, address } = await openDatabase(t)
  const other = openSql(address)
  t.after(() => other.end())
  const slow = 'create table first (id int); select pg_sleep(0.2)'
  const path = await folder(t, { '9001_first.sql': slow, '9002_second.sql': 'create table second (id int)' })
  const applied = await Promise.all([migrate(sql, path), migrate(other, path)])
  assert.deepEqual(applied.flat(), ['9001_first.sql', '9002_second.sql'])
})

test('a file that fails leaves nothing behind, and those before it stay', async t => {
  const { sql } = await openDatabase(t)
  const bad = 'create table bad (id int); select nonsense'
  const path = await folder(t, { '9001_good.sql': 'create table good (id int)', '9002_bad.sql': bad })
  await assert.rejects(migrate(sql, path), /migrations\/9002_bad\.sql failed: column "nonsense" does not exist/)
  const tables = await sql<{ good: string | null; bad: string | null }[]>`
    select to_regclass('good')::text good, to_regclass('bad')::text bad`
  assert.deepEqual([...tables], [{ good: 'good', bad: null }])
  await writeFile(join(path, '9002_bad.sql'), 'create table bad (id int)')
  assert.deepEqual(await migrate(sql, path), ['9002_bad.sql'])
})

test('a file that was changed after it was applied is refused', async t => {
  const { sql } = await openDatabase(t)
  const path = await folder(t, { '9001_once.sql': 'create table once (id int)' })
  await migrate(sql, path)
  await writeFile(join(path, '9001_once.sql'), 'create table once (id bigint)')
  await assert.rejects(migrate(sql, path), /9001_once\.sql was applied to this database and changed afterwards/)
  await assert.rejects(
    migrate(sql, await folder(t, { 'once.sql': '' })),
    /the name of a migration must be NNNN_words\.sql/,
  )
})

test('nobody is dialled twice: a lead has one attempt under way, and an attempt one id', async t => {
  const { sql } = await openDatabase(t)
  const { campaign, id } = await lead(sql)
  const attempt = (uuid: string, phone: string | null = '+4930123', of = id) =>
    sql`insert into attempts (id, campaign_id, lead_id, node, phone) values (${uuid}, ${campaign}, ${of}, 'a', ${phone})`
  const first = randomUUID()
  await attempt(first)
  await assert.rejects(attempt(randomUUID()), isDuplicate)
  await assert.rejects(attempt(randomUUID(), '+4930124'), isDuplicate, 'nor at another number')
  const [other] = await sql<
    [{ id: number }]
  >`insert into leads (campaign_id, phone) values (${campaign}, '+4930124') returning id`
  await assert.rejects(attempt(randomUUID(), '+4930123', other.id), isDuplicate, 'nor by another lead with the number')
  // a node of the version before does not tell the number: its attempt is not written, and its claim runs out
  assert.equal((await attempt(randomUUID(), null)).count, 0)
  await sql`update attempts set state = 'ended', ended_at = now() where id = ${first}`
  await attempt(randomUUID())
  await assert.rejects(attempt(first), isDuplicate)
})

test('a node of the version before calls nobody of a campaign whose agents look first', async t => {
  const { sql } = await openDatabase(t)
  const { campaign, id } = await lead(sql)
  await sql`update campaigns set mode = 'preview'`
  const attempt = (uuid: string, phone: string | null) =>
    sql`insert into attempts (id, campaign_id, lead_id, node, phone) values (${uuid}, ${campaign}, ${id}, 'a', ${phone})`
  for (const phone of [null, '+4930123']) assert.equal((await attempt(randomUUID(), phone)).count, 0)
  const preview = randomUUID()
  const look = (uuid: string, agent: string) =>
    sql`insert into previews (id, campaign_id, lead_id, phone, agent, begun_at, until, held_until)
      values (${uuid}, ${campaign}, ${id}, '+4930123', ${agent}, now(), now(), now())`
  await look(preview, 'alice')
  await assert.rejects(look(randomUUID(), 'bob'), isDuplicate, 'two agents look at one lead')
  assert.equal((await attempt(preview, '+4930123')).count, 1)
})

test('a number stands once in a campaign, and a claim has a claimant and an end', async t => {
  const { sql } = await openDatabase(t)
  const { campaign, id } = await lead(sql)
  await assert.rejects(sql`insert into leads (campaign_id, phone) values (${campaign}, '+4930123')`, isDuplicate)
  await assert.rejects(sql`update leads set state = 'claimed' where id = ${id}`, /leads_check/)
  await sql`update leads set state = 'claimed', claimed_by = 'a', claimed_until = now() + interval '1 minute' where id = ${id}`
})

test('claiming reads only the leads it takes, however many are done', async t => {
  const { sql } = await openDatabase(t)
  const { campaign } = await lead(sql)
  await sql`insert into leads (campaign_id, phone, state) select ${campaign}, n::text, case when n % 100 = 0 then 'ready' else 'done' end
            from generate_series(1, 20000) n`
  await sql`analyze leads`
  const plan =
    await sql`explain select id from leads where campaign_id = ${campaign} and state = 'ready' and next_at <= now()
                         order by priority desc, next_at, id limit 10 for update skip locked`
  const text = plan.map(row => row['QUERY PLAN'] as string).join('\n')
  assert.match(text, /Index Scan using leads_ready/)
  assert.doesNotMatch(text, /Sort/)
})

test('bigint and counts are numbers; one that does not fit is refused', async t => {
  const { sql } = await openDatabase(t)
  const [row] = await sql<[{ count: number; ids: number[] }]>`select count(*), array[1, 2]::bigint[] as ids from leads`
  assert.deepEqual({ ...row }, { count: 0, ids: [1, 2] })
  await assert.rejects(sql`select 9007199254740993::bigint`, /does not fit into a number/)
})
