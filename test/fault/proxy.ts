/**
 * A TCP proxy that injects faults, between a node and FreeSWITCH or between a node and Redis: it cuts, breaks,
 * swallows, slices or delays the data. It never changes octets or their order.
 */
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { reset } from '../reset.ts'

export interface ProxyOwner {
  after(fn: () => Promise<unknown> | void): void
}

/** The server behind the proxy: a port, or a unix socket. */
export type Upstream = { readonly host?: string; readonly port: number } | { readonly path: string }

/** One connection through the proxy: the side of the client, and the side that the proxy opened for it. */
interface Pair {
  readonly near: Socket
  readonly far: Socket
}

const silent = () => {}

export class Proxy {
  /** Where to connect instead, on 127.0.0.1. */
  readonly port: number
  /** Connections that have come in so far. */
  connections = 0
  /** Octets that have passed, from near to far and back. */
  passed = 0
  readonly #server: ReturnType<typeof createServer>
  #to: Upstream
  readonly #pairs = new Set<Pair>()
  #mode: 'open' | 'blackhole' | 'reset' | 'cut' = 'open'
  #slice = 0
  #delay = 0
  #cutAfter = Infinity
  #held: (() => void)[] = []

  private constructor(server: ReturnType<typeof createServer>, port: number, to: Upstream) {
    this.#server = server
    this.port = port
    this.#to = to
    server.on('connection', near => this.#take(near))
  }

  /** Listens on a free port of 127.0.0.1, or on the given one. */
  static async open(to: Upstream, port = 0): Promise<Proxy> {
    // a half-closed connection stays half closed: the other side may still answer
    const server = createServer({ allowHalfOpen: true, noDelay: true })
    server.listen({ host: '127.0.0.1', port, backlog: 4_096 })
    await once(server, 'listening')
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('a proxy has no port')
    return new Proxy(server, address.port, to)
  }

  /** Ends every connection in order (FIN to both sides). New ones are closed at once, until `heal`. */
  cut(): void {
    this.#mode = 'cut'
    for (const { near, far } of this.#pairs) for (const end of [near, far]) end.end()
  }

  /** Breaks every connection (RST to both sides). New ones are accepted and broken at once, until `heal`. */
  reset(): void {
    this.#mode = 'reset'
    this.break()
  }

  /** Breaks every connection once; new ones pass. Returns their number. */
  break(): number {
    const doomed = [...this.#pairs]
    for (const { near, far } of doomed) for (const end of [near, far]) reset(end)
    return doomed.length
  }

  /**
   * Nothing passes, without an error; new connections are accepted and receive nothing. Data that was written meanwhile
   * passes after `heal`.
   */
  blackhole(): void {
    this.#mode = 'blackhole'
    for (const { near, far } of this.#pairs) for (const end of [near, far]) end.pause()
  }

  /**
   * Open connections are silent for good, without an error, as when a host loses its power; new connections pass.
   * Returns their number.
   */
  freeze(): number {
    for (const { near, far } of this.#pairs) for (const end of [near, far]) end.pause()
    return this.#pairs.size
  }

  /** New connections lead there from now on; open ones stay where they are. */
  lead(to: Upstream): void {
    this.#to = to
  }

  /** Everything passes normally again; slices, delays and limits are removed. */
  heal(): void {
    this.#mode = 'open'
    this.#slice = 0
    this.#delay = 0
    this.#cutAfter = Infinity
    for (const { near, far } of this.#pairs) for (const end of [near, far]) end.resume()
    for (const go of this.#held.splice(0)) go()
  }

  /** From now on at most this many octets in one write; 0: as they come. */
  slice(octets: number): void {
    this.#slice = octets
  }

  /** From now on everything arrives this many milliseconds later, in both directions. */
  delay(ms: number): void {
    this.#delay = ms
  }

  /**
   * Breaks every connection once this many more octets have passed (those up to the limit still do); new ones pass
   * until then.
   */
  cutAfter(octets: number): void {
    this.#cutAfter = octets
  }

  /** Connections that are open now. */
  get open(): number {
    return this.#pairs.size
  }

  async close(): Promise<void> {
    this.break()
    for (const go of this.#held.splice(0)) go()
    await new Promise(done => this.#server.close(done))
  }

  #take(near: Socket): void {
    this.connections++
    near.on('error', silent) // the far end informs whoever waits for it
    if (this.#mode === 'reset') return reset(near)
    if (this.#mode === 'cut') return void near.resume().end()
    if (this.#mode === 'blackhole') {
      near.pause()
      return void this.#held.push(() => this.#join(near))
    }
    this.#join(near)
  }

  #join(near: Socket): void {
    if (near.destroyed) return
    const far =
      'path' in this.#to
        ? connect({ path: this.#to.path, allowHalfOpen: true })
        : connect({ host: '127.0.0.1', ...this.#to, noDelay: true, allowHalfOpen: true })
    const pair = { near, far }
    this.#pairs.add(pair)
    far.on('error', silent)
    this.#carry(near, far, pair)
    this.#carry(far, near, pair)
    near.resume()
  }

  #carry(from: Socket, to: Socket, pair: Pair): void {
    from.on('data', (chunk: Buffer) => this.#pass(chunk, to))
    from.on('end', () => this.#later(() => to.end()))
    from.on('close', broken => {
      this.#pairs.delete(pair)
      if (broken || !from.readableEnded) reset(to)
      else this.#later(() => to.end())
    })
  }

  #pass(chunk: Buffer, to: Socket): void {
    const whole = chunk.length <= this.#cutAfter
    const part = whole ? chunk : chunk.subarray(0, this.#cutAfter)
    this.#cutAfter -= part.length
    this.passed += part.length
    this.#later(() => this.#write(part, to))
    if (whole) return
    this.#cutAfter = Infinity
    // the passed octets must arrive before the end does
    this.#later(() => setTimeout(() => this.break(), 5))
  }

  #write(chunk: Buffer, to: Socket): void {
    if (to.destroyed || !to.writable) return
    const step = this.#slice || chunk.length
    for (let at = 0; at < chunk.length; at += step) to.write(chunk.subarray(at, at + step))
  }

  /** Timers of one length fire in the order in which they were set: nothing overtakes. */
  #later(act: () => void): void {
    if (this.#delay > 0) setTimeout(act, this.#delay)
    else act()
  }
}

/** A proxy that is closed at the end of the test. */
export async function openProxy(t: ProxyOwner, to: Upstream): Promise<Proxy> {
  const proxy = await Proxy.open(to)
  t.after(() => proxy.close())
  return proxy
}
