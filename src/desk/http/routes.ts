/**
 * Where each operation is found over HTTP. The method and the path follow from its name: `queue.list` is
 * `GET /v1/queues`, `queue.set` is `PATCH /v1/queues/{name}`. Those that would read badly have a path of their own in
 * the table below. Pure; app.ts serves the routes, and openapi.ts describes them.
 */
import { fieldsOf, type Field, type Operation } from '../../operations/operation.ts'

type Method = 'get' | 'post' | 'patch' | 'delete'

export interface Route {
  readonly operation: Operation
  readonly method: Method
  /** Of the answer when it is done. */
  readonly status: 200 | 201 | 204
  /** With the parts of the path in braces: '/v1/campaigns/{campaign}/leads/{number}'. */
  readonly path: string
  /** The fields of the operation that stand in the path. */
  readonly inPath: readonly string[]
  /** What a field is called here, where it has not the name that the operation gives it. */
  readonly names: Readonly<Record<string, string>>
  /** Fields that every request of this path has. */
  readonly fixed: Readonly<Record<string, unknown>>
  /** The other fields: in the query of a GET or DELETE, in the body of the others. Built when first asked for. */
  readonly fields: () => readonly Field[]
}

/** The words of nouns in paths. Others get an s. */
const NOUNS: Readonly<Record<string, string>> = {
  dnc: 'do-not-call',
  audit: 'audit',
  figures: 'figures',
  key: 'api-keys',
  person: 'people',
}

const OWN: Readonly<Record<string, readonly [method: Method, path: string]>> = {
  'campaign.leads': ['get', '/campaigns/{name}/leads'],
  'lead.add': ['post', '/campaigns/{campaign}/leads'],
  'lead.update': ['patch', '/campaigns/{campaign}/leads/{number}'],
  'lead.remove': ['delete', '/campaigns/{campaign}/leads/{number}'],
  'lead.recycle': ['post', '/campaigns/{campaign}/recycle'],
  'lead.why': ['get', '/campaigns/{campaign}/leads/{number}/why'],
  'disposition.remove': ['delete', '/dispositions/{name}'],
  'holiday.remove': ['delete', '/holidays/{region}/{date}'],
  'preview.show': ['get', '/agents/{agent}/preview'],
  'preview.call': ['post', '/agents/{agent}/preview/call'],
  'preview.skip': ['post', '/agents/{agent}/preview/skip'],
  'queue.give': ['post', '/calls/{call}/give'],
  'callback.add': ['post', '/queues/{queue}/callbacks'],
  'callback.reschedule': ['patch', '/callbacks/{id}'],
  'callback.cancel': ['delete', '/callbacks/{id}'],
  'call.dial': ['post', '/calls'],
  'talk.remove': ['post', '/talks/{talk}/remove'], // a person leaves the conference; the talk goes on
  'recording.pause': ['post', '/talks/{talk}/recording/pause'],
  'recording.resume': ['post', '/talks/{talk}/recording/resume'],
  'figures.queue': ['get', '/figures/queues'],
  'figures.agent': ['get', '/figures/agents'],
  'figures.campaign': ['get', '/figures/campaigns'],
  'figures.gateway': ['get', '/figures/gateways'],
  'floor.show': ['get', '/floor'],
  'audit.list': ['get', '/audit'],
}

/** Requests as the programs of other systems send them, with the names that their fields have there. */
const ALSO: readonly (Pick<Route, 'path' | 'names' | 'fixed'> & { readonly of: string })[] = [
  {
    of: 'call.dial',
    path: '/click-to-dial',
    names: {
      extension: 'extension_number',
      customer: 'customer_number',
      productCode: 'product_code',
      callType: 'call_type',
    },
    fixed: {},
  },
  {
    of: 'campaign.create',
    path: '/group-call-tasks',
    names: { name: 'task_name', queue: 'queue_name', leads: 'numbers' },
    fixed: { start: true },
  },
]

const VERSION = '/v1'

function routeOf(operation: Operation): Route {
  const [method, path] = OWN[operation.name] ?? usual(operation)
  return route(operation, { method, path, names: {}, fixed: {} })
}

function route(operation: Operation, given: Pick<Route, 'method' | 'path' | 'names' | 'fixed'>): Route {
  const inPath = [...given.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!)
  const elsewhere = new Set([...inPath, ...Object.keys(given.fixed)])
  let fields: readonly Field[] | null = null
  return {
    ...given,
    operation,
    status: given.method === 'delete' ? 204 : isNew(operation) ? 201 : 200,
    path: VERSION + given.path,
    inPath,
    fields: () => (fields ??= fieldsOf(operation).filter(({ name }) => !elsewhere.has(name))),
  }
}

/** `queue.add` makes a queue; `talk.add` calls a third person into a talk. */
const isNew = ({ name, positional }: Operation): boolean =>
  /\.(add|create|dial)$/.test(name) && positional[0] !== 'talk'

function usual({ name, positional: [first], changes }: Operation): readonly [Method, string] {
  const [noun = '', verb = ''] = name.split('.')
  const all = `/${NOUNS[noun] ?? `${noun}s`}`
  const one = `${all}/{${first}}`
  if (verb === 'list') return ['get', all]
  if (verb === 'add' || verb === 'create') return ['post', noun === 'talk' ? `${one}/add` : all]
  if (verb === 'show') return ['get', one]
  if (verb === 'set') return ['patch', one]
  if (verb === 'remove') return ['delete', one]
  return [changes ? 'post' : 'get', `${one}/${verb}`]
}

/** The routes of all operations that may come by this door, each path with its method once. */
export function routesOf(operations: readonly Operation[]): readonly Route[] {
  const served = operations.filter(({ doors }) => doors?.includes('http') ?? true)
  const also = ALSO.flatMap(({ of, ...given }) =>
    served.filter(({ name }) => name === of).map(one => route(one, { method: 'post', ...given })),
  )
  return [...served.map(routeOf), ...also]
}
