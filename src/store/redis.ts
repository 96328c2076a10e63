/**
 * The way to Redis: the one place that opens links. Four kinds:
 *
 *   commands    fails at once when Redis is away, and after 1 s when it is silent: nobody can wait for it, and nothing that may already
 *               have happened is sent again
 *   subscriber  comes back by itself and subscribes again
 *   blocking    what BullMQ makes of a client by `duplicate()`: one command at a time, which waits for up to 10 s
 *
 * All are asked for a sign of life and connect again when there is none, and when Redis says that it is not the primary any more.
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Redis, type RedisOptions } from 'ioredis'
import { systemClock, within as doneWithin, type Clock } from '../base/clock.ts'
import { SwitchhookError } from '../base/errors.ts'
import { silentLog, type Log } from '../base/log.ts'
import { Outage } from '../base/outage.ts'
import { RedisTimeout } from './redis-timeout.ts'
import { ANSWERS_WITHIN_MS, redisOptions } from './redis-options.ts'
import { keepHeartbeat } from './redis-heartbeat.ts'

export type RedisClient = Redis

/** Where a Redis is: a URL as in REDIS_URL, or a unix socket; `db` counts from 0. */
export type RedisAddress = { readonly url: string } | { readonly socket: string; readonly db?: number }

type Kind = 'commands' | 'subscriber' | 'blocking'
type Options = RedisOptions & { replyMapping?: 'legacy' }

export interface RedisClientOptions {
  kind?: Exclude<Kind, 'blocking'>
  /** What `CLIENT LIST` calls us (default 'switchhook'). */
  name?: string
  /** Milliseconds until Redis must have answered when the client is opened (default 5 000). */
  within?: number
  log?: Log
  /** Measures silence; tests own it. */
  clock?: Clock
}

/** Milliseconds to wait before the nth attempt to connect again: soon at first, never longer than 2 s, for callers wait. */
const again = (attempt: number): number => Math.min(50 * attempt, 2_000)
/** A SYN that nobody answers: the address may lead elsewhere by then. */
const CONNECTS_WITHIN_MS = 3_000
/** No more commands than these wait for a Redis that is late (patience.ts). A burst that is being answered may be longer. */
const MOST_WAITING = 1_000
/** BullMQ lets a command wait for up to 10 s (its Worker.maximumBlockTimeout). */
const BLOCKS_FOR_MS = 12_000
/** The server is not the primary (any more), or does not have its data (yet): the address may lead to another one. */
const NOT_THE_PRIMARY = /^(READONLY|LOADING|MASTERDOWN)\b/
/** Where the address leads to a replica for a while, we do not connect again with every write. */
const REDIAL_MS = 1_000

const NO_CLUSTER =
  'this Redis is a cluster: agents and callers are written together by one script, and a cluster keeps them on different servers. Name one server in REDIS_URL, or the sentinels of one (redis+sentinel://…)'

class Link extends Redis {
  readonly #kind: Kind
  readonly #clock: Clock
  readonly #timeout: RedisTimeout
  #redialledAt = -Infinity

  constructor(options: Options, kind: Kind, clock: Clock) {
    super({ ...options, reconnectOnError: (error: Error) => this.#refused(error) })
    this.#kind = kind
    this.#clock = clock
    this.#timeout = new RedisTimeout(clock, ANSWERS_WITHIN_MS)
    keepHeartbeat(
      this,
      clock,
      () => (kind === 'commands' ? this.#askRole() : this.ping()),
      kind === 'blocking' ? BLOCKS_FOR_MS : undefined,
    )
  }

  /** For BullMQ, which makes the connection on which a worker waits of the one that it is given. */
  override duplicate(override?: Partial<RedisOptions>): Redis {
    return new Link({ ...this.options, ...override } as Options, 'blocking', this.#clock)
  }

  override sendCommand(...sent: Parameters<Redis['sendCommand']>): unknown {
    const [command, pipeline] = sent
    // ioredis's own questions, before a link is ready and after
    if (this.#kind !== 'commands' || Redis.Command.checkFlag('HANDSHAKE_COMMANDS', command.name))
      return super.sendCommand(...sent)
    const answer = this.#isLate()
      ? Promise.reject(new SwitchhookError('SERVICE', `${MOST_WAITING} commands wait for Redis already`))
      : this.#timeout.ask(() => super.sendCommand(...sent) as Promise<unknown>)
    if (!pipeline) return answer.catch(refusal)
    answer.catch((error: Error) => command.reject(error)) // a pipeline looks at its commands
    return command.promise
  }

  /** Connects again, at most once a second, to wherever the address leads now. */
  redial(why: string): void {
    if (this.status !== 'ready' || this.#clock.monotonic() - this.#redialledAt < REDIAL_MS) return
    this.#redialledAt = this.#clock.monotonic()
    this.stream.destroy(new Error(`connecting again: ${why}`))
  }

  #isLate(): boolean {
    return this.commandQueue.length >= MOST_WAITING && this.#timeout.isLate
  }

  /** A link that only reads would never be told by a refused write that its server is a replica now. Rejects where ROLE is not allowed. */
  async #askRole(): Promise<void> {
    const [role] = await this.role()
    if (role === 'slave') this.#refused(new Error('READONLY this server is a replica now'))
  }

  /** False: the command fails, for it may be refused once more. */
  #refused(error: Error): false {
    if (NOT_THE_PRIMARY.test(error.message)) {
      this.redial(error.message)
      this.emit('refused', error.message)
    }
    return false
  }
}

/** What Redis says of a command is the answer to it; that it cannot be had, or is not the primary, is SERVICE. */
function refusal(error: SwitchhookError): never {
  const { cause } = error
  if (cause instanceof Error && cause.name === 'ReplyError' && !NOT_THE_PRIMARY.test(cause.message)) throw cause
  throw error
}

/**
 * Resolves with a client that is ready. Rejects with SwitchhookError SERVICE when Redis does not answer within the limit.
 * Afterwards it connects again by itself; `client.disconnect()` ends it.
 */
export async function openRedisClient(address: RedisAddress, options: RedisClientOptions = {}): Promise<RedisClient> {
  return open(address, options)
}

/**
 * Both links of an installation to its Redis. When Redis says on the one that it is not the primary any more, the other connects again
 * too: what is announced at the new primary may not come to the old one. Rejects as openRedisClient does.
 */
export async function openRedisLinks(
  address: RedisAddress,
  options: Omit<RedisClientOptions, 'kind'> = {},
): Promise<{ commands: RedisClient; subscriber: RedisClient }> {
  const opened = await Promise.allSettled([open(address, options), open(address, { ...options, kind: 'subscriber' })])
  const links = opened.flatMap(one => (one.status === 'fulfilled' ? [one.value] : []))
  const [commands, subscriber] = links
  if (!commands || !subscriber) {
    for (const link of links) link.disconnect()
    throw opened.find(one => one.status === 'rejected')!.reason
  }
  commands.on('refused', (why: string) => subscriber.redial(why))
  return { commands, subscriber }
}

async function open(address: RedisAddress, options: RedisClientOptions): Promise<Link> {
  const { kind = 'commands', name = 'switchhook', within = 5_000, log = silentLog, clock = systemClock } = options
  const client = new Link(
    {
      ...redisOptions(address),
      connectionName: name,
      lazyConnect: true,
      connectTimeout: Math.min(within, CONNECTS_WITHIN_MS),
      retryStrategy: again,
      // 0: what was under way when the link broke is rejected now. (autoResendUnfulfilledCommands=false would leave it pending for ever.)
      maxRetriesPerRequest: kind === 'commands' ? 0 : null,
      enableOfflineQueue: kind === 'subscriber',
    },
    kind,
    clock,
  )
  let last: Error | undefined
  const outage = new Outage({ what: 'the link to Redis', fields: { client: name, kind }, clock, log })
  client.on('error', error => {
    last = error
    outage.away(error.message)
  })
  client.on('ready', () => outage.end())
  try {
    if (!(await doneWithin(clock, within, client.connect()))) throw new Error(`nothing was heard for ${within} ms`)
  } catch (error) {
    client.disconnect()
    throw new SwitchhookError('SERVICE', `Redis does not answer: ${(last ?? (error as Error)).message}`, {
      cause: error,
    })
  }
  return client
}

/**
 * A channel that is heard only in this client's database. Redis's own know no databases: whatever is published is heard by everybody on
 * the server, and the records of another installation must not be taken for ours.
 */
export const channelOf = ({ options }: RedisClient, name: string): string => `${name}@${options.db ?? 0}`

/**
 * Throws SwitchhookError SERVICE when this Redis cannot be ours: one that evicts keys forgets a caller, and a Redis Cluster keeps an agent
 * and a caller on different servers, where no script can write both.
 */
export async function assertFit(client: RedisClient): Promise<void> {
  // INFO and not CONFIG GET: hosted Redis forbids CONFIG.
  const info = await client.info()
  const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1]
  if (/^cluster_enabled:1/m.test(info)) throw new SwitchhookError('SERVICE', NO_CLUSTER)
  if (policy === 'noeviction') return
  throw new SwitchhookError(
    'SERVICE',
    `Redis may throw keys away (maxmemory-policy ${policy ?? 'unknown'}): set it to noeviction`,
  )
}

/** The server's own version, such as '7.0.15'; rejects when nobody answers. One connection, closed again. */
export async function redisVersion(address: RedisAddress, within = 5_000): Promise<string> {
  const client = await openRedisClient(address, { name: 'switchhook-probe', within })
  try {
    const info = await client.info('server')
    return /^valkey_version:(\S+)/m.exec(info)?.[1] ?? /^redis_version:(\S+)/m.exec(info)?.[1] ?? 'unknown'
  } finally {
    client.disconnect()
  }
}

/** Runs the script on a client. Rejects with Redis's error, or with what `read` throws when the reply is not what it should be. */
export type Script<T> = (client: RedisClient, keys: readonly string[], args: readonly (string | number)[]) => Promise<T>

/**
 * A Lua file as a function. Its header says what it takes, one line each, and every call is held to it:
 *
 *     -- KEYS[1]    the agent
 *     -- ARGV[1]    now, ms since the epoch
 *     -- ARGV[2..]  skills (none or more)
 *
 * `read` turns Redis's reply into a value of ours. Throws SwitchhookError SERVICE when the header has a gap.
 */
export function defineScript<T>(file: URL, read: (reply: unknown) => T): Script<T> {
  const lua = readFileSync(file, 'utf8')
  const name = basename(fileURLToPath(file))
  const sha = createHash('sha1').update(lua).digest('hex')
  const takes = { KEYS: declared(lua, name, 'KEYS'), ARGV: declared(lua, name, 'ARGV') }
  return async (client, keys, args) => {
    check(name, 'KEYS', takes.KEYS, keys.length)
    check(name, 'ARGV', takes.ARGV, args.length)
    try {
      return read(await client.evalsha(sha, keys.length, ...keys, ...args))
    } catch (error) {
      // NOSCRIPT: Redis was started anew, or this is the first time. Nothing has been run yet, so it may be sent again.
      if (!(error as Error).message.startsWith('NOSCRIPT')) throw error
      return read(await client.eval(lua, keys.length, ...keys, ...args))
    }
  }
}

interface Takes {
  readonly least: number
  readonly more: boolean
}

function declared(lua: string, name: string, which: 'KEYS' | 'ARGV'): Takes {
  const found = [...lua.matchAll(new RegExp(`^-- ${which}\\[(\\d+)(\\.\\.)?\\]\\s+\\S`, 'gm'))]
  found.forEach(([line, index, more], position) => {
    if (Number(index) === position + 1 && (!more || position === found.length - 1)) return
    throw new SwitchhookError(
      'SERVICE',
      `${name}: '${line}…' is out of order: list ${which} from 1, without a gap, 'n..' last`,
    )
  })
  const more = found.at(-1)?.[2] !== undefined
  return { least: more ? found.length - 1 : found.length, more }
}

function check(name: string, which: string, takes: Takes, given: number): void {
  if (given === takes.least || (takes.more && given > takes.least)) return
  throw new SwitchhookError(
    'SERVICE',
    `${name} takes ${takes.least}${takes.more ? ' or more' : ''} ${which}, ${given} were given`,
  )
}
