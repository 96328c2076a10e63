/** Wires over TCP. Nothing above knows that there are sockets. */
import { connect, createServer, type Socket } from 'node:net'
import { SwitchError } from '../base/errors.ts'
import type { Budget } from './budget.ts'
import type { Inbox } from './inbox.ts'
import type { Wire, WireHandlers } from './wire.ts'

/**
 * Connections that the kernel keeps for us while we are busy. Each costs FreeSWITCH 0.7 % of a core at real-time priority until it is
 * greeted (esl/inbox.ts): with three hundred of them nobody else has two cores, and none was greeted within 25 s (measured beside two
 * busy programs). Whoever finds the queue full is asked again by their own kernel after a second, which costs nothing: then all of them
 * were, within 15 s. With 64 a hundred callers, whom one death brings at once, would not all find room.
 */
const BACKLOG = 128
/** A host that does not answer at all must not hold anybody for the kernel's two minutes. */
const CONNECT_MS = 5_000
const KNOCK_MS = 300
/** Chunks (64 KiB at most) of one connection that wait to be handed on: with more its socket is not read. */
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

/** Rejects with SwitchError LINK_DOWN when nobody listens there, or does not within 5 s. */
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
 * What comes of a connection to this address ('host:port', '[::1]:8084') now. A process that is stopped accepts, through its kernel; of
 * one that has ended the kernel refuses. 'silent': no answer within 300 ms, or the host cannot be reached.
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
  /** Refuses new connections at once; those that are open stay. */
  stopListening(): void
  /** Stops listening and waits until every connection is closed. */
  close(): Promise<void>
}

export interface TcpListening {
  readonly host: string
  /** 0 takes any free one. */
  readonly port: number
  readonly backlog?: number
  /** Of each wire: Wire.budget. */
  readonly budget?: Budget
  /** Through which what the wires bring is handed on. Absent: at once. */
  readonly inbox?: Inbox | undefined
  onWire(wire: Wire): void
  /** A connection could not be accepted (no file descriptors are left). The port stays open; whoever waits in the kernel is taken later. Default: thrown. */
  onFault?(error: Error): void
}

/** Rejects with SwitchError LINK_DOWN when the port is taken. */
export function listenTcp(options: TcpListening): Promise<TcpListener> {
  return new Promise((resolve, reject) => {
    // noDelay: with Nagle a verb costs 64 ms instead of 21. allowHalfOpen stays off: a FIN is the end of a conversation.
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
