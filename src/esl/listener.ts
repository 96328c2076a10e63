/**
 * The listener for outbound event sockets: FreeSWITCH opens one connection for every leg that reaches a `socket` line
 * of the dialplan.
 *
 *   open     accepts connections
 *   paused   refuses new connections: FreeSWITCH offers the call to the next node; the same port can be opened again
 *   closed   refuses new connections for good
 *
 * Used by node/port-gate.ts.
 */
import { BlockList, isIPv6 } from 'node:net'
import type { Log } from '../base/log.ts'
import { InputError } from '../base/errors.ts'
import { Budget } from './budget.ts'
import type { Inbox } from './inbox.ts'
import { listenTcp, type TcpListener, type TcpListening } from './tcp.ts'
import type { Wire } from './wire.ts'

/**
 * Octets that all unidentified connections may hold together, beyond the 64 KiB that each may hold in any case. It is
 * enough for sixteen whole frames (4 MiB each: a channel's data can be that long). The 64 KiB of all 2 000 connections
 * of the port are another 128 MiB. When it is used up, the connection is refused, and FreeSWITCH offers the call to the
 * next node.
 */
const UNKNOWN_OCTETS = 64 << 20

export interface ListenerOptions {
  host: string
  port: number
  /**
   * Addresses that may connect, as CIDR: '127.0.0.0/8', '::1/128'. The socket application has no authentication of its
   * own.
   */
  allow: readonly string[]
  log: Log
  /** Greets new calls before it passes on other data (esl/inbox.ts). Absent: data is passed on in order of arrival. */
  inbox?: Inbox
  onWire(wire: Wire): void
}

export interface Listener {
  /** The actual port, also when `port: 0` was requested. */
  readonly port: number
  readonly listening: boolean
  /**
   * Closes the port: the kernel refuses new connections, and FreeSWITCH connects to its next host within 10 ms.
   * (Accepting and then closing would cost the caller a takeover.) Open connections stay.
   */
  pause(): void
  /**
   * Opens the same port again. Rejects with SwitchError LINK_DOWN when another process uses it now; may be called again
   * then.
   */
  resume(): Promise<void>
  /** Closes the port for good. */
  stopListening(): void
  /** Closes the port for good and waits until every connection is closed. */
  close(): Promise<void>
}

/**
 * Opens the port. Rejects with InputError for an invalid CIDR, and with SwitchError LINK_DOWN when the port is in use.
 */
export async function openListener(options: ListenerOptions): Promise<Listener> {
  const allowed = new BlockList()
  for (const cidr of options.allow) addCidr(allowed, cidr)
  // the same few switches connect again and again: each address is checked once
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
      'connection refused: its address is not in LISTEN_ALLOW',
    )
  }
  const onFault = (error: Error): void =>
    options.log.error({ error: error.message }, 'connection from FreeSWITCH not accepted; the port stays open')
  return new Port({
    host: options.host,
    onWire,
    onFault,
    inbox: options.inbox,
    budget: new Budget(UNKNOWN_OCTETS),
  }).open(options.port)
}

/** A port that can be closed and opened again; each opening has a new server socket. */
class Port implements Listener {
  port = 0
  readonly #how: Omit<TcpListening, 'port'>
  #socket: TcpListener | null = null
  #opening: Promise<void> | null = null
  #wanted = true
  #over = false
  /** Server sockets that no longer listen. Each resolves when its last connection is closed. */
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
    if (!this.#wanted) this.pause() // pause() was called while the port opened
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
    throw new InputError(`'${cidr}' is not a network: write an address and a prefix, such as 10.0.0.0/8 or ::1/128`, {
      cause: error,
    })
  }
}
