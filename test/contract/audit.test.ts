/** Who changed what: the rows in PostgreSQL, and what becomes of them while PostgreSQL is down. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLog } from '../../src/base/log.ts'
import { openAudit } from '../../src/operations/audit.ts'
import type { Sql } from '../../src/store/sql.ts'
import { Installation, takePort } from './cli-process.ts'

const rig = await Installation.open()

interface Row {
  readonly id: string
  readonly who: string
  readonly operation: string
  readonly subject: string
  readonly before: Record<string, unknown> | null
  readonly after: Record<string, unknown> | null
  readonly outcome: string
}

const listed = async (words = '') =>
  JSON.parse((await rig.types(`audit list ${words} --limit 1000 --json`)).out) as Row[]

test('an administrator sees who changed what, and the thing before and after each change', async () => {
  await rig.types('queue add sales')
  await rig.types('agent add alice user/1001 --queues sales --wrap-up 10s')
  await rig.types('agent set alice --wrap-up 20s')
  await rig.types('queue remove sales')
  await rig.types('agent list')
  const rows = await listed()
  assert.deepEqual(
    rows.map(({ operation, subject, outcome }) => [operation, subject, outcome]),
    [
      ['queue.remove', 'sales', 'IN_USE'],
      ['agent.set', 'alice', 'DONE'],
      ['agent.add', 'alice', 'DONE'],
      ['queue.add', 'sales', 'DONE'],
    ],
    'a question leaves no row',
  )
  const set = rows[1]!
  assert.deepEqual([set.before?.['wrapUpMs'], set.after?.['wrapUpMs']], [10_000, 20_000])
  assert.equal(rows[2]!.before, null)
  assert.notEqual(set.who, '')
  assert.deepEqual(
    (await listed('alice')).map(one => one.operation),
    ['agent.set', 'agent.add'],
  )
  assert.deepEqual((await listed(`--after ${set.id}`)).length, 2, 'pages go on behind a row')
})

test('an agent gets ready while PostgreSQL is down, and the row of it is there when PostgreSQL is back', async () => {
  const nobody = await takePort()
  await nobody.close()
  await rig.types('queue add support')
  await rig.types('agent add bob user/1002 --queues support')
  const away = { DATABASE_URL: `postgres://u@127.0.0.1:${nobody.port}/x` }
  const ready = await rig.types('agent ready bob', away)
  assert.equal(ready.code, 0, ready.err)
  assert.equal((await rig.types('agent set bob --wrap-up 5s', away)).code, 1, 'a definition needs PostgreSQL')
  assert.deepEqual(
    (await listed('bob')).map(one => one.operation),
    ['agent.add'],
  )
  await rig.types('agent break bob lunch')
  const rows = await listed('bob')
  assert.deepEqual(
    rows.map(({ operation, outcome }) => [operation, outcome]),
    [
      ['agent.break', 'DONE'],
      ['agent.ready', 'DONE'],
      ['agent.add', 'DONE'],
    ],
  )
  assert.deepEqual([rows[1]!.before?.['status'], rows[1]!.after?.['status']], ['logged-out', 'ready'])
})

test('a change that began while PostgreSQL was down and ended when it was back is complete, and stays so', async () => {
  let away = true
  const ask = (...query: Parameters<Sql>) => (away ? Promise.reject(new Error('away')) : rig.sql(...query))
  const sql = Object.assign(ask, rig.sql) as unknown as Sql
  const audit = openAudit({ sql, redis: rig.redis, log: silentLog })
  const entry = await audit.begin({
    at: Date.now(),
    who: 'ann',
    door: 'job',
    operation: 'agent.ready',
    subject: 'dora',
    input: {},
    before: null,
  })
  away = false
  await entry.end('DONE', { status: 'ready' })
  assert.deepEqual(
    (await listed('dora')).map(({ outcome, after }) => [outcome, after]),
    [['DONE', { status: 'ready' }]],
  )
})
