/**
 * The HTTP API: one route for each operation (routes.ts). It adds form and nothing else: who asks, how much may be
 * asked at once, JSON in and out. docs/api.md is the page for people, docs/openapi.json the one for programs.
 */
import { getConnInfo } from '@hono/node-server/conninfo'
import { Hono, type Context } from 'hono'
import type { Clock } from '../../base/clock.ts'
import { InputError, Refusal } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import { masked } from '../../base/masked.ts'
import { readInput } from '../../base/parsed.ts'
import eventList from '../../operations/event/list.ts'
import { describeEvents } from '../../events/asyncapi.ts'
import { OPERATIONS } from '../../operations/all.ts'
import type { Actor, Operation } from '../../operations/operation.ts'
import { mustBeAllowed } from '../../operations/perform.ts'
import { newUuid } from '../../esl/safe-text.ts'
import type { Caller, Callers } from './callers.ts'
import { wantsStream, type EventStream } from './event-stream.ts'
import { Edits, type ReadThing } from './edits.ts'
import { takesKey, type Answer, type Idempotency } from './idempotency.ts'
import { inputOf, jsonOf, LARGEST_BODY, renamed, requestText, takesQuery } from './input.ts'
import type { Metrics } from './metrics.ts'
import { describeApi } from './openapi.ts'
import { addPages } from './pages.ts'
import { DoorError, problemOf } from './problems.ts'
import { routesOf, type Route } from './routes.ts'
import { addSessionRoutes, personOfCookie, type SessionDoor } from './session-routes.ts'

/** Requests that are answered at the same time by one process. */
const MOST_AT_ONCE = 200

export interface AppParts {
  readonly callers: Pick<Callers, 'callerOf'>
  readonly sessions: SessionDoor['sessions']
  /** Browsers reach the desk by TLS. */
  readonly isSecure: boolean
  readonly idempotency: Pick<Idempotency, 'once'>
  /** Performs an operation for a person or system; rejects as operations/perform.ts does. */
  perform(operation: Operation, input: unknown, actor: Actor): Promise<unknown>
  readonly thing: ReadThing
  /** What does not work now, each in words; empty: the node is ready. */
  degraded(): Promise<readonly string[]>
  readonly stream: Pick<EventStream, 'answer'>
  readonly metrics: Pick<Metrics, 'contentType' | 'text' | 'request'>
  /** A proxy before the desk names the address of the client in X-Forwarded-For. */
  readonly behindProxy: boolean
  readonly clock: Clock
  readonly log: Log
}

interface Env {
  /** What @hono/node-server passes on. */
  readonly Bindings: Record<string, unknown>
  readonly Variables: {
    /** Known once the key of the request was read. */
    readonly caller?: Caller
    /** Of the route, with the names in braces. */
    readonly path?: string
  }
}

/** Answers every request, each failure as problem+json. */
export function httpApp(parts: AppParts): Hono<Env> {
  const { callers, metrics, clock, log } = parts
  const app = new Hono<Env>({ strict: true })
  let atOnce = 0
  /** Counts work, not requests: somebody who sends slowly takes no place away from others. */
  const perform: AppParts['perform'] = async (...asked) => {
    if (atOnce >= MOST_AT_ONCE)
      throw new DoorError('TOO_BUSY', `this process answers ${MOST_AT_ONCE} requests at a time`, { 'retry-after': '1' })
    atOnce += 1
    try {
      return await parts.perform(...asked)
    } finally {
      atOnce -= 1
    }
  }

  app.use(async (c, next) => {
    const began = clock.monotonic()
    await next()
    metrics.request(c.req.method, c.get('path') ?? 'other', c.res.status, (clock.monotonic() - began) / 1_000)
    c.header('cache-control', 'no-store')
    c.header('x-content-type-options', 'nosniff')
  })
  const failure = (error: Error, c: Context<Env>) => {
    const problem = problemOf(error, newUuid(), c.get('caller')?.actor.seesNumbers ?? true)
    const { code, requestId, status } = problem
    // stores and switches that fail have messages of their own
    if (status === 500)
      log.error(
        { requestId, method: c.req.method, path: c.req.path, code, error: error.stack },
        'an HTTP request failed',
      )
    const headers = error instanceof DoorError ? error.headers : {}
    return c.body(JSON.stringify(problem), status as 400, {
      ...headers,
      'content-type': 'application/problem+json',
    })
  }
  app.onError(failure)
  app.notFound(c => {
    const said = `${c.req.method} ${c.req.path} is not in the API; /openapi.json has all paths`
    return failure(new DoorError('NOT_A_PATH', said), c)
  })

  addPages(app)
  app.get('/healthz', c => c.json({ status: 'alive' }))
  app.get('/readyz', async c => {
    const degraded = await parts.degraded()
    return c.json({ ready: degraded.length === 0, degraded }, degraded.length === 0 ? 200 : 503)
  })
  const door: SessionDoor = {
    ...{ sessions: parts.sessions, isSecure: parts.isSecure },
    bodyOf: async c => jsonOf(await bodyOf(c), c.req.header('content-type') ?? null),
    addressOf: c => addressOf(c, parts.behindProxy),
  }
  addSessionRoutes(app, door)
  const callerOf = async (c: Context) => {
    const key = c.req.header('authorization') ?? null
    return (key === null ? await personOfCookie(c, door) : null) ?? callers.callerOf(key, door.addressOf(c))
  }
  app.get('/metrics', async c => {
    await callerOf(c) // any role may
    return c.body(await metrics.text(), 200, { 'content-type': metrics.contentType })
  })
  let description: string | null = null
  app.get('/openapi.json', c => c.body((description ??= describeApi()), 200, { 'content-type': 'application/json' }))

  let events: string | null = null
  app.get('/asyncapi.json', c => c.body((events ??= describeEvents()), 200, { 'content-type': 'application/json' }))

  const routes = routesOf(OPERATIONS)
  const pages = new Set(routes.flatMap(({ method, path }) => (method === 'get' ? [path.replace(/\{\w+\}$/, '')] : [])))
  const edits = new Edits(routes, parts.thing)
  for (const route of routes)
    app.on(route.method.toUpperCase(), route.path.replaceAll(/\{(\w+)\}/g, ':$1'), async c => {
      c.set('path', route.path)
      const caller = await callerOf(c)
      c.set('caller', caller)
      mustBeAllowed(route.operation, caller.actor)
      const input = await inputFrom(c, route)
      if (route.operation.name === eventList.name && wantsStream(c))
        return parts.stream.answer(c, readInput(eventList.input, input), {
          seesNumbers: caller.actor.seesNumbers ?? true,
          // a key that is revoked meanwhile, or expires, ends the stream
          mayGoOn: () => callerOf(c).then(Boolean, () => false),
        })
      const [key = null, version = null] = [c.req.header('idempotency-key'), c.req.header('if-match')]
      // read before the answer: of a change between the two the client hears at its own change
      const etag = route.method === 'get' ? await edits.versionOf(route, input) : null
      const answer = await answered(route, { input, key, version, caller }, { ...parts, perform, edits })
      if (etag !== null) c.header('etag', etag)
      if (answer.status === 201 && pages.has(`${route.path}/`))
        c.header('location', `${route.path}/${encodeURIComponent(String(input[route.operation.positional[0]!]))}`)
      return send(c, answer)
    })
  return app
}

/** The address of the client. A proxy adds to the end of X-Forwarded-For; what stands before it anybody can write. */
function addressOf(c: Context, behindProxy: boolean): string {
  const told = behindProxy ? c.req.header('x-forwarded-for')?.split(',').at(-1)?.trim() : undefined
  return told ?? getConnInfo(c).remote.address ?? 'unknown'
}

async function inputFrom(c: Context, route: Route): Promise<Readonly<Record<string, unknown>>> {
  const body = takesQuery(route.method) ? null : await bodyOf(c)
  const query = new URL(c.req.url).searchParams
  return inputOf(route, { path: c.req.param(), query, body, contentType: c.req.header('content-type') ?? null })
}

interface Asked {
  readonly input: Readonly<Record<string, unknown>>
  /** The header Idempotency-Key. */
  readonly key: string | null
  /** The header If-Match. */
  readonly version: string | null
  readonly caller: Caller
}

async function answered(
  route: Route,
  { input, key, version, caller }: Asked,
  parts: AppParts & { readonly edits: Edits },
): Promise<Answer> {
  const { operation } = route
  const perform = () =>
    parts.perform(operation, input, caller.actor).catch((error: unknown) => {
      throw renamed(route, error)
    })
  const work = async (): Promise<Answer> => {
    const isEdit = route.method === 'patch' && version !== null
    const output = await (isEdit ? parts.edits.ifVersion(version, route, input, perform) : perform())
    const shown = caller.actor.seesNumbers ? output : masked(output)
    const next = nextOf(operation, input, shown)
    if (next !== nextOf(operation, input, output)) throw new Refusal('FORBIDDEN', NEXT_IS_MASKED)
    if (route.status === 204) return { status: 204, body: null }
    return { status: route.status, body: Array.isArray(shown) ? { data: shown, next } : shown }
  }
  if (key !== null && takesKey(operation))
    return parts.idempotency.once(caller.id, key, requestText(operation, input), work)
  if (operation.mustBeOnce)
    throw new DoorError(
      'KEY_MISSING',
      `${operation.name} needs the header Idempotency-Key, such as a new uuid: send the same one when you send the request again`,
    )
  return work()
}

/** Hono's body limit would need the global Request for a body without a length; here that stays as Node made it. */
async function bodyOf(c: Context): Promise<string> {
  const tooLarge = () =>
    new DoorError('TOO_LARGE', `the body has more than ${LARGEST_BODY} octets: send a list in several requests`)
  if (Number(c.req.header('content-length') ?? 0) > LARGEST_BODY) throw tooLarge()
  const chunks: Uint8Array[] = []
  let octets = 0
  for await (const chunk of c.req.raw.body ?? []) {
    octets += chunk.length
    if (octets > LARGEST_BODY) throw tooLarge()
    chunks.push(chunk)
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks))
  } catch {
    throw new InputError('the body is not in UTF-8')
  }
}

const NEXT_IS_MASKED =
  'there are more rows, and the next page begins behind a telephone number, which this key does not see: ask with a greater limit, or with a key that sees numbers'

/** What to send as `after` for the next page; null: this is the last page, or the list has no pages. */
function nextOf({ cursor, input }: Operation, given: Readonly<Record<string, unknown>>, rows: unknown): unknown {
  if (cursor === undefined || !Array.isArray(rows)) return null
  const { limit } = readInput(input, given)
  if (rows.length < Number(limit)) return null
  return (rows.at(-1) as Readonly<Record<string, unknown>> | undefined)?.[cursor] ?? null
}

function send(c: Context, { status, body }: Answer): Response {
  if (body === null || status === 204) return c.body(null, 204)
  const { data, next } = body as { readonly data?: unknown; readonly next?: unknown }
  if (Array.isArray(data) && next !== null) {
    const url = new URL(c.req.url)
    url.searchParams.set('after', String(next))
    c.header('link', `<${url.pathname}${url.search}>; rel="next"`)
  }
  return c.json(body, status as 200)
}
