/**
 * TCP implementation of Wire (esl/wire.ts): outgoing connections, the listener and a probe of an address. Layers above
 * know no sockets.
 */
import { connect, createServer, type Socket } from 'node:net'
import { SwitchError } from '../base/errors.ts'
import type { Budget } from './budget.ts'
import type { Inbox } from './inbox.ts'
import type { Wire, WireHandlers } from './wire.ts'

/**
 * Connections that the kernel queues while this process is busy. Until Switchhook sends `connect` on it, each costs
 * FreeSWITCH 0.7 % of a core at real-time priority (esl/inbox.ts): 300 in the queue took two cores, and none was
 * greeted within 25 s (measured beside two busy programs). When the queue is full, FreeSWITCH's kernel tries again
 * after 1 s, which costs nothing: then all 300 were greeted within 15 s. 64 is too few for the hundred callers that the
 * death of one node brings at once.
 */
const BACKLOG = 128
/** Limit for a host that does not answer at all; the kernel's own limit is two minutes. */
const CONNECT_MS = 5_000
const KNOCK_MS = 300
/** Chunks (64 KiB at most) of one connection that may wait in the inbox; at this number its socket is paused. */
const CHUNKS_WAIT = 4

class SocketWire implements Wire {
  readonly peer: string
  readonly budget: Budget | undefined
  readonly #socket: Socket
  readonly #inbox: Inbox | undefined
  #waiting = 0
  constructor(socket: Socket, budget?: Budget, inbox?: Inbox) {
    this.#socket = socket
    this.#inbox = inbox
    this.budget = budget
    this.peer = (socket.remoteAddress ?? '').replace(/^::ffff:/, '')
  }
  write(bytes: string | Buffer): void {
    if (!this.#socket.writable) return
    if (typeof bytes === 'string') this.#socket.write(bytes, 'latin1')
    else this.#socket.write(bytes)
  }
  end(): void {
    this.#socket.end()
  }
  destroy(error?: Error): void {
    this.#socket.destroy(error)
  }
  listen(handlers: WireHandlers): void {
    let broken: Error | undefined
    const inbox = this.#inbox
    this.#socket.on('data', inbox ? chunk => this.#hand(inbox, chunk, handlers) : chunk => handlers.data(chunk))
    this.#socket.on('error', error => (broken = error))
    const closed = () => handlers.close(broken)
    this.#socket.on('close', () => (inbox ? inbox.hand(closed) : closed()))
  }
  #hand(inbox: Inbox, chunk: Buffer, handlers: WireHandlers): void {
    if (++this.#waiting >= CHUNKS_WAIT) this.#socket.pause()
    inbox.hand(() => {
      if (--this.#waiting === CHUNKS_WAIT - 1) this.#socket.resume()
      handlers.data(chunk)
    })
  }
  pause(): void {
    this.#socket.pause()
  }
  resume(): void {
    this.#socket.resume()
  }
}

/** Opens a connection. Rejects with SwitchError LINK_DOWN when it is refused, or not accepted within 5 s. */
export function connectTcp(host: string, port: number): Promise<Wire> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true, keepAlive: true, timeout: CONNECT_MS })
    const failed = (error: Error) => {
      socket.destroy()
      reject(new SwitchError('LINK_DOWN', `cannot connect to ${host}:${port}: ${error.message}`, { cause: error }))
    }
    socket.once('error', failed)
    socket.once('timeout', () => failed(new Error(`no answer within ${CONNECT_MS} ms`)))
    socket.once('connect', () => {
      socket.off('error', failed)
      socket.setTimeout(0)
      resolve(new SocketWire(socket))
    })
  })
}

export type Knock = 'accepts' | 'refuses' | 'silent'

/**
 * Probes an address ('host:port', '[::1]:8084') with one TCP connection. For a stopped process the kernel still
 * accepts; for an ended process it refuses. 'silent': no answer within 300 ms, or the host is unreachable.
 */
export function knock(address: string): Promise<Knock> {
  const colon = address.lastIndexOf(':')
  return new Promise(resolve => {
    const socket = connect({
      host: address.slice(0, colon).replace(/^\[|\]$/g, ''),
      port: Number(address.slice(colon + 1)),
      timeout: KNOCK_MS,
    })
    const answer = (what: Knock) => {
      socket.destroy()
      resolve(what)
    }
    const failed = ({ code }: NodeJS.ErrnoException) => answer(code === 'ECONNREFUSED' ? 'refuses' : 'silent')
    socket
      .once('connect', () => answer('accepts'))
      .once('error', failed)
      .once('timeout', () => answer('silent'))
  })
}

export interface TcpListener {
  readonly port: number
  /** Refuses new connections from now on; open connections stay. */
  stopListening(): void
  /** Stops listening and waits until every connection is closed. */
  close(): Promise<void>
}

export interface TcpListening {
  readonly host: string
  /** 0: any free port. */
  readonly port: number
  readonly backlog?: number
  /** Given to each wire as Wire.budget. */
  readonly budget?: Budget
  /** Orders the data that the wires receive. Absent: data is passed on at once. */
  readonly inbox?: Inbox | undefined
  onWire(wire: Wire): void
  /**
   * A connection could not be accepted (no file descriptors left). The port stays open; connections in the kernel's
   * queue are accepted later. Default: thrown.
   */
  onFault?(error: Error): void
}

/** Opens a listening port. Rejects with SwitchError LINK_DOWN when the port is in use. */
export function listenTcp(options: TcpListening): Promise<TcpListener> {
  return new Promise((resolve, reject) => {
    // noDelay: with Nagle's algorithm a verb takes 64 ms instead of 21. allowHalfOpen stays off: a FIN ends the
    // connection in both directions.
    const server = createServer({ noDelay: true }, socket => {
      options.inbox?.accepted()
      options.onWire(new SocketWire(socket, options.budget, options.inbox))
    })
    const failed = (error: NodeJS.ErrnoException) => {
      const why =
        error.code === 'EADDRINUSE'
          ? 'the port is in use: stop the other process or set LISTEN to another port'
          : error.message
      reject(new SwitchError('LINK_DOWN', `cannot listen on ${options.host}:${options.port}: ${why}`, { cause: error }))
    }
    server.once('error', failed)
    server.listen({ host: options.host, port: options.port, backlog: options.backlog ?? BACKLOG }, () => {
      server.off('error', failed)
      if (options.onFault) server.on('error', options.onFault)
      const address = server.address()
      resolve({
        port: typeof address === 'object' && address ? address.port : options.port,
        stopListening: () => void server.close(),
        close: () => new Promise(done => server.close(() => done())),
      })
    })
  })
}
