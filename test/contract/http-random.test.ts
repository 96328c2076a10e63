/** Every route of the HTTP API under requests that nobody would write: an answer, and never a fault of Switchhook. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { z } from 'zod'
import { SwitchhookError } from '../../src/base/errors.ts'
import { routesOf, type Route } from '../../src/desk/http/routes.ts'
import { OPERATIONS } from '../../src/operations/all.ts'
import type { Operation } from '../../src/operations/operation.ts'
import { perform } from '../../src/operations/perform.ts'
import { hostile } from '../unit/hostile-words.ts'
import { Api } from './http-rig.ts'

/** Requests to each route. */
const REQUESTS = Number(process.env['REQUESTS'] ?? 6)

interface Schema {
  readonly type?: string
  readonly enum?: readonly unknown[]
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly minimum?: number
  readonly maximum?: number
}

const CUSTOMER = '+49301234567'
const MOMENT = '2026-03-01T10:00:00Z'
const ID = '0d7f3b1e-1111-4222-8333-444455556666'

/** What exists, by the field or the noun that names it. */
const GOOD: Readonly<Record<string, string>> = {
  ...{ queue: 'sales', campaign: 'spring', agent: 'alice', gateway: 'carrier', key: 'root', disposition: 'sold' },
  ...{ number: CUSTOMER, customer: CUSTOMER, phone: CUSTOMER, extension: '1001', to: '1002', endpoint: 'user/1001' },
  ...{ call: ID, talk: ID, date: '2026-03-01', at: MOMENT, region: 'DE', reason: 'lunch', mode: 'listen' },
}
/** What a parser of ours takes. */
const KNOWN = [...Object.values(GOOD), '90s', 'Europe/Berlin', 'yes', 'ready']
const good = ({ name }: Operation, field: string): string | undefined =>
  field === 'name' ? GOOD[name.split('.')[0]!] : GOOD[field]

const text = fc.oneof(fc.constantFrom(...KNOWN), hostile, fc.string({ unit: 'binary', maxLength: 20 }))
const number = fc.oneof(
  fc.integer({ min: 0, max: 120 }),
  fc.integer(),
  fc.double(),
  fc.constantFrom(2 ** 53, -1, 1e300),
)

/** Values that fit the schema of a field, most of them. */
function fitting({ type, enum: words, items, properties }: Schema): fc.Arbitrary<unknown> {
  if (words) return fc.constantFrom(...words)
  if (type === 'string') return text
  if (type === 'integer' || type === 'number') return number
  if (type === 'boolean') return fc.boolean()
  if (type === 'array') return fc.array(fitting(items ?? {}), { maxLength: 3 })
  if (type === 'object' && properties) return objectOf(properties)
  return fc.anything({ values: [text, number, fc.boolean(), fc.constant(null)], maxDepth: 2 })
}

const value = (schema: Schema) =>
  fc.oneof({ weight: 9, arbitrary: fitting(schema) }, { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) })

const objectOf = (properties: Readonly<Record<string, Schema>>, requiredKeys: string[] = []) =>
  fc.record(Object.fromEntries(Object.entries(properties).map(([name, one]) => [name, value(one)])), { requiredKeys })

/** As a client writes it, which cannot write half a sign. */
const inUrl = (word: string): string => encodeURIComponent(Buffer.from(word).toString())

interface Request {
  readonly what: string
  readonly body?: string
}

/** Half of them with what exists and one field that is anything, the others with anything everywhere. */
function requests({ method, path, inPath, operation }: Route): fc.Arbitrary<Request> {
  const { properties = {}, required = [] } = z.toJSONSchema(operation.input, {
    io: 'input',
    unrepresentable: 'any',
  }) as {
    properties?: Record<string, Schema>
    required?: string[]
  }
  const others = Object.fromEntries(Object.entries(properties).filter(([name]) => !inPath.includes(name)))
  const needed = required.filter(name => !inPath.includes(name))
  const usual = (name: string) => {
    const known = good(operation, name)
    return known === undefined ? fitting(properties[name] ?? {}) : fc.constant(known)
  }
  const wild = fc.record({ path: fc.tuple(...inPath.map(() => text)), fields: objectOf(others, needed) })
  const tame = fc.record({
    path: fc.tuple(...inPath.map(name => usual(name) as fc.Arbitrary<string>)),
    fields: fc
      .tuple(
        fc.record(Object.fromEntries(needed.map(name => [name, usual(name)]))),
        fc.constantFrom('', ...Object.keys(others)),
      )
      .chain(([all, one]) =>
        one === '' ? fc.constant(all) : value(others[one]!).map(its => ({ ...all, [one]: its })),
      ),
  })
  return fc.oneof(tame, wild).map(({ path: names, fields }) => {
    const at = inPath.reduce((so, name, n) => so.replace(`{${name}}`, () => inUrl(String(names[n]))), path)
    const what = `${method.toUpperCase()} ${at}`
    if (method !== 'get' && method !== 'delete') return { what, body: JSON.stringify(fields) }
    const query = Object.entries(fields).map(
      ([name, one]) => `${name}=${inUrl(typeof one === 'string' ? one : String(JSON.stringify(one)))}`,
    )
    return { what: `${what}?${query.join('&')}` }
  })
}

test('whatever is asked, no route answers with a fault of Switchhook', async t => {
  const beside = new Proxy({}, { get: () => async () => null })
  const answers: Record<string, unknown> = {
    beside,
    isHeld: async () => null,
    dial: () => Promise.reject(new SwitchhookError('NOT_REACHED', 'extension 1001 was not reached')),
  }
  const node = new Proxy({}, { get: (_, name) => answers[String(name)] ?? (async () => false) })
  let parts: object = {}
  const api = await Api.open(t, {
    dialling: {
      perform: (operation, input, actor) => perform(operation, { ...parts, node } as never, input, actor),
    },
  })
  parts = api.opened.parts
  await api.does('queue.add', { name: 'sales' })
  await api.does('agent.add', { name: 'alice', endpoint: 'user/1001', queues: ['sales'] })
  await api.does('campaign.create', { name: 'spring', queue: 'sales' })
  const allowed = new Set([200, 201, 204, 400, 403, 404, 409, 502])
  const done = new Set<string>()
  let key = 0
  // what is removed is not there for others
  const routes = routesOf(OPERATIONS).toSorted((a, b) => Number(a.method === 'delete') - Number(b.method === 'delete'))
  for (const route of routes) {
    await fc.assert(
      fc.asyncProperty(requests(route), async ({ what, body }) => {
        const headers = route.operation.mustBeOnce ? { 'idempotency-key': String(key++) } : {}
        const reply = await api.asks(what, { body, headers })
        if (reply.status < 300) done.add(route.operation.name)
        assert.ok(allowed.has(reply.status), `${what} ${body}: ${reply.status} ${JSON.stringify(reply.body)}`)
      }),
      { numRuns: REQUESTS, endOnFailure: true, includeErrorInReport: true },
    )
  }
  assert.ok(done.size >= 40, `only ${done.size} routes have done anything: ${[...done].join(', ')}`)
})
