/**
 * The HTTP API of a process with the role desk: opens its port, and finds who performs an operation. What needs a
 * FreeSWITCH is done by the dialler of this process, or else by another node, as a job.
 */
import { readFile } from 'node:fs/promises'
import { within, type Clock } from '../base/clock.ts'
import type { Country } from '../base/country.ts'
import { SwitchhookError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { readInput } from '../base/parsed.ts'
import { Scope } from '../base/scope.ts'
import { readFloor } from '../desk/floor.ts'
import { Callers } from '../desk/http/callers.ts'
import { EventStream } from '../desk/http/event-stream.ts'
import { Idempotency } from '../desk/http/idempotency.ts'
import { Metrics, type Receiver } from '../desk/http/metrics.ts'
import { Sessions } from '../desk/http/sessions.ts'
import { openDesk, type Desk } from '../desk/http/server.ts'
import { openJobs, type Jobs } from '../desk/jobs.ts'
import { openAudit } from '../operations/audit.ts'
import type { Actor, Operation, StoreParts } from '../operations/operation.ts'
import { perform } from '../operations/perform.ts'
import { targets } from '../store/event-targets.ts'
import { eventRange } from '../store/events.ts'
import { askDatabase } from '../store/installation.ts'
import type { Sql } from '../store/sql.ts'
import { openEventsOut } from './events-out.ts'
import type { Stores } from './stores.ts'

/** A store that has not answered for so long does not work. */
const ANSWERS_MS = 2_000

export interface HttpOptions {
  readonly listen: { readonly host: string; readonly port: number }
  /** The files of the certificate and its key; empty: without TLS. */
  readonly tls: readonly string[]
  readonly behindProxy: boolean
  readonly stores: Stores
  readonly country: Country | null
  readonly eventsOut: StoreParts['eventsOut']
  /** The message queues that get every event, and whether they see telephone numbers. */
  readonly eventsTo: readonly string[]
  readonly eventsNumbers: boolean
  readonly scripts: string
  /** The dialler of this process; null: it has none. */
  readonly dialling: { perform(operation: Operation, input: unknown, actor: Actor): Promise<unknown> } | null
  /** FreeSWITCH servers, and whether this process has its connection to each. */
  links(): readonly { readonly name: string; readonly up: boolean }[]
  readonly version: string
  readonly clock: Clock
  readonly log: Log
}

/** Rejects with SERVICE when the port can never be opened, and when a file of `tls` cannot be read. */
export async function openHttp(options: HttpOptions): Promise<Desk> {
  const { listen, behindProxy, stores, country, eventsOut, scripts, dialling, clock, log } = options
  const { sql, home, redis } = stores
  const [cert, key] = await Promise.all(options.tls.map(readPem))
  const parts = { ...stores, log, country, eventsOut, scripts, audit: openAudit({ sql, redis: home.commands, log }) }
  let jobs: Promise<Jobs> | null = null
  const asJob = async (operation: Operation, input: unknown, actor: Actor) => {
    readInput(operation.input, input)
    jobs ??= openJobs({ redis, log })
    jobs.catch(() => (jobs = null))
    return operation.output.parse(await (await jobs).perform(operation.name, input, actor.who))
  }
  const here = (operation: Operation, input: unknown, actor: Actor) => perform(operation, parts as never, input, actor)
  /** Everybody who asks at the same time gets one answer: nobody can make the stores busy with it. */
  let asked: Promise<readonly string[]> | null = null
  const degraded = async () => {
    const [postgres, answers] = await Promise.all([
      isWell(clock, askDatabase(sql)),
      isWell(clock, home.commands.ping()),
    ])
    const lost = options.links().filter(one => !one.up)
    return [
      ...(postgres ? [] : ['PostgreSQL does not answer: no figures, campaigns and definitions']),
      ...(answers ? [] : ['Redis does not answer: no queues and agents']),
      ...lost.map(({ name }) => `FreeSWITCH ${name} is not connected: its calls are not commanded`),
    ]
  }
  const scope = new Scope()
  scope.defer(async () => (await jobs?.catch(() => null))?.close())
  const out = scope.use(await openEventsOut({ ...options, stores, eventsOut }))
  const stream = new EventStream({ feed: out.feed, source: eventsOut.source, clock, log })
  const metrics = new Metrics({
    floor: () => readFloor(stores, 0, clock.now()),
    links: () => options.links(),
    receivers: () => receiversOf(sql),
    version: options.version,
  })
  const hearing = new AbortController()
  scope.defer(() => hearing.abort())
  void out.feed.each(event => metrics.hear(event), hearing.signal)
  const opening = openDesk({
    ...listen,
    tls: cert !== undefined && key !== undefined ? { cert, key } : null,
    callers: new Callers({ sql, clock, log }),
    sessions: new Sessions({ sql, clock, log }),
    isSecure: cert !== undefined || behindProxy,
    idempotency: new Idempotency({ sql, clock, log }),
    perform(operation, input, actor) {
      if (dialling) return dialling.perform(operation, input, actor)
      return operation.needs === 'node' ? asJob(operation, input, actor) : here(operation, input, actor)
    },
    thing: async (operation, input) => operation.thing?.(parts as never, input as never),
    stream,
    degraded: () => (asked ??= degraded().finally(() => (asked = null))),
    metrics,
    behindProxy,
    clock,
    log,
  })
  const failed = async (error: unknown) => {
    await scope[Symbol.asyncDispose]()
    throw error
  }
  const desk = scope.use(await opening.catch(failed))
  scope.defer(() => stream[Symbol.dispose]())
  return {
    get url() {
      return desk.url
    },
    [Symbol.asyncDispose]: () => scope[Symbol.asyncDispose](),
  }
}

async function receiversOf(sql: Sql): Promise<Receiver[]> {
  const [all, { last }] = await Promise.all([targets(sql), eventRange(sql)])
  return all.map(({ name, position, failures }) => ({ name, failures, behind: Math.max(0, last - position) }))
}

async function readPem(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw new SwitchhookError('SERVICE', `DESK_TLS: ${file} cannot be read: ${(error as Error).message}`)
  }
}

async function isWell(clock: Clock, answer: Promise<unknown>): Promise<boolean> {
  try {
    return await within(clock, ANSWERS_MS, answer)
  } catch {
    return false
  }
}
