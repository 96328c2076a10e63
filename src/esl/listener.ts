/** FreeSWITCH comes to us: every leg that reaches a `socket` line of the dialplan opens one connection here. */
import { BlockList, isIPv6 } from 'node:net'
import type { Log } from '../base/log.ts'
import { InputError } from '../base/errors.ts'
import { listenTcp, type TcpListener } from './tcp.ts'
import type { Wire } from './wire.ts'

export interface ListenerOptions {
  host: string
  port: number
  /** Addresses that may connect, as CIDR: '127.0.0.0/8', '::1/128'. The socket application has no authentication of its own. */
  allow: readonly string[]
  log: Log
  onWire(wire: Wire): void
}

/** Throws InputError for an unreadable CIDR; rejects with SwitchError LINK_DOWN when the port is taken. */
export async function openListener(options: ListenerOptions): Promise<TcpListener> {
  const allowed = new BlockList()
  for (const cidr of options.allow) addCidr(allowed, cidr)
  // the same few switches connect again and again: each address is looked at once
  const known = new Map<string, boolean>()
  const mayConnect = (peer: string): boolean => {
    let may = known.get(peer)
    if (may === undefined) {
      if (known.size >= 1_000) known.clear()
      known.set(peer, (may = allowed.check(peer, isIPv6(peer) ? 'ipv6' : 'ipv4')))
    }
    return may
  }
  return listenTcp({
    host: options.host,
    port: options.port,
    onWire(wire) {
      if (mayConnect(wire.peer)) return options.onWire(wire)
      wire.listen({ data() {}, close() {} })
      wire.destroy()
      options.log.warn({ peer: wire.peer, allowed: options.allow }, 'refused a connection from an address outside LISTEN_ALLOW')
    },
  })
}

function addCidr(list: BlockList, cidr: string): void {
  const [address = '', prefix = ''] = cidr.split('/')
  try {
    list.addSubnet(address, Number(prefix), address.includes(':') ? 'ipv6' : 'ipv4')
  } catch (error) {
    throw new InputError(`'${cidr}' is no network: write an address and a prefix, such as 10.0.0.0/8 or ::1/128`, { cause: error })
  }
}
