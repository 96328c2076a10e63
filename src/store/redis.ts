/**
 * The links to Redis; no other file opens one. Three kinds:
 *
 *   commands    a command fails at once when Redis is down, and after 1 s when it is silent: callers wait for it;
 *               a command that may have run is never sent again
 *   subscriber  connects again by itself and subscribes again
 *   blocking    made by BullMQ with `duplicate()`: one command at a time, which waits up to 10 s
 *
 * All links send pings (store/redis-heartbeat.ts). They connect again when nothing arrives, and when Redis reports that
 * it is no longer the primary. The link for commands connects again as soon as a command had no answer for 1 s: a node
 * whose links fall silent must renew its lease within 3 s. Used by the journal, queues, agents, campaigns and the node
 * table.
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
import { RETRY } from '../base/retry.ts'
import { RedisTimeout } from './redis-timeout.ts'
import { ANSWERS_WITHIN_MS, redisOptions, type RedisAddress } from './redis-options.ts'
import { keepHeartbeat } from './redis-heartbeat.ts'

export type RedisClient = Redis
export type { RedisAddress }

type Kind = 'commands' | 'subscriber' | 'blocking'
type Options = RedisOptions & { replyMapping?: 'legacy' }

export interface RedisClientOptions {
  kind?: Exclude<Kind, 'blocking'>
  /** The name in `CLIENT LIST` (default 'switchhook'). */
  name?: string
  /** Limit for the first connection, milliseconds (default 5 000). */
  within?: number
  log?: Log
  /** Measures silence; tests replace it. */
  clock?: Clock
}

/** Milliseconds before the nth attempt to reconnect: short at first, at most 2 s, because callers wait. */
const again = (attempt: number): number => Math.min(50 * attempt, 2_000)
/** Limit for a SYN without an answer: the address may resolve to another host by then. */
const CONNECTS_WITHIN_MS = 3_000
/** Most commands that wait for a late Redis (store/redis-timeout.ts). While Redis answers, more may wait. */
const MOST_WAITING = 1_000
/** BullMQ lets a command wait up to 10 s (its Worker.maximumBlockTimeout). */
const BLOCKS_FOR_MS = 12_000
/** The server is not the primary, or has not loaded its data: the address may resolve to another one. */
const NOT_THE_PRIMARY = /^(READONLY|LOADING|MASTERDOWN)\b/

const NO_CLUSTER =
  'this Redis is a cluster: agents and callers are written together by one script, and a cluster keeps them on different servers. Set REDIS_URL to one server, or to the sentinels of one (redis+sentinel://…)'

class Link extends Redis {
  readonly #kind: Kind
  readonly #clock: Clock
  readonly #duplicates = new Set<Link>()
  readonly #timeout: RedisTimeout
  #redialledAt = -Infinity

  constructor(options: Options, kind: Kind, clock: Clock) {
    super({ ...options, reconnectOnError: (error: Error) => this.#refused(error) })
    this.#kind = kind
    this.#clock = clock
    this.#timeout = new RedisTimeout(clock, ANSWERS_WITHIN_MS, error => this.redial(error.message))
    keepHeartbeat(
      this,
      clock,
      () => (kind === 'commands' ? this.#askRole() : this.ping()),
      kind === 'blocking' ? BLOCKS_FOR_MS : undefined,
    )
  }

  /** For BullMQ, which duplicates its client for the connection on which a worker waits. */
  override duplicate(override?: Partial<RedisOptions>): Redis {
    const made = new Link({ ...this.options, ...override } as Options, 'blocking', this.#clock)
    this.#duplicates.add(made)
    made.once('end', () => this.#duplicates.delete(made))
    return made
  }

  /** BullMQ leaves a duplicate that is about to connect again: it would do so for ever. */
  override disconnect(reconnect = false): void {
    if (!reconnect) for (const one of this.#duplicates) one.disconnect()
    super.disconnect(reconnect)
  }

  override sendCommand(...sent: Parameters<Redis['sendCommand']>): unknown {
    const [command, pipeline] = sent
    // ioredis's own commands, before and after the link is ready
    if (this.#kind !== 'commands' || Redis.Command.checkFlag('HANDSHAKE_COMMANDS', command.name))
      return super.sendCommand(...sent)
    const answer = this.#isLate()
      ? Promise.reject(new SwitchhookError('SERVICE', `${MOST_WAITING} commands already wait for Redis`))
      : this.#timeout.ask(() => super.sendCommand(...sent) as Promise<unknown>)
    if (!pipeline) return answer.catch(refusal)
    answer.catch((error: Error) => command.reject(error)) // a pipeline awaits its commands
    return command.promise
  }

  /** Connects again to what the address resolves to now; at most once a second. `why`: the reason. */
  redial(why: string): void {
    if (this.status !== 'ready' || this.#clock.monotonic() - this.#redialledAt < RETRY.redisLink.pauseMs) return
    this.#redialledAt = this.#clock.monotonic()
    this.stream.destroy(new Error(`connecting again: ${why}`))
  }

  #isLate(): boolean {
    return this.commandQueue.length >= MOST_WAITING && this.#timeout.isLate
  }

  /**
   * A link that only reads gets no refused write when its server becomes a replica, so it asks. Rejects where ROLE is
   * not allowed.
   */
  async #askRole(): Promise<void> {
    const [role] = await this.role()
    if (role === 'slave') this.#refused(new Error('READONLY this server is a replica now'))
  }

  /** Returns false, which lets the command fail: ioredis must not send it again. */
  #refused(error: Error): false {
    if (NOT_THE_PRIMARY.test(error.message)) {
      this.redial(error.message)
      this.emit('refused', error.message)
    }
    return false
  }
}

/** Throws Redis's own error when Redis refused the command; SERVICE when Redis is not available or not the primary. */
function refusal(error: SwitchhookError): never {
  const { cause } = error
  if (cause instanceof Error && cause.name === 'ReplyError' && !NOT_THE_PRIMARY.test(cause.message)) throw cause
  throw error
}

/**
 * Opens a link; resolves when it is ready. Rejects with SwitchhookError SERVICE when Redis does not answer within the
 * limit. It then reconnects by itself; `client.disconnect()` ends it.
 */
export async function openRedisClient(address: RedisAddress, options: RedisClientOptions = {}): Promise<RedisClient> {
  return open(address, options)
}

/**
 * Opens both links of a node to Redis. When Redis reports on `commands` that it is no longer the primary, `subscriber`
 * reconnects too: messages published at the new primary may not reach the old one. Rejects as openRedisClient does.
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
      // 0: commands in flight reject when the link breaks. (autoResendUnfulfilledCommands=false would leave them
      // pending for ever.)
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
    if (!(await doneWithin(clock, within, client.connect()))) throw new Error(`no data received for ${within} ms`)
  } catch (error) {
    client.disconnect()
    throw new SwitchhookError('SERVICE', `Redis does not answer: ${(last ?? (error as Error)).message}`, {
      cause: error,
    })
  }
  return client
}

/**
 * The name of a channel for this client's database only. Redis's channels span all databases of a server, so without
 * the number a node would receive the messages of another installation.
 */
export const channelOf = ({ options }: RedisClient, name: string): string => `${name}@${options.db ?? 0}`

/**
 * Rejects with SwitchhookError SERVICE when this Redis cannot be used. A Redis that evicts keys would lose callers. A
 * Redis Cluster keeps an agent and a caller on different servers, where no script can write both.
 */
export async function assertFit(client: RedisClient): Promise<void> {
  // INFO and not CONFIG GET: hosted Redis forbids CONFIG.
  const info = await client.info()
  const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1]
  if (/^cluster_enabled:1/m.test(info)) throw new SwitchhookError('SERVICE', NO_CLUSTER)
  if (policy === 'noeviction') return
  throw new SwitchhookError(
    'SERVICE',
    `Redis may evict keys (maxmemory-policy ${policy ?? 'unknown'}): set it to noeviction`,
  )
}

/**
 * The version of the server, such as '7.0.15'; rejects with SERVICE when it does not answer. Uses one connection and
 * closes it.
 */
export async function redisVersion(address: RedisAddress, within = 5_000): Promise<string> {
  const client = await openRedisClient(address, { name: 'switchhook-probe', within })
  try {
    const info = await client.info('server')
    return /^valkey_version:(\S+)/m.exec(info)?.[1] ?? /^redis_version:(\S+)/m.exec(info)?.[1] ?? 'unknown'
  } finally {
    client.disconnect()
  }
}

/**
 * Runs the script on a client. Rejects with Redis's error, or with the error that `read` throws for an unexpected
 * reply.
 */
export type Script<T> = (client: RedisClient, keys: readonly string[], args: readonly (string | number)[]) => Promise<T>

/**
 * Turns a Lua file into a function. Its header lists its keys and arguments, one line each; every call is checked
 * against it:
 *
 *     -- KEYS[1]    the agent
 *     -- ARGV[1]    now, ms since the epoch
 *     -- ARGV[2..]  skills (none or more)
 *
 * `read` converts Redis's reply. Throws SwitchhookError SERVICE when the header has a gap; a call rejects with SERVICE
 * when it gives another number of keys or arguments.
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
      // NOSCRIPT: Redis restarted, or this is the first call. Nothing has run, so it may be sent again.
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
    `${name} takes ${takes.least}${takes.more ? ' or more' : ''} ${which}, got ${given}`,
  )
}
