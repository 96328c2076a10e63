/** The HTTP API on a real port, over a PostgreSQL and a Redis of its own. The clock stands unless a test moves it. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { redisRoster } from '../../src/agent/redis-roster.ts'
import { silentLog } from '../../src/base/log.ts'
import { Scope } from '../../src/base/scope.ts'
import { DialStatuses } from '../../src/campaign/dial-status.ts'
import { DialWakeup } from '../../src/campaign/dial-wakeup.ts'
import type { Desk } from '../../src/desk/http/server.ts'
import { logEvents, toBoth } from '../../src/events/events.ts'
import { openHttp, type HttpOptions } from '../../src/node/http.ts'
import { OPERATIONS } from '../../src/operations/all.ts'
import { openAudit } from '../../src/operations/audit.ts'
import keyAdd from '../../src/operations/key/add.ts'
import type { Actor, StoreParts } from '../../src/operations/operation.ts'
import { perform } from '../../src/operations/perform.ts'
import { Outbox } from '../../src/outbox/outbox.ts'
import { redisQueueStore } from '../../src/queue/redis-store.ts'
import { openRedisLinks, type RedisAddress } from '../../src/store/redis.ts'
import { openSql, type Sql } from '../../src/store/sql.ts'
import { VirtualClock } from '../../src/testing/index.ts'
import { openProxy, type Proxy } from '../fault/proxy.ts'
import { openDatabase, openRedis } from '../open-services.ts'
import { SCRIPTS } from '../program.ts'

const ANN: Actor = { who: 'ann', door: 'command-line', role: 'administrator' }

export interface Reply {
  readonly status: number
  readonly body: Record<string, unknown>
  readonly headers: Headers
}

export interface Asking {
  /** An API key; absent: the administrator's. Null: none. */
  readonly key?: string | null
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

type Parts = StoreParts & { readonly sql: Sql }

interface Opened {
  readonly desk: Desk
  /** As it was opened. */
  readonly options: HttpOptions
  readonly parts: Parts
  readonly clock: VirtualClock
  /** Between the API and its stores. */
  readonly postgres: Proxy
  readonly redis: Proxy
  /** Of an administrator who sees numbers. */
  readonly key: string
  /** Closes what a test opens beside the API, before its stores. */
  readonly end: Scope
}

export class Api {
  readonly opened: Opened

  private constructor(opened: Opened) {
    this.opened = opened
  }

  static async open(t: TestContext, given: Partial<HttpOptions> = {}): Promise<Api> {
    const { log = silentLog } = given
    const end = new Scope()
    t.after(() => end[Symbol.asyncDispose]()) // first: before the stores and the proxies are gone
    const clock = (given.clock as VirtualClock | undefined) ?? new VirtualClock()
    const { address: database } = await openDatabase(t)
    const { address: redisAddress } = await openRedis(t)
    assert.ok('socketFolder' in database && 'socket' in redisAddress)
    const postgres = await openProxy(t, { path: join(database.socketFolder, '.s.PGSQL.5432') })
    const redisProxy = await openProxy(t, { path: redisAddress.socket })
    const url = `postgres://${database.user}@127.0.0.1:${postgres.port}/${database.database}`
    const sql = openSql({ url }, { max: 4, limitMs: 2_000 })
    const outbox = new Outbox({ sql, node: 'desk-1', clock, log })
    end.defer(() => sql.end({ timeout: 0 }))
    end.use(outbox)
    const redis: RedisAddress = { url: `redis://127.0.0.1:${redisProxy.port}/${redisAddress.db ?? 0}` }
    const links = await openRedisLinks(redis)
    end.defer(() => Object.values(links).forEach(link => link.disconnect()))
    const home = { ...links, log, events: toBoth(logEvents(log), outbox) }
    const stores = {
      ...{
        sql,
        home,
        redis,
        roster: redisRoster(home),
        queueStore: redisQueueStore(home),
        outbox,
        events: home.events,
      },
      ...{ wakeup: new DialWakeup(home), statuses: new DialStatuses(home, log), clock },
    }
    const eventsOut = { source: '/switchhook', allow: [] }
    const parts = {
      ...{ ...stores, log, country: 'DE', scripts: SCRIPTS, eventsOut },
      audit: openAudit({ sql, redis: home.commands, log }),
    } as unknown as Parts
    const options = {
      ...{
        listen: { host: '127.0.0.1', port: 0 },
        tls: [],
        behindProxy: false,
        country: 'DE',
        scripts: SCRIPTS,
        eventsOut,
      },
      ...{ eventsTo: [], eventsNumbers: false },
      ...{ stores, dialling: null, links: () => [], version: '1.2.3', clock, log },
      ...given,
    } as unknown as HttpOptions
    const desk = await openHttp(options)
    end.use(desk)
    const { key } = await perform(keyAdd, parts, { name: 'root', role: 'administrator', seesNumbers: true }, ANN)
    return new Api({ desk, options, parts, clock, postgres, redis: redisProxy, key, end })
  }

  /** Performs an operation as the command line does. */
  async does(name: string, input: unknown = {}): Promise<unknown> {
    const operation = OPERATIONS.find(one => one.name === name)
    assert.ok(operation, name)
    return perform(operation, this.opened.parts as never, input, ANN)
  }

  /** A new key with this role. */
  async keyFor(name: string, role: string, more: Readonly<Record<string, unknown>> = {}): Promise<string> {
    return ((await this.does('key.add', { name, role, ...more })) as { key: string }).key
  }

  /** `asks('GET /v1/queues')`. A body that is not a string goes as JSON. */
  async asks(what: string, { key = this.opened.key, body, headers = {} }: Asking = {}): Promise<Reply> {
    const [method, path] = what.split(' ') as [string, string]
    const response = await fetch(this.opened.desk.url + path, {
      method,
      headers: {
        ...(key !== null && { authorization: `Bearer ${key}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const text = await response.text()
    const said = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>)
    return { status: response.status, body: said, headers: response.headers }
  }
}
