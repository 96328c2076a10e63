/**
 * A node's lease that a separate thread renews (lease-worker.ts): serving calls may keep the event loop busy for a
 * second or two, and the lease must not lapse then. The serving thread still decides whether it may send a command
 * about a call, in the same turn, by the deadline that the renewing thread last published. A renewing thread that fails
 * is restarted; until it renews, the node sends no commands. node.ts creates one for each node.
 *
 *   outside   not announced yet
 *   held      the lease is held, until the published deadline
 *   lapsed    the deadline passed before a renewal; the next renewal leads back to held
 *   over      closed, or another process took the node's name (final)
 */
import { Worker } from 'node:worker_threads'
import { sleep, threadOffset, within, type Clock, type Timer } from '../base/clock.ts'
import { SwitchhookError } from '../base/errors.ts'
import { Emitter } from '../base/emitter.ts'
import type { Log } from '../base/log.ts'
import { RETRY } from '../base/retry.ts'
import type { RedisAddress } from '../store/redis.ts'
import { errorFrom, SharedLease, type FromLease, type LeaseTask, type ToLease } from './lease-messages.ts'
import type { NodeLease } from './node-lease.ts'
import type { NodeLeaseEvents } from './node-lease-options.ts'
import type { Peer } from './node-table.ts'

/** The interval at which the serving thread shows that its event loop runs. */
const BEAT_MS = 250
/** An event loop blocked for so long serves no calls. Longer than any mass takeover keeps it busy (1.5 s measured). */
const STANDS_STILL_MS = 5_000
/** The time to remove this node from the table on close; after that the peers wait until its lease lapses. */
const CLOSE_MS = 2_000
/** The time for an answer of the renewing thread: Redis has one second, and the thread may be starved. */
const ANSWER_MS = 3_000

export interface LeaseThreadOptions {
  readonly redis: RedisAddress
  readonly node: string
  /** The address of this node's listener for the legs of other nodes, 'host:port'; null when it has none. */
  readonly address: string | null
  readonly roles: readonly string[]
  readonly clock: Clock
  readonly log: Log
  /** The lease ends when this thread's event loop was blocked for so many milliseconds. Default 5 000. */
  readonly standsStillMs?: number
}

type Question = ToLease extends infer T ? (T extends { id: number } ? Omit<T, 'id'> : never) : never

export class LeaseThread extends Emitter<NodeLeaseEvents> implements NodeLease {
  readonly node: string
  readonly #options: LeaseThreadOptions
  readonly #shared: SharedLease
  readonly #waiting = new Map<number, { resolve(value: boolean): void; reject(error: Error): void }>()
  /** The clock that all threads share minus this thread's monotonic clock, ms. */
  readonly #offset = threadOffset()
  #worker: Worker | null = null
  #beating: Timer | null = null
  /** When this thread beat last, ms of its monotonic clock. */
  #movedAt = Infinity
  #asked = 0
  #peers: readonly Peer[] = []
  #open = false
  #lastGone: { readonly node: string; readonly seenAt: number | null } | null = null
  /** The number of lapses that this object has emitted as 'lapsed'. */
  #seen = 0
  #state: 'outside' | 'held' | 'lapsed' | 'over' = 'outside'

  constructor(options: LeaseThreadOptions) {
    super()
    this.node = options.node
    this.#options = options
    this.#shared = new SharedLease(this.#offset)
  }

  /**
   * Announces the node in the table and keeps it there. Rejects with SERVICE when Redis is unavailable, with
   * SettingError when another process uses the name.
   */
  async start(): Promise<void> {
    this.#beat()
    await this.#run()
  }

  holds(): boolean {
    const { until, lapses } = this.#shared.read()
    if (this.#state === 'held' && lapses === this.#seen && this.#options.clock.monotonic() < until) return true
    if (this.#state === 'held') this.#lapse(lapses)
    return false
  }

  get open(): boolean {
    return this.#open
  }

  peers(): readonly Peer[] {
    return this.#peers
  }

  /**
   * When the node of the last 'gone' event renewed last, ms since the epoch; null for any other node, and for one that
   * left on purpose.
   */
  lastSeen(node: string): number | null {
    return this.#lastGone?.node === node ? this.#lastGone.seenAt : null
  }

  isAlive(node: string): boolean {
    return node === this.node ? this.holds() : this.#peers.some(peer => peer.node === node)
  }

  async setOpen(open: boolean): Promise<void> {
    this.#open = open
    await this.#ask({ ask: 'open', open })
  }

  async mayClose(): Promise<boolean> {
    const may = await this.#ask({ ask: 'mayClose' })
    if (may) this.#open = false
    return may
  }

  async close(): Promise<void> {
    if (this.#state === 'over') return
    const worker = this.#worker
    const left = this.#ask({ ask: 'close' })
    left.catch(() => {}) // the renewing thread has logged it
    this.#state = 'over'
    this.#beating?.cancel()
    await within(this.#options.clock, CLOSE_MS, left).catch((error: Error) => {
      this.#options.log.warn(
        { node: this.node, error: error.message },
        'this node could not leave the node table; its peers notice when its lease lapses',
      )
    })
    await worker?.terminate()
  }

  #beat(): void {
    const { clock } = this.#options
    this.holds() // notices a lapse without a caller, and before `#movedAt` changes
    this.#movedAt = clock.monotonic()
    this.#shared.beat(this.#movedAt)
    this.#beating = clock.after(BEAT_MS, () => this.#beat())
  }

  /** Starts the renewing thread; resolves when it has announced the node. */
  #run(): Promise<void> {
    const { redis, node, address, roles, standsStillMs = STANDS_STILL_MS } = this.#options
    const task: LeaseTask = {
      redis,
      node,
      address,
      roles,
      standsStillMs,
      open: this.#open,
      shared: this.#shared.buffer,
    }
    const worker = new Worker(new URL('./lease-worker.mjs', import.meta.url), { workerData: task })
    this.#worker = worker
    return new Promise((resolve, reject) => {
      let failure: Error | null = null
      worker.on('message', (message: FromLease) => {
        if (message.kind === 'started') return resolve()
        if (message.kind !== 'failed') return this.#hear(message)
        failure = errorFrom(message.failure)
        void worker.terminate()
      })
      worker.on('error', error => (failure = error))
      worker.on('exit', () => {
        this.#worker = null
        const why = failure ?? new SwitchhookError('SERVICE', 'the thread that renews the lease of this node ended')
        for (const { reject: refuse } of this.#waiting.values()) refuse(why)
        this.#waiting.clear()
        reject(why)
        if (this.#state === 'held' || this.#state === 'lapsed') void this.#startAgain(why)
      })
    })
  }

  async #startAgain(why: Error): Promise<void> {
    const { clock, log } = this.#options
    log.error(
      { node: this.node, error: why.message },
      'the thread that renews the lease of this node failed; it is restarted',
    )
    await sleep(clock, RETRY.leaseThread.pauseMs)
    if (this.#state !== 'over') await this.#run().catch(() => {}) // its exit handler logs this and restarts it again
  }

  #hear(message: Exclude<FromLease, { kind: 'started' | 'failed' }>): void {
    if (message.kind === 'log') return this.#options.log[message.level](message.fields, message.message)
    if (message.kind === 'answer') {
      const waiting = this.#waiting.get(message.to)
      this.#waiting.delete(message.to)
      if (message.failure) waiting?.reject(errorFrom(message.failure))
      else waiting?.resolve(message.value ?? false)
      return
    }
    if (this.#state === 'over') return
    switch (message.kind) {
      case 'read':
        this.#peers = message.peers
        this.#renewed(message.lapses)
        return this.emit('read', null)
      case 'answered': {
        const { asked, answered, ...time } = message.sample
        return this.emit('answered', { ...time, asked: asked - this.#offset, answered: answered - this.#offset })
      }
      case 'gone':
        this.#lastGone = message
        return this.emit('gone', message.node)
      case 'came':
        return this.emit('came', message.peer)
      case 'replaced':
        this.#state = 'over'
        return this.emit('lapsed', { forGood: true, lateMs: 0 })
    }
  }

  /** The node table was read after so many lapses; a lapse that this thread has not noticed is emitted now. */
  #renewed(lapses: number): void {
    const { until, lapses: now } = this.#shared.read()
    if (lapses !== now || this.#options.clock.monotonic() >= until) return // the next read decides
    if (this.#state === 'held' && lapses !== this.#seen) this.#lapse(lapses)
    const before = this.#state
    this.#seen = lapses
    this.#state = 'held'
    if (before === 'lapsed') this.emit('regained', null)
  }

  #lapse(lapses: number): void {
    this.#state = 'lapsed'
    this.#seen = lapses
    const now = this.#options.clock.monotonic()
    // the renewing thread may have renewed already: its deadline alone does not show how long this thread was blocked
    this.emit('lapsed', {
      forGood: false,
      lateMs: Math.max(now - this.#shared.read().until, now - this.#movedAt - BEAT_MS),
    })
  }

  async #ask(question: Question): Promise<boolean> {
    const { clock } = this.#options
    const id = ++this.#asked
    const answer = new Promise<boolean>((resolve, reject) => this.#waiting.set(id, { resolve, reject }))
    this.#worker?.postMessage({ id, ...question } as ToLease)
    if (!this.#worker || !(await within(clock, ANSWER_MS, answer))) {
      this.#waiting.delete(id)
      throw new SwitchhookError('SERVICE', 'the thread that renews the lease of this node does not answer')
    }
    return answer
  }
}
