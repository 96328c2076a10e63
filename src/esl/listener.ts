/** FreeSWITCH comes to us: every leg that reaches a `socket` line of the dialplan opens one connection here. */
import { BlockList, isIPv6 } from 'node:net'
import type { Log } from '../base/log.ts'
import { InputError } from '../base/errors.ts'
import { Budget } from './budget.ts'
import type { Inbox } from './inbox.ts'
import { listenTcp, type TcpListener, type TcpListening } from './tcp.ts'
import type { Wire } from './wire.ts'

/**
 * Octets that connections may hold together before a leg of ours is known to be behind them, beyond the 64 KiB that each may in any case.
 * One of them may take a whole frame (4 MiB), for a channel's data can be that long; sixteen do not fill the memory, nor do all that the
 * port takes: 2 000 with 64 KiB each are 128 MiB. Whoever finds it used up is refused, and FreeSWITCH goes to its next node.
 */
const UNKNOWN_OCTETS = 64 << 20

export interface ListenerOptions {
  host: string
  port: number
  /** Addresses that may connect, as CIDR: '127.0.0.0/8', '::1/128'. The socket application has no authentication of its own. */
  allow: readonly string[]
  log: Log
  /** Calls that come at once are greeted before anything else is done (inbox.ts). Absent: what comes first is done first. */
  inbox?: Inbox
  onWire(wire: Wire): void
}

export interface Listener {
  /** The port itself, also when any free one was asked for. */
  readonly port: number
  readonly listening: boolean
  /**
   * Closes the port: whoever connects is refused at once, and FreeSWITCH goes to its next host within 10 ms (accepting and then closing
   * would cost the caller a takeover). Connections that are open stay.
   */
  pause(): void
  /** Opens the same port again. Rejects with SwitchError LINK_DOWN when somebody else has taken it meanwhile; may be tried again. */
  resume(): Promise<void>
  /** Closes the port for good. */
  stopListening(): void
  /** Closes the port for good and waits until every connection is closed. */
  close(): Promise<void>
}

/** Throws InputError for an unreadable CIDR; rejects with SwitchError LINK_DOWN when the port is taken. */
export async function openListener(options: ListenerOptions): Promise<Listener> {
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
  const onWire = (wire: Wire): void => {
    if (mayConnect(wire.peer)) return options.onWire(wire)
    wire.listen({ data() {}, close() {} })
    wire.destroy()
    options.log.warn(
      { peer: wire.peer, allowed: options.allow },
      'refused a connection from an address outside LISTEN_ALLOW',
    )
  }
  const onFault = (error: Error): void =>
    options.log.error({ error: error.message }, 'a connection of a switch could not be accepted')
  return new Port({
    host: options.host,
    onWire,
    onFault,
    inbox: options.inbox,
    budget: new Budget(UNKNOWN_OCTETS),
  }).open(options.port)
}

/** A port that can be closed and opened again; each time it is open has a socket of its own. */
class Port implements Listener {
  port = 0
  readonly #how: Omit<TcpListening, 'port'>
  #socket: TcpListener | null = null
  #opening: Promise<void> | null = null
  #wanted = true
  #over = false
  /** Sockets that listen no more; each is through when the last connection that came by it is closed. */
  readonly #closing = new Set<Promise<void>>()

  constructor(how: Omit<TcpListening, 'port'>) {
    this.#how = how
  }

  async open(port: number): Promise<this> {
    this.#socket = await listenTcp({ ...this.#how, port })
    this.port = this.#socket.port
    return this
  }

  get listening(): boolean {
    return this.#socket !== null
  }

  pause(): void {
    this.#wanted = false
    const closing = this.#socket?.close().then(() => void this.#closing.delete(closing!))
    if (closing) this.#closing.add(closing)
    this.#socket = null
  }

  resume(): Promise<void> {
    this.#wanted = !this.#over
    if (this.#socket || this.#over) return Promise.resolve()
    return (this.#opening ??= this.#reopen().finally(() => (this.#opening = null)))
  }

  async #reopen(): Promise<void> {
    this.#socket = await listenTcp({ ...this.#how, port: this.port })
    if (!this.#wanted) this.pause() // thought better of while it was opened
  }

  stopListening(): void {
    this.#over = true
    this.pause()
  }

  async close(): Promise<void> {
    this.stopListening()
    await this.#opening?.catch(() => {})
    await Promise.all(this.#closing)
  }
}

function addCidr(list: BlockList, cidr: string): void {
  const [address = '', prefix = ''] = cidr.split('/')
  try {
    list.addSubnet(address, Number(prefix), address.includes(':') ? 'ipv6' : 'ipv4')
  } catch (error) {
    throw new InputError(`'${cidr}' is no network: write an address and a prefix, such as 10.0.0.0/8 or ::1/128`, {
      cause: error,
    })
  }
}
