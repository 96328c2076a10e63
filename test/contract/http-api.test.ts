/** The HTTP API, as a program meets it that uses it over the network. Who may what: http-keys.test.ts. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { get } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openJobs } from '../../src/desk/jobs.ts'
import { systemClock } from '../../src/base/clock.ts'
import { Refusal } from '../../src/base/errors.ts'
import { silentLog } from '../../src/base/log.ts'
import { openHttp } from '../../src/node/http.ts'
import { jobTimes } from '../../src/desk/job-age.ts'
import { Api } from './http-rig.ts'

const CALL = '0d7f3b1e-1111-4222-8333-444455556666'

test('a queue is made, found at its Location, changed and removed, and the audit list names the key', async t => {
  const api = await Api.open(t)
  const made = await api.asks('POST /v1/queues', { body: { name: 'sales', maxWait: '90s' } })
  assert.equal(made.status, 201)
  const at = made.headers.get('location')!
  assert.equal(at, '/v1/queues/sales')
  assert.equal((await api.asks(`GET ${at}`)).body['name'], 'sales')
  assert.equal((await api.asks(`PATCH ${at}`, { body: { maxWait: '2m' } })).status, 200)
  const { body } = await api.asks('GET /v1/queues')
  assert.deepEqual(
    (body as { data: { name: string }[] }).data.map(one => one.name),
    ['sales'],
  )
  assert.equal(body['next'], null)
  assert.equal((await api.asks(`DELETE ${at}`)).status, 204)
  const gone = await api.asks(`GET ${at}`)
  assert.equal(gone.status, 404)
  assert.equal(gone.headers.get('content-type'), 'application/problem+json')
  assert.equal(gone.body['code'], 'NOT_FOUND')
  const audit = await api.asks('GET /v1/audit')
  const rows = (audit.body as { data: { who: string; door: string; operation: string }[] }).data
  assert.deepEqual(
    rows
      .filter(({ door }) => door === 'http')
      .map(({ who, operation }) => `${who}: ${operation}`)
      .sort(),
    ['key root: queue.add', 'key root: queue.remove', 'key root: queue.set'],
  )
})

test('each fault of a request is told with its field, and nothing is done', async t => {
  const api = await Api.open(t)
  const faults = async (body: unknown, what = 'POST /v1/queues', headers = {}) => {
    const reply = await api.asks(what, { body, headers })
    assert.ok(reply.status >= 400 && reply.status < 500, `${what} ${String(body)}: ${reply.status}`)
    const errors = (reply.body['errors'] ?? []) as { field: string }[]
    return [reply.body['code'], ...errors.map(({ field }) => field)]
  }
  assert.deepEqual(await faults({ name: 'sales', maxWait: 'long', colour: 'red' }), ['BAD_INPUT', 'maxWait', ''])
  assert.deepEqual(await faults('{"name":'), ['BAD_INPUT'])
  assert.deepEqual(await faults('["sales"]'), ['BAD_INPUT'])
  assert.deepEqual(await faults('null'), ['BAD_INPUT'])
  assert.deepEqual(await faults('"sales"'), ['BAD_INPUT'])
  assert.deepEqual(await faults('{"__proto__":{"name":"sales"}}'), ['BAD_INPUT', 'name', ''])
  assert.deepEqual(await faults('{"name":"sales","constructor":1}'), ['BAD_INPUT', ''])
  assert.deepEqual(await faults('['.repeat(100_000)), ['BAD_INPUT'])
  assert.deepEqual(await faults('{"a":'.repeat(100_000)), ['BAD_INPUT'])
  assert.deepEqual(await faults('name=sales', 'POST /v1/queues', { 'content-type': 'text/plain' }), ['NOT_JSON'])
  assert.deepEqual(await faults({ name: 'sales' }, 'POST /v1/queues?name=sales'), ['BAD_INPUT'])
  assert.deepEqual(await faults({ name: 'other' }, 'PATCH /v1/queues/sales'), ['BAD_INPUT', 'name'])
  assert.deepEqual(await faults(undefined, 'GET /v1/calls?limit=1&limit=2'), ['BAD_INPUT', 'limit'])
  assert.deepEqual(await faults(undefined, 'GET /v1/calls?limit=many'), ['BAD_INPUT', 'limit'])
  assert.deepEqual(await faults(undefined, 'GET /v1/calls?colour=red'), ['BAD_INPUT', ''])
  assert.deepEqual(await faults(undefined, 'GET /v2/queues'), ['NOT_A_PATH'])
  assert.deepEqual(await faults(undefined, 'DELETE /v1/queues'), ['NOT_A_PATH'])
  assert.deepEqual(await faults({ name: 'x'.repeat(5_000_000) }), ['TOO_LARGE'])
  assert.deepEqual(await api.does('queue.list'), [])
})

test('of two supervisors who change one queue, the second one hears that it has changed', async t => {
  const api = await Api.open(t)
  await api.does('queue.add', { name: 'sales' })
  const read = async () => (await api.asks('GET /v1/queues/sales')).headers.get('etag')!
  const change = (maxWait: string, version: string) =>
    api.asks('PATCH /v1/queues/sales', { body: { maxWait }, headers: { 'if-match': version } })
  const first = await read()
  assert.match(first, /^"[\w-]{22}"$/)
  const both = await Promise.all([change('1m', first), change('2m', first)])
  assert.deepEqual(both.map(({ status }) => status).sort(), [200, 412])
  assert.equal(both.find(({ status }) => status === 412)!.body['code'], 'CHANGED_MEANWHILE')
  const second = await read()
  assert.notEqual(second, first)
  assert.equal((await change('3m', `${first}, ${second}`)).status, 200)
  assert.equal((await change('4m', '*')).status, 200)
  const nowhere = await api.asks('PATCH /v1/queues/none', { body: { maxWait: '1m' }, headers: { 'if-match': '*' } })
  assert.equal(nowhere.status, 412)

  await api.does('agent.add', { name: 'alice', endpoint: 'user/1001', queues: ['sales'] })
  const agent = async () => (await api.asks('GET /v1/agents/alice')).headers.get('etag')
  const before = await agent()
  await api.does('agent.ready', { name: 'alice' })
  assert.equal(await agent(), before, 'she is ready: nobody has changed her settings')
  await api.does('agent.set', { name: 'alice', wrapUp: '20s' })
  assert.notEqual(await agent(), before)
})

test('a request that is sent again with its Idempotency-Key is done once, and answered alike', async t => {
  const api = await Api.open(t)
  await api.does('queue.add', { name: 'sales' })
  await api.does('campaign.create', { name: 'spring', queue: 'sales' })
  const send = async (number: string, idempotencyKey?: string, key = api.opened.key) =>
    api.asks('POST /v1/campaigns/spring/leads', {
      key,
      body: { number },
      headers: idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey },
    })
  const without = await send('+49301234567')
  assert.deepEqual([without.status, without.body['code']], [400, 'KEY_MISSING'])
  const first = await send('+49301234567', 'one')
  assert.deepEqual([first.status, first.body['added'], first.headers.get('location')], [201, 1, null])
  const again = await send('+49301234567', 'one')
  assert.deepEqual([again.status, again.body], [201, first.body])
  const other = await send('+49301234568', 'one')
  assert.deepEqual([other.status, other.body['code']], [422, 'KEY_REUSED'])
  assert.equal((await send('+49301234569', 'a b')).body['code'], 'BAD_INPUT')
  const second = await api.keyFor('crm', 'supervisor')
  assert.deepEqual((await send('+49301234568', 'one', second)).body['added'], 1, 'each API key has its own')

  // a refusal is certain: the same key does it once it can be done
  const early = { body: { number: '+49301234570' }, headers: { 'idempotency-key': 'early' } }
  assert.equal((await api.asks('POST /v1/campaigns/summer/leads', early)).body['code'], 'NOT_FOUND')
  await api.does('campaign.create', { name: 'summer', queue: 'sales' })
  assert.equal((await api.asks('POST /v1/campaigns/summer/leads', early)).status, 201)

  // a node that died in the middle leaves a key of which nobody knows what became
  const { sql } = api.opened.parts
  await sql`update idempotency_keys set status = null where key = 'one'`
  const dead = await send('+49301234567', 'one')
  assert.deepEqual([dead.status, dead.body['code']], [409, 'KEY_IN_PROGRESS'])
  await api.opened.clock.advance(86_400_001)
  assert.equal((await send('+49301234571', 'late')).status, 201)
  assert.deepEqual(
    (await sql<{ key: string }[]>`select key from idempotency_keys`).map(({ key }) => key),
    ['late'],
    'a key is forgotten after a day',
  )
})

test('two requests with one Idempotency-Key at the same moment are done once', async t => {
  const api = await Api.open(t)
  await api.does('queue.add', { name: 'sales' })
  await api.does('campaign.create', { name: 'spring', queue: 'sales' })
  const send = () =>
    api.asks('POST /v1/campaigns/spring/leads', {
      body: { number: '+49301234567' },
      headers: { 'idempotency-key': 'one' },
    })
  const replies = await Promise.all(Array.from({ length: 8 }, send))
  for (const { status, body } of replies)
    assert.ok(status === 201 || body['code'] === 'KEY_IN_PROGRESS', String(status))
  assert.ok(replies.some(({ status }) => status === 201))
  const rows = await api.opened.parts.sql`select 1 from audit where operation = 'lead.add'`
  assert.equal(rows.length, 1)
})

test('a long list comes in pages, and each names the next one', async t => {
  const api = await Api.open(t)
  for (const n of [1, 2, 3]) await api.does('dnc.add', { number: `+4930123456${n}` })
  const numbers: string[] = []
  const pages: number[] = []
  let at: string | undefined = '/v1/do-not-call?limit=2'
  while (at !== undefined) {
    const { body, headers } = await api.asks(`GET ${at}`)
    const rows = body['data'] as { number: string }[]
    pages.push(rows.length)
    numbers.push(...rows.map(one => one.number))
    at = /^<([^>]+)>; rel="next"$/.exec(headers.get('link') ?? '')?.[1]
    assert.equal(body['next'] === null, at === undefined)
  }
  assert.deepEqual(numbers, ['+49301234561', '+49301234562', '+49301234563'])
  assert.deepEqual(pages, [2, 1])
})

test('a group-call task of another system is a campaign that runs, and its faults have the names of that system', async t => {
  const api = await Api.open(t)
  await api.does('queue.add', { name: 'sales' })
  const send = (body: object, idempotencyKey = 'one') =>
    api.asks('POST /v1/group-call-tasks', { body, headers: { 'idempotency-key': idempotencyKey } })
  const made = await send({ task_name: 'spring', queue_name: 'sales', numbers: ['+49301234567', '+49301234568'] })
  assert.deepEqual([made.status, made.body['state'], made.body['added']], [201, 'running', 2])
  const wrong = await send({ task_name: 'summer', queue: 'sales', numbers: [], start: false }, 'two')
  assert.deepEqual(
    (wrong.body['errors'] as { field: string }[]).map(({ field }) => field),
    ['queue', 'start'],
  )
  const faulty = await send({ task_name: 'summer', queue_name: 7, maxLines: 0 }, 'three')
  assert.deepEqual((faulty.body['errors'] as { field: string }[]).map(({ field }) => field).sort(), [
    'maxLines',
    'queue_name',
  ])
})

test('a process without a FreeSWITCH gives a call to a node that has one', async t => {
  const api = await Api.open(t)
  const { redis, home } = api.opened.options.stores
  const asked: unknown[] = []
  const jobs = await openJobs({
    redis,
    log: silentLog,
    handlers: {
      times: jobTimes(home.commands),
      async perform({ name }, input, by) {
        asked.push([name, input, by])
        if (name === 'call.hangup') throw new Refusal('WRONG_STATE', 'the call has ended')
        return { uuid: CALL, extension: '1001', customer: '+49301234567' }
      },
    },
  })
  api.opened.end.defer(() => jobs.close())
  const body = { extension: '1001', customer: '+49301234567' }
  const dialled = await api.asks('POST /v1/calls', { body, headers: { 'idempotency-key': 'one' } })
  assert.equal(dialled.status, 201, JSON.stringify(dialled.body))
  const refused = await api.asks(`POST /v1/calls/${CALL}/hangup`)
  assert.deepEqual([refused.status, refused.body['detail']], [409, 'the call has ended'])
  assert.deepEqual(asked, [
    ['call.dial', body, 'key root'],
    ['call.hangup', { call: CALL }, 'key root'],
  ])
})

test('a node whose store is away or silent says so, and says it is well when the store is back', async t => {
  const link = { name: 'fs1:8021', up: true }
  const api = await Api.open(t, { links: () => [link], clock: systemClock })
  const ready = async () => {
    const { status, body } = await api.asks('GET /readyz', { key: null })
    return [status, ...(body['degraded'] as string[]).map(one => /^\w+/.exec(one)![0])]
  }
  assert.deepEqual(await ready(), [200])
  link.up = false
  assert.deepEqual(await ready(), [503, 'FreeSWITCH'])
  link.up = true
  api.opened.postgres.blackhole() // silent
  api.opened.redis.cut() // closed
  assert.deepEqual(await ready(), [503, 'PostgreSQL', 'Redis'])
  const asked = await api.asks('GET /v1/queues')
  assert.deepEqual([asked.status, asked.body['code']], [503, 'SERVICE'])
  assert.equal((await api.asks('GET /healthz', { key: null })).status, 200)
  api.opened.postgres.heal()
  api.opened.redis.heal()
  while ((await ready())[0] !== 200) await new Promise(resolve => setImmediate(resolve))
})

test('the next process takes the port over when this one has left it', async t => {
  const { desk: first, options, clock, end } = (await Api.open(t)).opened
  const url = first.url!
  const lines: string[] = []
  const hear = (_: unknown, line: string) => void lines.push(line)
  const second = await openHttp({
    ...options,
    listen: { host: '127.0.0.1', port: Number(new URL(url).port) },
    log: { ...silentLog, warn: hear, info: hear } as never,
  })
  end.use(second)
  assert.equal(second.url, null)
  await first[Symbol.asyncDispose]()
  await clock.advance(5_000)
  while (second.url === null) await new Promise(resolve => setImmediate(resolve))
  assert.equal(second.url, url)
  assert.deepEqual(lines, [
    'the desk waits: another process has its port',
    'the desk is open: its port has become free',
  ])
  const elsewhere = openHttp({ ...options, listen: { host: '192.0.2.1', port: 0 } })
  await assert.rejects(elsewhere, { code: 'SERVICE', message: /DESK_LISTEN/ })
})

const OPENSSL = spawnSync('openssl', ['version']).status === 0

test(
  'with a certificate of its own the API speaks TLS and nothing else',
  { skip: !OPENSSL && 'no openssl' },
  async t => {
    const folder = await mkdtemp(join(tmpdir(), 'switchhook-tls-'))
    t.after(() => rm(folder, { recursive: true }))
    const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
    const words = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost -keyout ${key} -out ${cert}`
    assert.equal(spawnSync('openssl', words.split(' ')).status, 0)
    const api = await Api.open(t, { tls: [cert, key] })
    const { port, protocol } = new URL(api.opened.desk.url!)
    assert.equal(protocol, 'https:')
    const status = await new Promise((resolve, reject) => {
      const ca = readFileSync(cert)
      get({ host: '127.0.0.1', port, path: '/healthz', ca, servername: 'localhost', agent: false }, reply =>
        resolve(reply.resume().statusCode),
      ).on('error', reject)
    })
    assert.equal(status, 200)
    await assert.rejects(fetch(`http://127.0.0.1:${port}/healthz`))
    const nowhere = openHttp({ ...api.opened.options, tls: [cert, join(folder, 'no.pem')] })
    await assert.rejects(nowhere, { code: 'SERVICE', message: /DESK_TLS.*no\.pem/ })
    const swapped = openHttp({ ...api.opened.options, tls: [key, cert] })
    await assert.rejects(swapped, { code: 'SERVICE', message: /DESK_TLS cannot be used/ })
  },
)
