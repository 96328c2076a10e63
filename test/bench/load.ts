/** Opens calls towards a listener the way FreeSWITCH does, and counts what becomes of them. */
import { connect, type Socket } from 'node:net'
import { Conversation, type Observer } from './conversation.ts'
import { Times } from './figures.ts'
import { Leg } from './leg.ts'

export interface LoadOptions {
  readonly port: number
  readonly host?: string
  /** The listener's process, for CPU and memory. */
  readonly pid?: number
  /** Closed loop: this many calls at a time. */
  readonly concurrency?: number
  /** Open loop: so many calls a second, whatever the listener does … */
  readonly rate?: number
  /** … at random distances rather than even ones. */
  readonly poisson?: boolean
  /** The end: so many calls measured, or so many seconds. */
  readonly calls?: number
  readonly seconds?: number
  /** Open loop: leaves the core to others (a Redis, say) between two calls. They come up to a millisecond late then, some at once. */
  readonly lettingOthers?: boolean
  /** Calls before the measurement begins. */
  readonly warmup?: number
  /** A good call has ended this many applications when it hangs up. */
  readonly expect?: number
  /** One write for all that is said in a turn: lighter on both sides than what FreeSWITCH does. */
  readonly inOne?: boolean
}

export type Failure = 'refused' | 'closedEarly' | 'tooShort' | 'stuck'

export class Load {
  readonly #options: LoadOptions
  readonly #parkIn: string | undefined
  readonly #read = Buffer.allocUnsafe(1 << 16)
  readonly #uuids = `${Math.floor(Math.random() * 0xffffffff)
    .toString(16)
    .padStart(8, '0')}-be2c-4000-8000-`
  readonly #sockets = new Set<Socket>()
  readonly verb = new Times()
  readonly call = new Times()
  measuring = false
  started = 0
  parked = 0
  ended = 0
  lastEnd = 0
  counts = { ok: 0, commands: 0, unknown: 0, events: 0, bytes: 0, refused: 0, closedEarly: 0, tooShort: 0, stuck: 0 }
  /** Runs whenever a call has ended or failed. */
  onEnd: () => void = () => {}

  constructor(options: LoadOptions, parkIn?: string) {
    this.#options = options
    this.#parkIn = parkIn
  }

  get inFlight(): number {
    return this.started - this.ended
  }

  get open(): number {
    return this.#sockets.size
  }

  /** A caller arrives; `due` is when they should have (open loop), so that a late start counts as waiting. */
  start(due = performance.now()): void {
    const number = ++this.started
    const uuid = this.#uuids + number.toString(16).padStart(12, '0')
    let done = false
    const end = (failure?: Failure) => {
      if (done) return
      done = true
      this.ended++
      this.lastEnd = performance.now()
      if (failure) this.counts[failure]++
      else {
        this.counts.ok++
        if (this.measuring) this.call.add(this.lastEnd - due)
      }
      this.onEnd()
    }
    const observer: Observer = {
      now: () => performance.now(),
      connected: () => {},
      command: known => {
        this.counts.commands++
        if (!known) this.counts.unknown++
      },
      sent: (events, bytes) => {
        this.counts.events += events
        this.counts.bytes += bytes
      },
      turnaround: ms => {
        if (this.measuring) this.verb.add(ms)
      },
      parked: () => this.parked++,
      hungUp: applications => end(applications < (this.#options.expect ?? 5) ? 'tooShort' : undefined),
      lingers: (seconds, close) => setTimeout(close, seconds * 1_000).unref(),
    }
    const read = this.#read
    const socket = connect({
      host: this.#options.host ?? '127.0.0.1',
      port: this.#options.port,
      noDelay: true,
      onread: {
        buffer: read,
        callback: length => {
          conversation.receive(read.toString('latin1', 0, length))
          return true
        },
      },
    })
    const line = {
      write: (bytes: Buffer) => (socket.write(bytes), socket.writableLength > 0),
      end: () => void socket.end(),
      inOne: this.#options.inOne ?? false,
    }
    const conversation = new Conversation(line, observer, uuid, new Leg(number, this.#parkIn))
    this.#sockets.add(socket)
    let reached = false
    socket.on('connect', () => (reached = true))
    socket.on('error', () => end(reached ? 'closedEarly' : 'refused'))
    socket.on('close', () => {
      this.#sockets.delete(socket)
      end('closedEarly')
    })
  }

  /** Breaks what is still open; calls that were in flight count as stuck. */
  breakAll(): void {
    this.counts.stuck += this.inFlight
    this.ended = this.started
    this.onEnd = () => {}
    const before = { ...this.counts }
    for (const socket of this.#sockets) socket.resetAndDestroy()
    this.counts = before
  }
}
