/** A supervisor's program runs a campaign from its list to its results with jobs: docs/jobs.md, in three languages. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { test, type TestContext } from 'node:test'
import { Queue, QueueEvents, type JobsOptions } from 'bullmq'
import { redisRoster } from '../../src/agent/redis-roster.ts'
import { systemClock } from '../../src/base/clock.ts'
import { silentLog } from '../../src/base/log.ts'
import { Scope } from '../../src/base/scope.ts'
import { DialStatuses } from '../../src/campaign/dial-status.ts'
import { DialWakeup } from '../../src/campaign/dial-wakeup.ts'
import { jobTimes } from '../../src/desk/job-age.ts'
import { OPERATION_QUEUE } from '../../src/desk/job-queues.ts'
import { openJobs } from '../../src/desk/jobs.ts'
import { silentEvents } from '../../src/events/events.ts'
import { OPERATIONS } from '../../src/operations/all.ts'
import { openAudit } from '../../src/operations/audit.ts'
import type { Progress } from '../../src/operations/operation.ts'
import { perform } from '../../src/operations/perform.ts'
import { redisQueueStore } from '../../src/queue/redis-store.ts'
import { openRedisLinks } from '../../src/store/redis.ts'
import { redisOptions } from '../../src/store/redis-options.ts'
import { openDatabase, openRedis } from '../open-services.ts'
import { PATIENCE_MS } from '../patience.ts'
import { until } from './campaign-rig.ts'
import { SCRIPTS, SHIPPED } from '../program.ts'

const PAGE = readFileSync(new URL('../../docs/jobs.md', import.meta.url), 'utf8')

/** The stores of an installation with a queue, and what a node does with jobs. */
async function rig(t: TestContext) {
  const closing = new Scope()
  t.after(() => closing[Symbol.asyncDispose]())
  const { sql } = await openDatabase(t)
  const { address, client } = await openRedis(t)
  const home = await openRedisLinks(address)
  closing.defer(() => {
    for (const link of Object.values(home)) link.disconnect()
  })
  const queueStore = redisQueueStore(home)
  await queueStore.put({ name: 'sales', strategy: 'longest-idle-agent' })
  const parts = {
    ...{ clock: systemClock, log: silentLog, events: silentEvents, scripts: SCRIPTS, country: null },
    ...{ sql, queueStore, roster: redisRoster(home), wakeup: new DialWakeup(home), statuses: new DialStatuses(home) },
    eventsOut: { source: '/switchhook', allow: [] },
    audit: openAudit({ sql, redis: client, log: silentLog }),
    node: null as never, // no job here is about a live call
  }
  const jobs = await openJobs({
    redis: address,
    log: silentLog,
    handlers: {
      times: jobTimes(client),
      perform: (operation, input, who, progress) =>
        perform(operation, { ...parts, progress }, input, { who, door: 'job', role: 'administrator' }),
    },
  })
  closing.defer(() => jobs.close())
  return { sql, address, client, closing }
}

/** A program with BullMQ and nothing of Switchhook's. */
async function bullmq(t: TestContext) {
  const { closing, ...others } = await rig(t)
  const connection = redisOptions(others.address)
  const queue = new Queue(OPERATION_QUEUE, { connection })
  const events = new QueueEvents(OPERATION_QUEUE, { connection })
  closing.defer(() => Promise.all([queue.close(), events.close()]))
  await events.waitUntilReady()
  const told: Progress[] = []
  events.on('progress', ({ data }) => void told.push(data as unknown as Progress))
  const ask = async <T = Record<string, unknown>>(name: string, input: object, options: JobsOptions = {}): Promise<T> =>
    (await queue.add(name, { v: 1, by: 'crm', input }, options)).waitUntilFinished(events, PATIENCE_MS)
  return { ...others, queue, ask, told }
}

const numbers = (count: number) => Array.from({ length: count }, (_, n) => `+49309${100_000 + n}`)

test('a supervisor runs a campaign from its list to its results with a bare BullMQ client', async t => {
  const { ask, sql } = await bullmq(t)
  const leads = [
    '+4930999001',
    { number: '030 999002', fields: { name: 'Anna' }, priority: 5, callAt: '2036-01-01T00:00Z' },
    '030 999001',
    '110',
  ]
  const { rejected, ...created } = await ask('campaign.create', {
    name: 'spring',
    queue: 'sales',
    country: 'DE',
    leads,
  })
  assert.deepEqual(created, { campaign: 'spring', state: 'draft', added: 2, duplicates: 1, optedOut: 0 })
  assert.deepEqual(
    (rejected as { number: string }[]).map(({ number }) => number),
    ['110'],
  )
  assert.equal((await ask('lead.add', { campaign: 'spring', leads: ['+4930999003'] }))['added'], 1)
  assert.equal((await ask('campaign.start', { name: 'spring' }))['state'], 'running')
  const after = await ask('campaign.set', { name: 'spring', maxLines: 50, maxAbandoned: 2 })
  assert.deepEqual(
    [after['maxLines'], after['law'], after['state']],
    [50, { name: 'strict', maxAbandoned: 0.02 }, 'running'],
  )
  assert.equal((await ask('campaign.pause', { name: 'spring' }))['state'], 'paused')
  assert.deepEqual((await ask('campaign.status', { name: 'spring' }))['left'], 3)
  const [figures] = await ask<{ parts: unknown[]; state: string }[]>('figures.campaign', { campaign: 'spring' })
  assert.deepEqual([figures!.state, figures!.parts], ['paused', []])
  const page = await ask<{ id: number; phone: string; state: string }[]>('campaign.leads', { name: 'spring', limit: 2 })
  const rest = await ask<typeof page>('campaign.leads', { name: 'spring', limit: 2, after: page[1]!.id })
  assert.deepEqual(
    [...page, ...rest].map(({ phone, state }) => `${phone} ${state}`),
    ['+4930999001 ready', '+4930999002 ready', '+4930999003 ready'],
  )
  assert.equal((await ask('campaign.stop', { name: 'spring' }))['state'], 'stopped')
  assert.deepEqual(await ask('campaign.remove', { name: 'spring' }), { name: 'spring', removed: true })
  const rows = await sql<{ who: string; door: string }[]>`select distinct who, door from audit`
  assert.deepEqual([...rows], [{ who: 'crm', door: 'job' }])
})

test('a program that lost an answer asks again, and nothing is done twice', async t => {
  const { ask, queue, sql } = await bullmq(t)
  const create = { name: 'spring', queue: 'sales', leads: numbers(3) }
  const first = await ask('campaign.create', create, { jobId: 'create-spring' })
  assert.deepEqual(await ask('campaign.create', create, { jobId: 'create-spring' }), first)
  assert.equal((await queue.getJob('create-spring'))!.attemptsMade, 1)
  await assert.rejects(ask('campaign.create', { ...create, maxLines: 99, leads: numbers(9) }), {
    message: /^IN_USE: there is a campaign 'spring' already: .*campaign\.set.*lead\.add/,
  })
  const [row] = await sql<[{ lines: number; leads: number }]>`
    select max_lines as lines, (select count(*) from leads) as leads from campaigns`
  assert.deepEqual(row, { lines: 30, leads: 3 }, 'the second one has changed nothing')
  const again = await ask('lead.add', { campaign: 'spring', leads: numbers(5) })
  assert.deepEqual([again['added'], again['duplicates']], [2, 3])
  for (const state of ['running', 'running'])
    assert.equal((await ask('campaign.start', { name: 'spring' }))['state'], state)
})

test('of two programs that create a campaign at the same moment one is refused, with its list', async t => {
  const { ask, sql } = await bullmq(t)
  const ends = await Promise.allSettled(
    [1, 2].map(n => ask('campaign.create', { name: 'spring', queue: 'sales', leads: numbers(600 * n) })),
  )
  const done = ends.flatMap(one => (one.status === 'fulfilled' ? [one.value] : []))
  assert.equal(done.length, 1)
  const [row] = await sql<[{ leads: number }]>`select count(*) as leads from leads`
  assert.equal(row.leads, done[0]!['added'])
})

test('a payload that cannot be used is answered with every fault, and creates nothing', async t => {
  const { ask, sql } = await bullmq(t)
  const leads = ['+4930999001', { number: '+4930999002', callAt: 'tomorrow', prio: 1 }, 7]
  const wrong = { name: 'spring', leads, mode: 'turbo', maxLines: 0 }
  await assert.rejects(ask('campaign.create', wrong), ({ message }: Error) => {
    for (const part of [/^BAD_INPUT: /, /leads\.1\.callAt: 'tomorrow'/, /leads\.1: .*number, fields, priority, callAt/])
      assert.match(message, part)
    for (const part of [/leads\.2: /, /queue: /, /mode: 'turbo'.*progressive/, /maxLines: '0'/])
      assert.match(message, part)
    return true
  })
  await assert.rejects(ask('campaign.create', { name: 'spring', queue: 'nowhere' }), { message: /^NOT_FOUND: / })
  await assert.rejects(
    ask('campaign.create', { name: 'spring', queue: 'sales', country: 'DE', leads: ['110', 'n/a'] }),
    {
      message: /^BAD_INPUT: '110' cannot be used.*\n.*'n\/a' cannot be used/,
    },
  )
  await assert.rejects(ask('lead.add', { campaign: 'spring', leads: Array.from({ length: 200 }, () => 7) }), {
    message: /leads\.49: .*\n {2}- and 150 more faults$/,
  })
  assert.equal((await sql`select 1 from campaigns`).length, 0)
})

test('a long list tells how far it is', async t => {
  const { ask, told } = await bullmq(t)
  const { added } = await ask('campaign.create', { name: 'spring', queue: 'sales', leads: numbers(2_000) })
  assert.equal(added, 2_000)
  const ends = told.filter(({ done, all }) => done === all)
  assert.deepEqual(ends, [
    { phase: 'reading', done: 2_000, all: 2_000 },
    { phase: 'adding', done: 2_000, all: 2_000 },
  ])
})

test('too much at once is refused with what to do instead, and Redis does not keep it', async t => {
  const { ask, client, queue } = await bullmq(t)
  await assert.rejects(ask('lead.add', { campaign: 'spring', leads: numbers(10_001) }), {
    message: /^BAD_INPUT: leads: 10000 leads at most; add more with lead\.add/,
  })
  const large = [{ number: '+4930999001', fields: { note: 'x'.repeat(4 * 1024 * 1024) } }]
  await assert.rejects(ask('campaign.create', { name: 'spring', queue: 'sales', leads: large }, { jobId: 'large' }), {
    message: /^BAD_INPUT: the payload of this job has 4\d{6} octets; at most 4194304: send a list in several jobs/,
  })
  assert.equal(await client.hget(queue.toKey('large'), 'data'), '{}')
  const fields = { note: 'x'.repeat(300_000) }
  await ask('campaign.create', {
    name: 'spring',
    queue: 'sales',
    leads: numbers(4).map(number => ({ number, fields })),
  })
  await assert.rejects(ask('campaign.leads', { name: 'spring' }), {
    message: /^BAD_INPUT: the answer of this job has 1\d{6} octets; at most 1048576: ask for less at once/,
  })
  assert.equal((await ask<unknown[]>('campaign.leads', { name: 'spring', limit: 3 })).length, 3)
})

test('what reads a file, or answers with a secret, is refused to a job, and the page says what to ask for instead', async t => {
  const { ask } = await bullmq(t)
  const files = OPERATIONS.filter(({ doors }) => doors?.includes('job') === false).map(({ name }) => name)
  assert.deepEqual(
    files.filter(name => !PAGE.includes(`| \`${name}\` |`)),
    [],
  )
  for (const name of files)
    await assert.rejects(ask(name, { name: 'spring', leads: 'x.csv', file: 'x.csv' }), { message: /^FORBIDDEN: / })
})

/** The block of the page in this language. */
const example = (language: string) => new RegExp(`\`\`\`${language}\n([^]*?)\n\`\`\``).exec(PAGE)![1]!

async function runs(program: string, words: readonly string[], source: string, url: string): Promise<string> {
  const child = spawn(program, words, { cwd: SHIPPED, env: { ...process.env, REDIS_URL: url } })
  child.stdin.end(source)
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  assert.equal(code, 0, err)
  return out
}

const HAS_PYTHON = spawnSync('python3', ['-c', 'import bullmq']).status === 0

test('the example for Node on the page creates a campaign and starts it', async t => {
  const { address, sql } = await rig(t)
  assert.ok('socket' in address)
  const url = `${address.socket}?db=${address.db}`
  const out = await runs(process.execPath, ['--input-type=module'], example('js'), url)
  assert.match(out, /state: 'draft',\n? *added: 2[^]*state: 'running'/)
  assert.equal((await sql`select 1 from leads`).length, 2)
})

test(
  'the example for Python on the page creates a campaign and starts it',
  { skip: HAS_PYTHON ? false : "Python's bullmq is not installed" },
  async t => {
    const { address } = await rig(t)
    assert.ok('socket' in address)
    const out = await runs('python3', ['-'], example('python'), `unix://${address.socket}?db=${address.db}`)
    assert.match(out, /draft[^]*running/)
  },
)

test('the plain commands of Redis on the page start a campaign, and their answer is where the page says', async t => {
  const { client, sql } = await rig(t)
  await sql`insert into campaigns (name, queue) values ('spring', 'sales')`
  const lines = PAGE.split('\n')
  const commands = (first: string) => {
    const from = lines.findIndex(line => line.startsWith(first))
    return lines.slice(from, lines.indexOf('```', from)).map(line => line.split(/ +/))
  }
  const id = String(await client.incr('bull:switchhook-operations:id'))
  const own = (words: readonly string[]) => words.map(word => (word === '42' ? id : word.replace(/:42$/, `:${id}`)))
  const [, ...add] = commands('INCR ')
  for (const [command, ...words] of add) await client.call(command!, ...own(words))
  const [[ask, ...words]] = commands('HMGET') as [string[]]
  const read = async () => (await client.call(ask!, ...own(words))) as (string | null)[]
  await until(async () => (await read())[0] !== null)
  const [, answer, failed] = await read()
  assert.equal(failed, null)
  assert.equal((JSON.parse(answer!) as { state: string }).state, 'running')
})

test('a payload that is no JSON hinders no other job', async t => {
  const { client, ask, queue } = await bullmq(t)
  const key = (what: string) => queue.toKey(what)
  for (const id of ['broken-1', 'broken-2']) {
    await client.hset(key(id), 'name', 'campaign.list', 'data', '{"v":1', 'opts', '{}', 'timestamp', Date.now())
    await client.lpush(key('wait'), id)
  }
  await client.zadd(key('marker'), 0, '0')
  assert.deepEqual(await ask<unknown[]>('campaign.list', {}), [])
})
