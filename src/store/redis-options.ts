/**
 * Converts the address of a Redis to options of an ioredis client: one server, a unix socket, or a primary found by
 * sentinels.
 */
import { parseRedisUrl } from '../base/redis-url.ts'

/** The address of a Redis: a URL as in REDIS_URL, or a unix socket; `db` counts from 0. */
export type RedisAddress = { readonly url: string } | { readonly socket: string; readonly db?: number }

/** A command without an answer for so long fails. */
export const ANSWERS_WITHIN_MS = 1_000

interface HostPort {
  host: string
  port: number
}

interface Place {
  path?: string
  host?: string
  port?: number
  db: number
  username?: string
  password?: string
  tls?: Record<string, never>
  /** The sentinels' name of the primary. */
  name?: string
  sentinels?: HostPort[]
  sentinelPassword?: string
  sentinelCommandTimeout?: number
  sentinelTLS?: Record<string, never>
  enableTLSForSentinelMode?: boolean
}

/** Throws an Error for an invalid URL; see base/redis-url.ts. */
export function redisOptions(address: RedisAddress): Place {
  if ('socket' in address) return { path: address.socket, db: address.db ?? 0 }
  const { hosts, primary, tls, db, username, password, sentinelPassword } = parseRedisUrl(address.url)
  return {
    db,
    ...(username && { username }),
    ...(password && { password }),
    ...(tls && { tls: {} }),
    ...(primary === null ? hosts[0] : { name: primary, ...sentinelOptions(hosts, tls, sentinelPassword) }),
  }
}

/** ioredis skips a silent sentinel; when none answers it asks all again, a second later at most. */
const sentinelOptions = (hosts: readonly HostPort[], tls: boolean, password: string) => ({
  sentinels: hosts.map(host => ({ ...host })),
  sentinelCommandTimeout: ANSWERS_WITHIN_MS,
  ...(password && { sentinelPassword: password }),
  ...(tls && { sentinelTLS: {}, enableTLSForSentinelMode: true }),
})
