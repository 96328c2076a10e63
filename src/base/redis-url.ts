/**
 * The address of a Redis, as in the setting REDIS_URL. Two forms; `rediss` instead of `redis` means TLS:
 *
 *   redis://[user:password@]host[:6379][/db]                         one server, or a name that resolves to the primary
 *   redis+sentinel://[user:password@]host[:26379],host…/primary[/db] sentinels, which know the address of the primary
 *       ?sentinelPassword=…                                          when the sentinels have a different password
 */
export interface RedisUrl {
  /** One server, or at least one sentinel. */
  readonly hosts: readonly { readonly host: string; readonly port: number }[]
  /** The sentinels' name of the primary; null: `hosts` is the server itself. */
  readonly primary: string | null
  readonly tls: boolean
  readonly db: number
  readonly username: string
  readonly password: string
  readonly sentinelPassword: string
}

const FORM =
  /^(?<scheme>rediss?)(?<sentinel>\+sentinel)?:\/\/(?:(?<username>[^:@/?]*)(?::(?<password>[^/?]*))?@)?(?<hosts>[^@/?]+)(?<path>\/[^?]*)?(?:\?(?<query>.*))?$/
const HOST = /^(?<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9][A-Za-z0-9._-]*)(?::(?<port>\d{1,5}))?$/
const ALLOWED = 'redis://host:6379/db, or redis+sentinel://host:26379,host:26379/primary/db, each with rediss for TLS'

/**
 * Parses REDIS_URL. Throws an Error with what is wrong and what is allowed; its text contains neither the address nor
 * its secrets.
 */
export function parseRedisUrl(text: string): RedisUrl {
  const { scheme, sentinel, username = '', password = '', hosts = '', path = '', query } = FORM.exec(text)?.groups ?? {}
  if (scheme === undefined) throw new Error(`allowed: ${ALLOWED}`)
  const parts = path.split('/').slice(1)
  const primary = sentinel === undefined ? null : (parts.shift() ?? '')
  if (primary === '')
    throw new Error('the name of the primary is missing after the sentinels: redis+sentinel://host:26379/primary/db')
  const [db = '', ...rest] = parts
  if (!/^\d{0,4}$/.test(db) || rest.length > 0)
    throw new Error('the database is not a number of up to 4 digits; allowed: /0 at the end')
  const options = new URLSearchParams(query)
  const sentinelPassword = options.get('sentinelPassword') ?? ''
  options.delete('sentinelPassword')
  if (options.size > 0 || (primary === null && sentinelPassword !== ''))
    throw new Error("after '?' only sentinelPassword=… is allowed, and only with sentinels")
  const list = hosts.split(',')
  if (primary === null && list.length > 1)
    throw new Error('several hosts need sentinels: redis+sentinel://host:26379,host:26379/primary/db')
  const port = primary === null ? 6_379 : 26_379
  return {
    hosts: list.map(host => hostOf(host, port)),
    primary,
    tls: scheme === 'rediss',
    db: Number(db || 0),
    username: decoded(username),
    password: decoded(password),
    sentinelPassword,
  }
}

/**
 * The same address with another database: atDatabase('redis+sentinel://one,two/primary/0', 5) is
 * 'redis+sentinel://one,two/primary/5'.
 */
export function atDatabase(text: string, db: number): string {
  const { primary } = parseRedisUrl(text)
  const [, servers, query = ''] = /^([^/]+\/\/[^/?]+)[^?]*(\?.*)?$/.exec(text)!
  return `${servers}${primary === null ? '' : `/${primary}`}/${db}${query}`
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch (error) {
    throw new Error("user or password: '%' must be followed by two hexadecimal digits; write '%' itself as %25", {
      cause: error,
    })
  }
}

function hostOf(text: string, usual: number): { host: string; port: number } {
  const { host, port = String(usual) } = HOST.exec(text)?.groups ?? {}
  if (host === undefined || Number(port) > 65_535)
    throw new Error("a host is invalid; allowed: host, host:port, [IPv6 address]:port; write '/' in a password as %2F")
  return { host: host.replace(/^\[|\]$/g, ''), port: Number(port) }
}

/** The address for display, without secrets: 'redis1:6379', or 'mymaster of redis1:26379,redis2:26379'. */
export function showRedisUrl(text: string): string {
  const { hosts, primary } = parseRedisUrl(text)
  const shown = hosts.map(({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`).join()
  return primary === null ? shown : `${primary} of ${shown}`
}
