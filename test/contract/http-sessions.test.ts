/** People log in to the desk: what they may do, who is kept out, and what no other site can do in their name. */
import assert from 'node:assert/strict'
import { scryptSync } from 'node:crypto'
import { test, type TestContext } from 'node:test'
import { Api } from './http-rig.ts'

interface Reply {
  readonly status: number
  readonly body: Record<string, unknown>
  readonly cookie: string | null
}

const OWN = { 'x-switchhook': 'page', 'content-type': 'application/json' }
const NEW = 'correct horse battery'

/** A browser with its cookie. */
class Browser {
  cookie: string | null = null
  readonly #url: string

  constructor(api: Api) {
    this.#url = api.opened.desk.url!
  }

  async asks(what: string, body?: unknown, headers: Record<string, string> = OWN): Promise<Reply> {
    const [method, path] = what.split(' ') as [string, string]
    const response = await fetch(this.#url + path, {
      method,
      headers: { ...headers, ...(this.cookie !== null && { cookie: this.cookie }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    const set = response.headers.get('set-cookie')
    if (set !== null) this.cookie = set.split(';')[0]!
    const text = await response.text()
    return { status: response.status, body: text === '' ? {} : (JSON.parse(text) as never), cookie: set }
  }
}

async function scene(t: TestContext) {
  const api = await Api.open(t)
  const { password } = (await api.does('person.add', { name: 'ann', role: 'supervisor' })) as { password: string }
  const ann = new Browser(api)
  const logsIn = async (browser = ann, word = NEW, name = 'ann') =>
    browser.asks('POST /session', { name, password: word })
  /** Ann has chosen her password, which is stored so that it is checked in a millisecond. */
  const settled = async () => {
    const salt = Buffer.alloc(16)
    const key = scryptSync(NEW, salt, 32, { N: 1_024, r: 8, p: 1 })
    const stored = ['scrypt', 1_024, 8, 1, salt.toString('base64'), key.toString('base64')].join('$')
    await api.opened.parts.sql`update people set password = ${stored}, must_change = false`
    return logsIn()
  }
  return { api, ann, password, logsIn, settled }
}

test('a person logs in with the first password, chooses another one, works, and logs out', async t => {
  const { api, ann, password, logsIn } = await scene(t)
  const first = await logsIn(ann, password)
  assert.deepEqual([first.status, first.body['mustChange']], [200, true])
  assert.match(first.cookie!, /^switchhook=.*Path=\/.*HttpOnly.*SameSite=Strict/)
  const early = await ann.asks('GET /v1/queues')
  assert.deepEqual([early.status, early.body['code']], [403, 'MUST_CHANGE'])
  const short = await ann.asks('POST /session/password', { old: password, password: 'short' })
  assert.deepEqual([short.status, /12 to 200 characters/.test(String(short.body['detail']))], [400, true])
  const changed = await ann.asks('POST /session/password', { old: password, password: NEW })
  assert.deepEqual([changed.status, changed.body['mustChange']], [200, false])
  await api.does('queue.add', { name: 'sales' })
  assert.equal((await ann.asks('GET /v1/queues')).status, 200)
  assert.equal((await ann.asks('PATCH /v1/queues/sales', { maxWait: '5m' })).status, 403, 'administrators only')
  assert.equal((await ann.asks('POST /v1/do-not-call', { number: '+49301234567' })).status, 201)
  const audit = (await api.does('audit.list', {})) as { who: string; operation: string }[]
  assert.equal(audit.find(({ operation }) => operation === 'dnc.add')!.who, 'ann')
  assert.equal((await ann.asks('DELETE /session')).status, 204)
  assert.equal((await ann.asks('GET /v1/queues')).status, 401)
})

test('no password stands in the audit list, in the answers of others, or in the database as it is', async t => {
  const { api, password } = await scene(t)
  const rows = await api.opened.parts.sql`select * from people`
  const seen = JSON.stringify([rows, await api.does('audit.list', {}), await api.does('person.list', {})])
  assert.ok(!seen.includes(password))
  assert.match(String(rows[0]!['password']), /^scrypt\$16384\$8\$5\$/)
})

test('ten wrong passwords lock the person for a quarter of an hour, and nobody learns who exists', async t => {
  const { api, logsIn, settled } = await scene(t)
  await settled()
  const stranger = new Browser(api)
  const unknown = await logsIn(stranger, 'x', 'nobody')
  const wrong = await logsIn(stranger, 'x')
  assert.deepEqual({ ...wrong.body, requestId: '' }, { ...unknown.body, requestId: '' })
  for (let n = 0; n < 8; n++) await logsIn(stranger, `x${n}`)
  const many = await logsIn(stranger, 'x')
  assert.deepEqual([many.status, many.body['code']], [429, 'TOO_MANY_TRIES'])
})

test('a locked person waits, and an administrator ends the lock with a new password', async t => {
  const { api, settled, logsIn } = await scene(t)
  await settled()
  const { sql } = api.opened.parts
  await sql`update people set failures = 9`
  assert.equal((await logsIn(new Browser(api), 'wrong')).status, 401)
  assert.equal((await logsIn(new Browser(api))).status, 401, 'locked, also with the right password')
  await api.opened.clock.advance(15 * 60_000 + 1)
  assert.equal((await logsIn(new Browser(api))).status, 200)
  await sql`update people set locked_until = ${new Date(api.opened.clock.now() + 60_000)}`
  const { password } = (await api.does('person.reset', { name: 'ann' })) as { password: string }
  assert.equal((await logsIn(new Browser(api), password)).status, 200)
})

test('a page of another site changes nothing in the name of a person who is logged in', async t => {
  const { api, ann, settled } = await scene(t)
  await settled()
  const body = { number: '+49301234567' }
  for (const headers of [
    { 'content-type': 'application/json' },
    { ...OWN, origin: 'https://evil.example.com' },
    { ...OWN, origin: 'null' },
  ]) {
    const refused = await ann.asks('POST /v1/do-not-call', body, headers)
    assert.deepEqual([refused.status, refused.body['code']], [403, 'OTHER_SITE'])
  }
  const own = { ...OWN, origin: api.opened.desk.url! }
  assert.equal((await ann.asks('POST /v1/do-not-call', body, own)).status, 201)
  const login = await new Browser(api).asks(
    'POST /session',
    { name: 'ann', password: NEW },
    { 'content-type': 'application/json' },
  )
  assert.equal(login.body['code'], 'OTHER_SITE')
})

test('who is removed, or gets another role, is that within five seconds; a session ends when nobody uses it', async t => {
  const { api, ann, settled } = await scene(t)
  await settled()
  assert.equal((await ann.asks('GET /v1/queues')).status, 200)
  await api.does('person.set', { name: 'ann', role: 'administrator' })
  await api.opened.clock.advance(5_001)
  assert.equal((await ann.asks('GET /v1/api-keys')).status, 200)
  await api.opened.clock.advance(12 * 3_600_000 + 1)
  assert.equal((await ann.asks('GET /v1/queues')).status, 401, 'idle for half a day')
  await ann.asks('POST /session', { name: 'ann', password: NEW })
  assert.equal((await ann.asks('GET /v1/queues')).status, 200)
  await api.does('person.remove', { name: 'ann' })
  await api.opened.clock.advance(5_001)
  assert.equal((await ann.asks('GET /v1/queues')).status, 401)
})
