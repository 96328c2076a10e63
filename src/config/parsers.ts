/**
 * The parsers of settings: a parser turns a text into a value, or throws a plain Error that says what is allowed. Used
 * by config.ts.
 */
import { resolve } from 'node:path'
import { ms, type Duration } from '../base/duration.ts'

export type Parser<T> = (text: string) => T

export interface HostPort {
  readonly host: string
  readonly port: number
}

export const folder: Parser<string> = value => resolve(value)

function matching(pattern: RegExp, allowed: string): Parser<string> {
  return value => {
    if (!pattern.test(value)) throw new Error(`allowed: ${allowed}`)
    return value
  }
}
export const ident = matching(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/, "letters, digits, '.', '_' and '-', at most 63")
export const sound = matching(
  /^[a-z0-9_-]{1,64}(\/[a-z0-9_-]{1,64}){0,6}$/,
  'lower-case letters, digits, _ and -, folders separated by /, no file extension: moh/calm',
)
export const phoneNumber = matching(/^\+?[0-9]{2,20}$/, "2 to 20 digits, optionally with a '+' before them")
export const secret = (least: number): Parser<string> =>
  matching(new RegExp(`^\\S{${least},}$`), `at least ${least} characters, no spaces`)

export function integer(least: number, most: number): Parser<number> {
  return value => {
    const number = Number(value)
    if (!/^\d+$/.test(value) || number < least || number > most)
      throw new Error(`allowed: a whole number, ${least} to ${most}`)
    return number
  }
}

export function duration(least: Duration, most: Duration): Parser<number> {
  return value => {
    const milliseconds = /^[\d.]+(ms|s|m|h|d)$/.test(value) ? ms(value as Duration) : NaN
    const fits = milliseconds >= ms(least) && milliseconds <= ms(most)
    if (!fits) throw new Error(`allowed: a number with its unit, from ${least} to ${most}`)
    return milliseconds
  }
}

export function choice<const T extends string>(...allowed: readonly T[]): Parser<T> {
  return value => {
    const found = allowed.find(one => one === value)
    if (found === undefined) throw new Error(`allowed: ${allowed.join(', ')}`)
    return found
  }
}

export const yesOrNo: Parser<boolean> = value => choice('0', '1')(value) === '1'

export function url(...schemes: readonly string[]): Parser<string> {
  return value => {
    const scheme = URL.canParse(value) ? new URL(value).protocol.slice(0, -1) : ''
    if (!schemes.includes(scheme))
      throw new Error(`allowed: a URL that begins with ${schemes.map(one => `${one}://`).join(' or ')}`)
    return value
  }
}

/** RFC 3986, as far as it is needed here: a URI or a path, without spaces. */
export const uriReference: Parser<string> = value => {
  if (!/^[A-Za-z0-9/][\w.~:/?#@!$&'()*+,;=%-]{0,199}$/.test(value))
    throw new Error('allowed: a URI or a path without spaces, such as /switchhook/berlin, 200 characters at most')
  return value
}

const HOST = /^(?!\.)[A-Za-z0-9.-]{1,253}$/

/** A name or an address of a host, or a network. */
export const hostOrNetwork: Parser<string> = value => {
  if (value.includes('/')) return network(value)
  if (!HOST.test(value) && !URL.canParse(`http://[${value}]/`))
    throw new Error(
      `'${value}' is no host and no network; allowed: names and networks, such as crm.internal,10.0.0.0/8`,
    )
  return value
}

/** A message queue for events. */
export const eventSink: Parser<string> = value => (value === 'redis' ? value : url('amqp', 'amqps', 'nats')(value))

const HOST_PORT = /^(?:(?<digits>\d{1,5})|(?<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9][A-Za-z0-9.-]*)(?::(?<port>\d{1,5}))?)$/

/**
 * Parses 'host:port', 'host' (with the usual port) or 'port' (with the usual host); an IPv6 address stands in brackets.
 */
export function hostPort(usual: HostPort): Parser<HostPort> {
  return value => {
    const match = HOST_PORT.exec(value)
    const { digits, host = usual.host, port = digits ?? String(usual.port) } = match?.groups ?? {}
    if (!match || Number(port) > 65_535) throw new Error('allowed: host:port, such as 10.0.0.5:8084 or [::1]:8084')
    return Object.freeze({ host: host.replace(/^\[|\]$/g, ''), port: Number(port) })
  }
}

export function list<T>(one: Parser<T>): Parser<readonly T[]> {
  return value =>
    Object.freeze(
      value
        .split(',')
        .map(part => part.trim())
        .filter(part => part !== '')
        .map(one),
    )
}

export const network: Parser<string> = value => {
  const [address = '', prefix = '', ...rest] = value.split('/')
  const v6 = address.includes(':')
  const v4 = /^\d{1,3}(\.\d{1,3}){3}$/.test(address) && address.split('.').every(part => Number(part) <= 255)
  const good = v6 ? URL.canParse(`http://[${address}]/`) : v4
  if (!good || rest.length > 0 || !/^\d{1,3}$/.test(prefix) || Number(prefix) > (v6 ? 128 : 32)) {
    throw new Error(`'${value}' is not a network; allowed: networks separated by commas, such as 10.0.0.0/8,::1/128`)
  }
  return value
}
