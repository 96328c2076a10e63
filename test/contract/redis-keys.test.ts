/**
 * docs/redis-keys.md explains every key and when it ends: compared with the source, and with a Redis in which
 * everything was written.
 */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test, type TestContext } from 'node:test'
import { Queue } from 'bullmq'
import { redisRoster } from '../../src/agent/redis-roster.ts'
import { systemClock } from '../../src/base/clock.ts'
import { silentLog } from '../../src/base/log.ts'
import { Scope } from '../../src/base/scope.ts'
import { redisCallStore } from '../../src/journal/redis-call-store.ts'
import { redisNodeTable } from '../../src/cluster/redis-node-table.ts'
import { redisSwitchRuns } from '../../src/cluster/redis-switch-runs.ts'
import { DialCapacity } from '../../src/campaign/dial-capacity.ts'
import { DialStatuses } from '../../src/campaign/dial-status.ts'
import { takeLease } from '../../src/campaign/lease.ts'
import { CAMPAIGN_QUEUE, DIAL_QUEUE, OPERATION_QUEUE } from '../../src/desk/job-queues.ts'
import { openAudit } from '../../src/operations/audit.ts'
import { redisQueueStore } from '../../src/queue/redis-store.ts'
import { CALLBACK_LASTS_MS } from '../../src/queue/queue-table.ts'
import { redisOptions } from '../../src/store/redis-options.ts'
import { openRedisLinks } from '../../src/store/redis.ts'
import { openRedis } from '../open-services.ts'
import { openNodeQueues } from '../node-queues.ts'
import { waitingCall } from '../waiting-call.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const PAGE = readFileSync(join(ROOT, 'docs/redis-keys.md'), 'utf8')

/** The rows of both tables: cells without their blanks, the name without its quotes. */
const rows = [...PAGE.matchAll(/^\| `([^`]+)` \|(.*)\|$/gm)].map(([, name, rest]) => ({
  name: name!,
  cells: rest!.split('|').map(cell => cell.trim()),
}))
const keys = rows
  .filter(({ cells }) => cells.length === 4)
  .map(({ name, cells }) => ({ name, life: cells[3]!, matches: new RegExp(`^${name.split('*').join('.+')}$`) }))

test('every key and channel in the source is in the table, and nothing else is', () => {
  const files = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' }).filter(file =>
    /\.(ts|lua)$/.test(file),
  )
  const named = files.flatMap(file =>
    [...readFileSync(join(ROOT, 'src', file), 'utf8').matchAll(/(['`"])(sh:[^'`"\n]*)\1/g)].map(([, , name]) =>
      name!.replace(/\$\{[^}]*\}/g, '*'),
    ),
  )
  assert.ok(named.length >= 20, 'the keys were found')
  assert.deepEqual(
    [...new Set(named)].sort(),
    rows
      .map(({ name }) => name)
      .filter(name => name.startsWith('sh:'))
      .sort(),
  )
})

/** Writes everything that Switchhook writes, once. */
async function busy(t: TestContext) {
  const { address, client } = await openRedis(t)
  const home = await openRedisLinks(address)
  const scope = new Scope()
  t.after(() => scope[Symbol.asyncDispose]())
  scope.defer(() => Object.values(home).forEach(link => link.disconnect()))
  const [roster, store, clock, log] = [redisRoster(home), redisQueueStore(home), systemClock, silentLog]
  const now = clock.now()
  await store.put({ name: 'sales', strategy: 'longest-idle-agent', rememberMs: 60_000 })
  await store.mark()
  await roster.put(
    {
      name: 'alice',
      endpoint: 'user/alice',
      wrapUpMs: 0,
      ringForMs: 20_000,
      queues: [{ queue: 'sales', level: 1, position: 1 }],
    },
    now,
  )
  await roster.setStatus('alice', 'ready', now)
  const queues = openNodeQueues({ store, roster, clock, log, node: 'a' })
  scope.use(queues)
  const place = await queues.enter(waitingCall('c1'), 'sales')
  const agent = await place.agent({ within: '1m' })
  assert.equal(await agent?.talking(), true)
  await store.keepForCallback({ queue: 'sales', call: 'c0', number: '+4930123456' }, now)
  await store.enter('sales', { call: 'c2', from: '+4930', node: 'a', joinedAt: now, headStartMs: 0 }, now)
  await store.leave('sales', 'c2', 'abandoned', { now, returning: { number: '+4930', forMs: 60_000 } })
  await store.putNumberRule({ number: '+4930*', queue: '', priority: 5, blocked: false, note: '' })
  const calls = redisCallStore(home.commands, clock)
  await calls.take('c1', 'a', 'begin')
  await redisNodeTable(home, clock).hold({
    record: { node: 'a', incarnation: 'i', address: null, roles: [], host: 'h', pid: 1 },
    lastsMs: 4_000,
    mode: 'come',
    instead: undefined,
  })
  const capacity = new DialCapacity(home, { lines: 5, cps: 5 })
  const gateways = ['carrier', 'backup'].map(name => ({ name, weight: 1, limits: { lines: 5, cps: 0.1 } }))
  const ask = { campaign: '1', ofCampaign: { lines: 5, cps: 0.1 }, at: 'fs1:8021', gateways, now, holdMs: 60_000 }
  assert.deepEqual((await capacity.take({ ...ask, ids: ['at-1'] })).ids, ['at-1'])
  await capacity.prolong('1', 'at-1', now + 120_000)
  const lease = await takeLease({ home, campaign: { id: '1', name: 'spring' }, node: 'a', clock, log })
  scope.defer(() => typeof lease !== 'number' && lease.giveBack())
  await new DialStatuses(home).write('1', { node: 'a', at: now, mode: 'progressive', parts: [] }, now + 1_000)
  for (const name of [OPERATION_QUEUE, CAMPAIGN_QUEUE, DIAL_QUEUE]) {
    const queue = new Queue(name, { connection: redisOptions(address) })
    scope.defer(() => queue.close())
    await queue.add('start', { v: 1, campaign: 'spring' })
  }
  const audit = openAudit({ sql: null, redis: client, log })
  await audit.begin({
    at: now,
    who: 'ann',
    door: 'job',
    operation: 'agent.ready',
    subject: 'alice',
    input: {},
    before: null,
  })
  await roster.putBreakReason({ reason: 'lunch', limitMs: 60_000 })
  await redisSwitchRuns(home.commands).note([{ core: 'core-1', at: 'fs1:8021', heard: now }])
  return { client, store, now }
}

test('every key in a Redis that is in use is in the table, and expires when the table says so', async t => {
  const { client } = await busy(t)
  const there = await client.keys('*')
  const faults: string[] = []
  for (const key of there) {
    const row = keys.find(({ matches }) => matches.test(key))
    const expires = (await client.pttl(key)) > 0
    if (!row) faults.push(`${key} is in no row`)
    else if (row.name.startsWith('sh:') && row.life.startsWith('expires') !== expires)
      faults.push(`${key} ${expires ? 'expires' : 'never expires'}, and the table says: ${row.life}`)
  }
  for (const { name, life, matches } of keys)
    if (life !== 'only with DEMO=1' && !there.some(key => matches.test(key))) faults.push(`${name} was not seen`)
  assert.deepEqual(faults, [])
})

test('a callback that is older than a month is forgotten when another one is promised', async t => {
  const { store, now } = await busy(t)
  await store.keepForCallback({ queue: 'sales', call: 'c9', number: '+4930123457' }, now + CALLBACK_LASTS_MS + 1)
  assert.deepEqual(
    (await store.callbackRequests('sales')).map(({ call }) => call),
    ['c9'],
  )
})
