/** Opens calls to a listener as FreeSWITCH does, and counts their results. */
import { connect, type Socket } from 'node:net'
import { Conversation, type Observer } from './conversation.ts'
import { Times } from './figures.ts'
import { Leg } from './leg.ts'
import { reset } from '../reset.ts'

export interface LoadOptions {
  readonly port: number
  readonly host?: string
  /** The listener's process, for CPU and memory. */
  readonly pid?: number
  /** Closed loop: this many calls at a time. */
  readonly concurrency?: number
  /** Open loop: this many calls a second, however fast the listener is … */
  readonly rate?: number
  /** … at random distances, not at even ones. */
  readonly poisson?: boolean
  /** The end: after this many measured calls, or after this many seconds. */
  readonly calls?: number
  readonly seconds?: number
  /**
   * Open loop: leaves the core to other processes (a Redis, for example) between two calls. Calls then begin up to a
   * millisecond late, and some at the same time.
   */
  readonly lettingOthers?: boolean
  /** Calls before the measurement begins. */
  readonly warmup?: number
  /** The number of applications that a good call has completed when it hangs up. */
  readonly expect?: number
  /** One write for everything that a turn sends: less work for both sides than with FreeSWITCH. */
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
  /** Runs after each call that ended or failed. */
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

  /** A caller arrives. `due` is the planned time (open loop): a late start counts as waiting. */
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

  /** Breaks the connections that are still open. Calls under way count as stuck. */
  breakAll(): void {
    this.counts.stuck += this.inFlight
    this.ended = this.started
    this.onEnd = () => {}
    const before = { ...this.counts }
    for (const socket of this.#sockets) reset(socket)
    this.counts = before
  }
}
