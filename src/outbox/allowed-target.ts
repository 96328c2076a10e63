/**
 * To which addresses events may be sent. Whoever may add a webhook must not reach what stands behind the firewall: a
 * host must resolve to public addresses only, unless the setting WEBHOOK_ALLOW names it or its network. The address is
 * checked when the connection is opened, and the connection goes to the checked address: a name that resolves to
 * something else the second time helps nobody.
 */
import { lookup } from 'node:dns/promises'
import { BlockList, isIP } from 'node:net'
import type { LookupFunction } from 'node:net'
import { InputError } from '../base/errors.ts'

/** Not on the public internet: https://www.iana.org/assignments/iana-ipv4-special-registry and …-ipv6-…. */
const SPECIAL_V4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.31.196.0/24',
  '192.52.193.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '192.175.48.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
]
/** Public IPv6 addresses are in 2000::/3, without documentation, 6to4, Teredo and other parts that reach IPv4. */
const PUBLIC_V6 = '2000::/3'
const SPECIAL_V6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20', '2620:4f:8000::/48']

export type Resolve = (host: string) => Promise<readonly { readonly address: string; readonly family: number }[]>

const resolveAll: Resolve = host => lookup(host, { all: true })

const listOf = (networks: readonly string[]): BlockList => {
  const list = new BlockList()
  for (const network of networks) {
    const [address = '', prefix = ''] = network.split('/')
    list.addSubnet(address, Number(prefix), address.includes(':') ? 'ipv6' : 'ipv4')
  }
  return list
}
const special = listOf([...SPECIAL_V4, ...SPECIAL_V6])
const publicV6 = listOf([PUBLIC_V6])

/** Is it an address of the public internet? An IPv6 address that contains an IPv4 address is none. */
function isPublic(address: string): boolean {
  const family = isIP(address)
  if (family === 4) return !special.check(address, 'ipv4')
  return family === 6 && publicV6.check(address, 'ipv6') && !special.check(address, 'ipv6')
}

export class AllowedTargets {
  readonly #hosts: ReadonlySet<string>
  readonly #networks: BlockList
  readonly #resolve: Resolve

  /** `allow`: names of hosts, and networks such as 10.0.0.0/8, that are no public addresses and still allowed. */
  constructor(allow: readonly string[], resolve: Resolve = resolveAll) {
    this.#hosts = new Set(allow.filter(one => !one.includes('/')).map(one => one.toLowerCase()))
    this.#networks = listOf(allow.filter(one => one.includes('/')))
    this.#resolve = resolve
  }

  /** Throws InputError for a URL that events are never sent to. A name is checked again when it is connected. */
  read(text: string): URL {
    if (!URL.canParse(text)) throw new InputError(`'${text}' is no URL; allowed: https://host/path`)
    const url = new URL(text)
    const host = hostOf(url)
    const isAllowed = this.#hosts.has(host) || this.#isInNetwork(host)
    if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isAllowed))
      throw new InputError(`'${text}' does not begin with https://, which only a host of WEBHOOK_ALLOW may leave out`)
    if (url.username !== '' || url.password !== '')
      throw new InputError('the URL holds a user or a password; the signature proves who sends')
    if (isIP(host) !== 0 && !isAllowed && !isPublic(host)) throw new InputError(notPublic(host))
    return url
  }

  /** The addresses of a host, all of them allowed. Rejects with InputError when one is not. */
  async addressesOf(host: string): Promise<readonly { readonly address: string; readonly family: number }[]> {
    const found = isIP(host) === 0 ? await this.#resolve(host) : [{ address: host, family: isIP(host) }]
    if (this.#hosts.has(host.toLowerCase())) return found
    const bad = found.find(({ address }) => !isPublic(address) && !this.#isInNetwork(address))
    if (bad) throw new InputError(notPublic(bad.address))
    return found
  }

  /** For the options of a connection: the address that was checked is the one that is connected. */
  readonly lookup: LookupFunction = (host, options, callback) => {
    this.addressesOf(host).then(
      found => {
        const [first] = found
        if (!first) return callback(new Error(`${host} has no address`), '', 0)
        if (options.all === true) return callback(null, found as { address: string; family: number }[])
        return callback(null, first.address, first.family)
      },
      (error: Error) => callback(error, '', 0),
    )
  }

  #isInNetwork(address: string): boolean {
    const family = isIP(address)
    return family !== 0 && this.#networks.check(address, family === 4 ? 'ipv4' : 'ipv6')
  }
}

/** The host of a URL, an IPv6 address without its brackets. */
const hostOf = (url: URL): string => url.hostname.replace(/^\[|\]$/g, '').toLowerCase()

const notPublic = (address: string) =>
  `${address} is not an address of the public internet; events go there only when WEBHOOK_ALLOW names it`
