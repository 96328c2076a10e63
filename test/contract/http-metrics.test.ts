/** What Prometheus reads: the same figures as the operations tell, under the names of docs/metrics.md. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { systemClock } from '../../src/base/clock.ts'
import { Api } from './http-rig.ts'

const PAGE = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8')

async function scrape(api: Api, key = api.opened.key): Promise<{ status: number; text: string }> {
  const headers = { authorization: `Bearer ${key}` }
  const response = await fetch(`${api.opened.desk.url}/metrics`, { headers })
  return { status: response.status, text: await response.text() }
}

const valueOf = (text: string, line: string) =>
  Number(
    text
      .split('\n')
      .find(one => one.startsWith(`${line} `))
      ?.split(' ')[1],
  )
const namesIn = (text: string) => new Set([...text.matchAll(/^# TYPE (\w+) /gm)].map(([, name]) => name!))

test('the figures are those that the operations tell, and each name is on the page', async t => {
  const link = { name: 'fs1:8021', up: true }
  const api = await Api.open(t, { links: () => [link] })
  const { queueStore, clock } = api.opened.parts
  await api.does('queue.add', { name: 'sales' })
  await api.does('agent.add', { name: 'alice', endpoint: 'user/1001', queues: ['sales'] })
  await api.does('agent.ready', { name: 'alice' })
  await api.does('campaign.create', { name: 'spring', queue: 'sales', leads: ['+49301234567'], start: true })
  const member = { call: '0d7f3b1e-1111-4222-8333-444455556666', from: '+49301234568', node: 'a', headStartMs: 0 }
  await queueStore.enter('sales', { ...member, joinedAt: clock.now() - 90_000 }, clock.now())

  const { status, text } = await scrape(api)
  assert.equal(status, 200)
  assert.equal(valueOf(text, 'cc_queue_waiting_calls{queue="sales"}'), 1)
  assert.equal(valueOf(text, 'cc_queue_longest_wait_seconds{queue="sales"}'), 90)
  assert.equal(valueOf(text, 'cc_queue_offered_total{queue="sales"}'), 1)
  assert.equal(valueOf(text, 'cc_queue_agents{queue="sales",state="ready"}'), 1)
  assert.equal(valueOf(text, 'cc_agents{state="ready"}'), 1)
  assert.equal(valueOf(text, 'cc_dialer_leads_left{campaign="spring"}'), 1)
  assert.equal(valueOf(text, 'cc_esl_up{node="fs1:8021"}'), 1)
  assert.equal(valueOf(text, 'cc_build_info{version="1.2.3"}'), 1)
  assert.doesNotMatch(text, /4930123/, 'no number of a person')

  const own = [...namesIn(text)].filter(name => name.startsWith('cc_'))
  const told = [...PAGE.matchAll(/^\| `(cc_\w+)`/gm)].map(([, name]) => name!)
  assert.deepEqual(
    own.filter(name => !told.includes(name)),
    [],
  )

  link.up = false
  await api.does('campaign.pause', { name: 'spring' })
  const later = (await scrape(api)).text
  assert.equal(valueOf(later, 'cc_esl_up{node="fs1:8021"}'), 0)
  assert.equal(valueOf(later, 'cc_queue_offered_total{queue="sales"}'), 1, 'a counter is read again, not added')
  assert.doesNotMatch(later, /campaign="spring"/, 'what does not run is told no more')
})

test('requests are counted by path and status, and strange paths are one', async t => {
  const api = await Api.open(t)
  await api.asks('GET /v1/queues/none')
  await api.asks('GET /v1/queues/other')
  for (const path of ['/a', '/b', '/wp-login.php']) await api.asks(`GET ${path}`)
  const { text } = await scrape(api)
  const count = (route: string, status: number) =>
    valueOf(text, `cc_http_request_duration_seconds_count{method="GET",route="${route}",status="${status}"}`)
  assert.equal(count('/v1/queues/{name}', 404), 2)
  assert.equal(count('other', 404), 3)
})

test('a store that is away is told as such, and what the process itself does goes on being told', async t => {
  const api = await Api.open(t, { clock: systemClock })
  await api.does('queue.add', { name: 'sales' })
  const key = await api.keyFor('prometheus', 'reader')
  assert.equal(valueOf((await scrape(api, key)).text, 'cc_stores_up'), 1)
  api.opened.redis.cut()
  const { status, text } = await scrape(api, key)
  assert.equal(status, 200)
  assert.equal(valueOf(text, 'cc_stores_up'), 0)
  assert.doesNotMatch(text, /^cc_queue_waiting_calls\{/m, 'nothing is told that is not known')
  assert.match(text, /^process_cpu_seconds_total /m)
  assert.equal((await scrape(api, 'wrong')).status, 401)
})

test('the board of Grafana and the alert rules name metrics that exist', () => {
  for (const file of ['switchhook.json', 'alerts.yaml']) {
    const text = readFileSync(new URL(`../../deploy/grafana/${file}`, import.meta.url), 'utf8')
    const named = new Set([...text.matchAll(/\bcc_[a-z_]+/g)].map(([name]) => name.replace(/_bucket$/, '')))
    assert.ok(named.size > 5, file)
    for (const name of named) assert.ok(PAGE.includes(`| \`${name}\` |`), `${name} in ${file}`)
  }
})
