/** Who may use the HTTP API: keys, what each may do, and what it sees. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Api } from './http-rig.ts'

const CUSTOMER = '+49301234567'

test('without a key in use nobody gets an answer, and a key stops when it is revoked or has expired', async t => {
  const api = await Api.open(t)
  const { clock, parts } = api.opened
  const key = await api.keyFor('crm', 'reader', { expires: '30d' })
  const codeFor = async (one: string | null) => {
    const { status, body } = await api.asks('GET /v1/queues', { key: one })
    return status === 200 ? 200 : body['code']
  }
  assert.equal(await codeFor(null), 'NO_KEY')
  assert.equal(await codeFor('secret'), 'NO_KEY')
  assert.equal(await codeFor(`${key.slice(0, -1)}${key.endsWith('A') ? 'B' : 'A'}`), 'NO_KEY')
  const unasked = await api.asks('GET /v1/queues', { key: null })
  assert.equal(unasked.headers.get('www-authenticate'), 'Bearer')

  assert.equal(await codeFor(key), 200)
  const [row] = await parts.sql<{ last: Date | null; hash: Buffer }[]>`
    select last_used_at as last, hash from api_keys where name = 'crm'`
  assert.ok(row)
  assert.ok(!key.includes(row.hash.toString('hex')) && !JSON.stringify(await api.does('key.list')).includes(key))
  await clock.advance(30 * 86_400_000)
  assert.equal(await codeFor(key), 'NO_KEY', 'it has expired')

  const next = await api.keyFor('erp', 'reader')
  assert.equal(await codeFor(next), 200)
  await api.does('key.revoke', { name: 'erp' })
  await clock.advance(5_000)
  assert.equal(await codeFor(next), 'NO_KEY', 'it is revoked')
  await assert.rejects(api.does('key.revoke', { name: 'erp' }), { code: 'NOT_FOUND' })
  await api.keyFor('erp', 'reader')
  await assert.rejects(api.keyFor('erp', 'reader'), { code: 'IN_USE' })
})

test('a key does what its role may do, and no more', async t => {
  const api = await Api.open(t)
  await api.does('queue.add', { name: 'sales' })
  await api.does('campaign.create', { name: 'spring', queue: 'sales' })
  const [reader, supervisor] = [await api.keyFor('board', 'reader'), await api.keyFor('crm', 'supervisor')]
  const statuses = async (what: string) => {
    const replies = [reader, supervisor, api.opened.key].map(key => api.asks(what, { key, body: undefined }))
    return (await Promise.all(replies)).map(({ status }) => status)
  }
  assert.deepEqual(await statuses('GET /v1/campaigns/spring'), [200, 200, 200])
  assert.deepEqual(await statuses('POST /v1/campaigns/spring/pause'), [403, 409, 409])
  assert.deepEqual(await statuses('GET /v1/api-keys'), [403, 403, 200])
  const refused = await api.asks('DELETE /v1/campaigns/spring', { key: reader })
  assert.deepEqual(
    [refused.body['code'], refused.body['detail']],
    ['FORBIDDEN', 'campaign.remove needs the role supervisor; key board has the role reader'],
  )
})

test('an address that sends wrong keys is asked to wait, and a program there whose key is known goes on', async t => {
  const api = await Api.open(t)
  assert.equal((await api.asks('GET /v1/queues')).status, 200)
  const wrong = `shk_${'0'.repeat(16)}_${'a'.repeat(43)}`
  const statuses = []
  for (let n = 0; n < 12; n++) statuses.push((await api.asks('GET /v1/queues', { key: wrong })).status)
  assert.deepEqual(statuses, [...Array.from({ length: 10 }, () => 401), 429, 429])
  const late = await api.asks('GET /v1/queues', { key: wrong })
  assert.ok(Number(late.headers.get('retry-after')) >= 1)
  assert.equal((await api.asks('GET /v1/queues')).status, 200)
  const unseen = await api.asks('GET /v1/queues', { key: await api.keyFor('crm', 'reader') })
  assert.equal(unseen.status, 429, 'or else every guess would be looked up')
})

test('behind a proxy each client has its own tries, whatever it writes into X-Forwarded-For itself', async t => {
  const api = await Api.open(t, { behindProxy: true })
  const from = async (address: string) => {
    const headers = { 'x-forwarded-for': `10.9.9.9, ${address}` }
    return (await api.asks('GET /v1/queues', { key: 'wrong', headers })).status
  }
  for (let n = 0; n < 10; n++) await from('203.0.113.7')
  assert.deepEqual([await from('203.0.113.7'), await from('203.0.113.8')], [429, 401])
})

test('the key that a request makes is in its answer and nowhere else', async t => {
  const api = await Api.open(t)
  const made = await api.asks('POST /v1/api-keys', {
    body: { name: 'crm', role: 'supervisor' },
    headers: { 'idempotency-key': 'one' },
  })
  const key = String(made.body['key'])
  assert.equal((await api.asks('GET /v1/queues', { key })).status, 200)
  const { sql } = api.opened.parts
  const stored = JSON.stringify([
    await sql`select * from idempotency_keys`,
    await sql`select * from audit`,
    await sql`select * from api_keys`,
    (await api.asks('GET /v1/api-keys')).body,
  ])
  assert.ok(!stored.includes(key.split('_')[2]!))
  const again = await api.asks('POST /v1/api-keys', { body: { name: 'crm' }, headers: { 'idempotency-key': 'one' } })
  assert.equal(again.body['code'], 'IN_USE')
})

test('a key that may not see numbers sees their last digits, in lists, in errors and in the audit list', async t => {
  const api = await Api.open(t)
  await api.does('queue.add', { name: 'sales' })
  await api.does('campaign.create', { name: 'spring', queue: 'sales' })
  await api.does('lead.add', { campaign: 'spring', number: CUSTOMER })
  for (const last of [1, 2, 3])
    await api.does('dnc.add', { number: `+4930123450${last}`, note: `as ${CUSTOMER} asked` })
  const blind = await api.keyFor('board', 'administrator')
  for (const what of [
    'GET /v1/campaigns/spring/leads',
    'GET /v1/do-not-call',
    'GET /v1/audit',
    `DELETE /v1/campaigns/spring/leads/${encodeURIComponent('+49301234599')}`,
    `GET /v1/campaigns/spring/leads/${encodeURIComponent(CUSTOMER)}/why`,
  ]) {
    const told = JSON.stringify((await api.asks(what, { key: blind })).body)
    assert.doesNotMatch(told, /4930123\d{4}/, what)
    assert.ok(told.length > 100, what)
  }
  assert.match(JSON.stringify((await api.asks('GET /v1/do-not-call')).body), /\+49301234503/)
  const page = await api.asks('GET /v1/do-not-call?limit=2', { key: blind })
  assert.deepEqual([page.status, page.body['code']], [403, 'FORBIDDEN'])
  const seeing = { name: 'erp', role: 'reader', seesNumbers: true }
  assert.equal((await api.asks('POST /v1/api-keys', { key: blind, body: seeing })).body['code'], 'FORBIDDEN')
  const masked = await api.asks('POST /v1/api-keys', { key: blind, body: { ...seeing, seesNumbers: false } })
  assert.equal(masked.status, 201)
})
