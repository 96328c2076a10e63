/**
 * The way to Redis. Two kinds of clients: 'commands' fail at once when Redis is away (a call cannot wait for it, and nothing that
 * may already have happened is sent again), 'subscriber' comes back by itself and subscribes again.
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Redis } from 'ioredis'
import { systemClock } from '../base/clock.ts'
import { SwitchhookError } from '../base/errors.ts'
import { silentLog, type Log } from '../base/log.ts'
import { Outage } from '../base/outage.ts'

export type RedisClient = Redis

/** Where a Redis is: a URL, or a unix socket; `db` counts from 0. */
export type RedisAddress = { readonly url: string } | { readonly socket: string; readonly db?: number }

interface StandaloneOptions {
  path?: string
  host?: string
  port?: number
  db: number
  username?: string
  password?: string
  tls?: Record<string, never>
}

export interface RedisClientOptions {
  kind?: 'commands' | 'subscriber'
  /** What `CLIENT LIST` calls us (default 'switchhook'). */
  name?: string
  /** Milliseconds until Redis must have answered when the client is opened (default 5 000). */
  within?: number
  log?: Log
}

/** Milliseconds to wait before the nth attempt to connect again: soon at first, never longer than 2 s, for callers wait. */
const again = (attempt: number): number => Math.min(50 * attempt, 2_000)

/**
 * Resolves with a client that is ready. Rejects with SwitchhookError SERVICE when Redis does not answer within the limit.
 * Afterwards it connects again by itself; `client.disconnect()` ends it.
 */
export async function openRedisClient(address: RedisAddress, options: RedisClientOptions = {}): Promise<RedisClient> {
  const { kind = 'commands', name = 'switchhook', within = 5_000, log = silentLog } = options
  const client = new Redis({
    ...redisOptions(address),
    connectionName: name,
    lazyConnect: true,
    connectTimeout: within,
    retryStrategy: again,
    // 0: what was under way when the link broke is rejected now. (autoResendUnfulfilledCommands=false would leave it pending for ever.)
    maxRetriesPerRequest: kind === 'commands' ? 0 : null,
    enableOfflineQueue: kind === 'subscriber',
  })
  let last: Error | undefined
  const outage = new Outage({ what: 'the link to Redis', fields: { client: name, kind }, clock: systemClock, log })
  client.on('error', error => {
    last = error
    outage.away(error.message)
  })
  client.on('ready', () => outage.end())
  try {
    await client.connect()
  } catch (error) {
    client.disconnect()
    throw new SwitchhookError('SERVICE', `Redis does not answer: ${(last ?? (error as Error)).message}`, { cause: error })
  }
  return client
}

/** The same address as plain options: BullMQ makes its own connections from them. */
export function redisOptions(address: RedisAddress): StandaloneOptions {
  if ('socket' in address) return { path: address.socket, db: address.db ?? 0 }
  const url = new URL(address.url)
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port || 6379),
    db: Number(url.pathname.slice(1) || 0),
    ...(url.username && { username: decodeURIComponent(url.username) }),
    ...(url.password && { password: decodeURIComponent(url.password) }),
    ...(url.protocol === 'rediss:' && { tls: {} }),
  }
}

/**
 * A channel that is heard only in this client's database. Redis's own know no databases: whatever is published is heard by everybody on
 * the server, and the records of another installation must not be taken for ours.
 */
export const channelOf = ({ options }: RedisClient, name: string): string => `${name}@${options.db ?? 0}`

/** Throws SwitchhookError SERVICE unless Redis keeps every key: an evicted queue is a caller forgotten. */
export async function assertNoEviction(client: RedisClient): Promise<void> {
  // INFO and not CONFIG GET: hosted Redis forbids CONFIG.
  const policy = /^maxmemory_policy:(\S+)/m.exec(await client.info('memory'))?.[1]
  if (policy === 'noeviction') return
  throw new SwitchhookError('SERVICE', `Redis may throw keys away (maxmemory-policy ${policy ?? 'unknown'}): set it to noeviction`)
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
    throw new SwitchhookError('SERVICE', `${name}: '${line}…' is out of order: list ${which} from 1, without a gap, 'n..' last`)
  })
  const more = found.at(-1)?.[2] !== undefined
  return { least: more ? found.length - 1 : found.length, more }
}

function check(name: string, which: string, takes: Takes, given: number): void {
  if (given === takes.least || (takes.more && given > takes.least)) return
  throw new SwitchhookError('SERVICE', `${name} takes ${takes.least}${takes.more ? ' or more' : ''} ${which}, ${given} were given`)
}
