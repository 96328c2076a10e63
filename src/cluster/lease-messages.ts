/** What the thread that serves calls and the thread that renews the node's lease tell each other, and what both can see at any time. */
import { SettingError, SwitchhookError, type ErrorCode } from '../base/errors.ts'
import type { TimeSample } from '../base/shared-clock.ts'
import type { RedisAddress } from '../store/redis.ts'
import type { Peer } from './node-table.ts'

/** What the renewing thread is started with. */
export interface LeaseTask {
  readonly redis: RedisAddress
  readonly node: string
  readonly address: string | null
  readonly roles: readonly string[]
  /** Is its door open already? A thread that failed is started again behind an open door. */
  readonly open: boolean
  /** The lease ends when the serving thread has not moved for so many milliseconds. */
  readonly standsStillMs: number
  /** Three 64-bit numbers: see SharedLease. */
  readonly shared: SharedArrayBuffer
}

export type FromLease =
  | { readonly kind: 'started' }
  | { readonly kind: 'failed'; readonly failure: Failure }
  /** The table was read. `lapses`: as far as this message knows of them. */
  | { readonly kind: 'read'; readonly peers: readonly Peer[]; readonly open: boolean; readonly lapses: number }
  /** What time it is by the table; `asked` and `answered` on the clock that all threads share. */
  | { readonly kind: 'answered'; readonly sample: TimeSample }
  /** `seenAt`: when it renewed last; null when it left on purpose. */
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

/** An error as it travels between threads. */
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
 * What both threads see at any time, in microseconds of the clock that all threads share. The serving thread decides by it alone, in
 * the same turn in which it acts. `lapses` is written before `until` and read after it: a lease that ran out and was renewed while nobody
 * looked is never taken for one that lasted.
 */
export class SharedLease {
  readonly buffer: SharedArrayBuffer
  readonly #cells: BigInt64Array
  readonly #offset: number

  /** `offset`: of this thread's monotonic clock to the shared one, in milliseconds (base/clock.ts, threadOffset). */
  constructor(offset: number, buffer = new SharedArrayBuffer(3 * BigInt64Array.BYTES_PER_ELEMENT)) {
    this.buffer = buffer
    this.#cells = new BigInt64Array(buffer)
    this.#offset = offset
  }

  /** Until when the node counts as alive, milliseconds of this thread's monotonic clock, and how often its lease ran out so far. */
  read(): { readonly until: number; readonly lapses: number } {
    const until = this.#time(UNTIL)
    return { until, lapses: Number(Atomics.load(this.#cells, LAPSES)) }
  }

  publish(until: number, lapses: number): void {
    Atomics.store(this.#cells, LAPSES, BigInt(lapses))
    this.#set(UNTIL, until)
  }

  /** The serving thread moves. */
  beat(now: number): void {
    this.#set(BEAT, now)
  }

  /** When the serving thread moved last, milliseconds of this thread's monotonic clock. */
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
