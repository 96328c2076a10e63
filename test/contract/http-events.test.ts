/** Events out as programs get them: the stream, pages, a webhook by BullMQ, on real stores. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test, type TestContext } from 'node:test'
import { Webhook } from 'standardwebhooks'
import { systemClock } from '../../src/base/clock.ts'
import { Api } from './http-rig.ts'

interface Heard {
  readonly id: string
  readonly event: string
  readonly data: { readonly subject: string; readonly data: Record<string, unknown>; readonly sequence: string }
}

const open = (t: TestContext, more = {}) => Api.open(t, { clock: systemClock, ...more })

/** Follows the events; `next()` is the next one, without its beginning it is that of now. */
async function follow(
  t: TestContext,
  api: Api,
  query = '',
  headers: Record<string, string> = {},
  key = api.opened.key,
) {
  const stop = new AbortController()
  t.after(() => stop.abort())
  const response = await fetch(`${api.opened.desk.url}/v1/events${query}`, {
    headers: { accept: 'text/event-stream', authorization: `Bearer ${key}`, ...headers },
    signal: stop.signal,
  })
  assert.equal(response.status, 200)
  assert.match(response.headers.get('content-type')!, /^text\/event-stream/)
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  const next = async (): Promise<Heard> => {
    for (;;) {
      const end = text.indexOf('\n\n')
      if (end < 0) {
        const { value, done } = await reader.read()
        if (done) throw new Error('the stream ended')
        text += value
        continue
      }
      const block = text.slice(0, end)
      text = text.slice(end + 2)
      const fields = Object.fromEntries(block.split('\n').map(line => line.split(/: (.*)/s).slice(0, 2)))
      if (fields['data'] !== undefined) return { ...fields, data: JSON.parse(fields['data']) } as unknown as Heard
    }
  }
  return { next, stop: () => stop.abort() }
}

const started = (api: Api, ...campaigns: readonly string[]) => {
  for (const campaign of campaigns) api.opened.parts.events.tell('campaign.started', { campaign })
}

test('a program follows the events, loses its connection, and goes on where it was', async t => {
  const api = await open(t)
  const first = await follow(t, api)
  started(api, 'one', 'two')
  assert.equal((await first.next()).data.subject, 'one')
  const { id, event, data } = await first.next()
  assert.deepEqual([event, data.subject, Number(data.sequence)], ['campaign.started', 'two', Number(id)])
  first.stop()
  started(api, 'three', 'four')
  const again = await follow(t, api, '', { 'last-event-id': id })
  started(api, 'five')
  for (const name of ['three', 'four', 'five']) assert.equal((await again.next()).data.subject, name)
})

test('a program chooses its events, and sees telephone numbers only when its key does', async t => {
  const api = await open(t)
  const reader = await api.keyFor('board', 'reader')
  const calls = await follow(t, api, '?types=call.*&subject=c1')
  const masked = await follow(t, api, '?types=call.initiated', {}, reader)
  started(api, 'one')
  const call = { flow: 'welcome', from: '+49301234567', to: '2000', direction: 'in' } as const
  for (const uuid of ['c2', 'c1']) api.opened.parts.events.tell('call.initiated', { uuid, ...call })
  assert.deepEqual((await calls.next()).data.data['from'], '+49301234567')
  const other = await masked.next()
  assert.deepEqual([other.data.subject, other.data.data['from']], ['c2', '+49…67'])
})

test('a revoked key, a wrong number and an unknown event are refused in words', async t => {
  const api = await open(t)
  const ask = (query: string, headers = {}) =>
    api.asks(`GET /v1/events${query}`, { headers: { accept: 'text/event-stream', ...headers } })
  const wrong = await ask('', { 'last-event-id': 'x7' })
  assert.deepEqual([wrong.status, wrong.body['code']], [400, 'BAD_INPUT'])
  const unknown = await ask('?types=call.nothing')
  assert.equal(unknown.status, 400)
  assert.match(String(unknown.body['detail']), /call\.nothing.*names no event.*call\.\*/)
  assert.equal((await api.asks('GET /v1/events', { key: null })).status, 401)
})

test('pages of events lead from the oldest to the newest', async t => {
  const api = await open(t)
  const names = Array.from({ length: 25 }, (_, n) => `c${n}`)
  const stream = await follow(t, api)
  started(api, ...names)
  for (const name of names) assert.equal((await stream.next()).data.subject, name)
  const seen: string[] = []
  for (let path: string | null = '/v1/events?after=0&limit=10'; path !== null;) {
    const { body, headers } = await api.asks(`GET ${path}`)
    seen.push(...(body['data'] as { subject: string }[]).map(({ subject }) => subject))
    path = /<([^>]+)>/.exec(headers.get('link') ?? '')?.[1] ?? null
  }
  assert.deepEqual(seen, names)
  const newest = await api.asks('GET /v1/events?limit=2')
  assert.deepEqual(
    (newest.body['data'] as { subject: string }[]).map(({ subject }) => subject),
    ['c23', 'c24'],
  )
})

test('a webhook gets what happens from now on, signed; its secret is shown once and is in no answer after it', async t => {
  const api = await open(t, { eventsOut: { source: '/switchhook/test', allow: ['127.0.0.1'] } })
  const got: { readonly body: string; readonly headers: Record<string, string> }[] = []
  let wake = () => {}
  const server = createServer((request, answer) => {
    let body = ''
    request.on('data', chunk => (body += String(chunk)))
    request.on('end', () => {
      got.push({ body, headers: request.headers as Record<string, string> })
      answer.writeHead(204).end()
      wake()
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  t.after(() => server.closeAllConnections())
  started(api, 'before')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`
  const stream = await follow(t, api, '?after=0')
  await stream.next()
  const { status, body } = await api.asks('POST /v1/webhooks', { body: { name: 'crm', url, types: ['campaign.*'] } })
  assert.equal(status, 201)
  started(api, 'one', 'two')
  while (got.length < 2) await new Promise<void>(resolve => (wake = resolve))
  const library = new Webhook(String(body['secret']))
  const events = got.map(one => library.verify(one.body, one.headers) as { subject: string; source: string })
  assert.deepEqual(
    events.map(({ subject, source }) => `${source} ${subject}`),
    ['/switchhook/test one', '/switchhook/test two'],
  )
  for (const path of ['/v1/webhooks', '/v1/webhooks/crm', '/v1/audit']) {
    const text = JSON.stringify((await api.asks(`GET ${path}`)).body)
    assert.ok(!text.includes(String(body['secret'])), path)
  }
  const refused = await api.asks('POST /v1/webhooks', { body: { name: 'inside', url: 'https://169.254.169.254/' } })
  assert.deepEqual([refused.status, /WEBHOOK_ALLOW/.test(String(refused.body['detail']))], [400, true])
})

test('whoever copies the command of the page follows the events, which look as on the page', async t => {
  const api = await open(t)
  const page = readFileSync(new URL('../../docs/events-out.md', import.meta.url), 'utf8')
  const [command] = [...page.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block]) => block!)
  const key = await api.keyFor('board', 'reader')
  const script = `npx() { echo '${key}'; }\n${command!.replace('http://127.0.0.1:8085', api.opened.desk.url!).replace('curl', 'exec curl --silent')}`
  const curl = spawn('bash', ['-c', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.after(() => curl.kill())
  let text = ''
  for await (const chunk of curl.stdout) {
    text += String(chunk)
    if (text.includes('retry:') && !text.includes('data:'))
      api.opened.parts.events.tell('call.answered', { uuid: 'c1' })
    if (/data: .*\n/.test(text)) break
  }
  const got = JSON.parse(/data: (.*)\n/.exec(text)![1]!) as object
  const shown = JSON.parse(/```json\n([\s\S]*?)```/.exec(page)![1]!) as object
  assert.deepEqual(Object.keys(got).sort(), Object.keys(shown).sort())
})
