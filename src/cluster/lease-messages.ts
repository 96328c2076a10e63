/**
 * The messages between the thread that serves calls (lease-thread.ts) and the thread that renews the node's lease
 * (lease-worker.ts), and the memory that both share.
 */
import { SettingError, SwitchhookError, type ErrorCode } from '../base/errors.ts'
import type { TimeSample } from '../base/shared-clock.ts'
import type { RedisAddress } from '../store/redis.ts'
import type { Peer } from './node-table.ts'

/** The input of the renewing thread. */
export interface LeaseTask {
  readonly redis: RedisAddress
  readonly node: string
  readonly address: string | null
  readonly roles: readonly string[]
  /** True when the node's listener is already open: a thread that failed is restarted while the node accepts calls. */
  readonly open: boolean
  /** The lease ends when the serving thread has not beaten for so many milliseconds. */
  readonly standsStillMs: number
  /** Three 64-bit integers: see SharedLease. */
  readonly shared: SharedArrayBuffer
}

export type FromLease =
  | { readonly kind: 'started' }
  | { readonly kind: 'failed'; readonly failure: Failure }
  /** The node table was read. `lapses`: how often the lease had lapsed when this message was sent. */
  | { readonly kind: 'read'; readonly peers: readonly Peer[]; readonly open: boolean; readonly lapses: number }
  /** The time of the node table; `asked` and `answered` are by the clock that all threads share. */
  | { readonly kind: 'answered'; readonly sample: TimeSample }
  /** A peer is gone. `seenAt`: when it renewed last, ms since the epoch; null when it left on purpose. */
  | { readonly kind: 'gone'; readonly node: string; readonly seenAt: number | null }
  | { readonly kind: 'came'; readonly peer: Peer }
  | { readonly kind: 'replaced' }
  | { readonly kind: 'answer'; readonly to: number; readonly value?: boolean; readonly failure?: Failure }
  | {
      readonly kind: 'log'
      readonly level: 'debug' | 'info' | 'warn' | 'error'
      readonly fields: object
      readonly message: string
    }

export type ToLease = { readonly id: number } & (
  | { readonly ask: 'open'; readonly open: boolean }
  | { readonly ask: 'mayClose' }
  | { readonly ask: 'close' }
)

/** An error in the form that threads can send. */
export interface Failure {
  readonly code: ErrorCode
  readonly message: string
  readonly faults?: readonly string[] | undefined
}

export function failureFrom(error: unknown): Failure {
  const { message } = error as Error
  if (!(error instanceof SwitchhookError)) return { code: 'SERVICE', message }
  return { code: error.code, message, ...(error instanceof SettingError && { faults: error.faults }) }
}

export const errorFrom = ({ code, message, faults }: Failure): SwitchhookError =>
  faults ? new SettingError(faults) : new SwitchhookError(code, message)

const [UNTIL, LAPSES, BEAT] = [0, 1, 2] as const

/**
 * The memory that both threads share; times are microseconds of the clock that all threads share. The serving thread
 * decides by this memory alone, in the same turn in which it acts.
 * `lapses` is written before `until` and read after it: so a lease that lapsed and was renewed between two reads is
 * never taken for an uninterrupted one.
 */
export class SharedLease {
  readonly buffer: SharedArrayBuffer
  readonly #cells: BigInt64Array
  readonly #offset: number

  /** `offset`: shared clock minus this thread's monotonic clock, in milliseconds (base/clock.ts, threadOffset). */
  constructor(offset: number, buffer = new SharedArrayBuffer(3 * BigInt64Array.BYTES_PER_ELEMENT)) {
    this.buffer = buffer
    this.#cells = new BigInt64Array(buffer)
    this.#offset = offset
  }

  /**
   * `until`: when the lease ends, ms of this thread's monotonic clock. `lapses`: how often the lease has lapsed so far.
   */
  read(): { readonly until: number; readonly lapses: number } {
    const until = this.#time(UNTIL)
    return { until, lapses: Number(Atomics.load(this.#cells, LAPSES)) }
  }

  publish(until: number, lapses: number): void {
    Atomics.store(this.#cells, LAPSES, BigInt(lapses))
    this.#set(UNTIL, until)
  }

  /** Called by the serving thread to show that its event loop runs. `now`: ms of this thread's monotonic clock. */
  beat(now: number): void {
    this.#set(BEAT, now)
  }

  /** When the serving thread beat last, milliseconds of this thread's monotonic clock. */
  get beatAt(): number {
    return this.#time(BEAT)
  }

  #time(cell: number): number {
    return Number(Atomics.load(this.#cells, cell)) / 1e3 - this.#offset
  }

  #set(cell: number, time: number): void {
    Atomics.store(this.#cells, cell, time === -Infinity ? 0n : BigInt(Math.floor((time + this.#offset) * 1e3)))
  }
}
