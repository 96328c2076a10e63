/** The clock of the process. All code that waits or takes timestamps gets a Clock, so that tests can control time. */

export interface Timer {
  cancel(): void
}

export interface Clock {
  /** Wall clock, milliseconds since the epoch: for records and for display. */
  now(): number
  /** Milliseconds of a clock that never goes back: for durations, deadlines and leases. */
  monotonic(): number
  /**
   * Runs `fn` once, `ms` milliseconds from now (at least one turn of the event loop later). A pending timer keeps the
   * process alive. Any length is allowed: with Infinity `fn` never runs, NaN means 0.
   */
  after(ms: number, fn: () => void): Timer
  /** Runs `fn` once, in the next turn of the event loop, after all events that are ready now. */
  turn(fn: () => void): void
}

/** setTimeout counts in 32 bits: a Node timer longer than this (24.8 days) would fire at once. */
const LONGEST_MS = 2 ** 31 - 1

/**
 * One Node timer, or several in sequence. A class, no closures: several are set for every call (for the cost see
 * esl/connection.ts).
 */
class NodeTimer implements Timer {
  #handle: NodeJS.Timeout

  constructor(ms: number, fn: () => void) {
    this.#handle = this.#set(ms, fn)
  }

  cancel(): void {
    clearTimeout(this.#handle)
  }

  #set(ms: number, fn: () => void): NodeJS.Timeout {
    if (ms <= LONGEST_MS) return setTimeout(fn, ms)
    return setTimeout(() => (this.#handle = this.#set(ms - LONGEST_MS, fn)), LONGEST_MS)
  }
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, fn) {
    return new NodeTimer(ms > 0 ? ms : 0, fn)
  },
  turn(fn) {
    setImmediate(fn)
  },
}

/**
 * A timer that limits the silence of a peer: runs `fn` once, after `ms` and one more turn. When this process itself
 * stood still, data of peers waits in its sockets, and Node runs timers before it reads sockets. The extra turn reads
 * that data, so the timer can be cancelled.
 */
export function afterReading(clock: Clock, ms: number, fn: () => void): Timer {
  let timer = clock.after(ms, () => (timer = clock.after(0, fn)))
  return { cancel: () => timer.cancel() }
}

/** CPU time used by all threads of this process so far, milliseconds. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000
}

/**
 * Milliseconds to add to a thread's `systemClock.monotonic()`, which counts from the start of the thread, for a time
 * that all threads of the process share.
 */
export const threadOffset = (): number => Number(process.hrtime.bigint()) / 1e6 - performance.now()

/** Resolves after `ms`; rejects with the signal's reason as soon as it aborts. */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const onAbort = () => {
      timer.cancel()
      reject(signal!.reason)
    }
    const timer = clock.after(ms, () => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    })
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}

/**
 * Waits for `work`, at most `ms`. Resolves with true when it is done, false when the time is over. Rejects as `work`
 * does.
 */
export async function within(clock: Clock, ms: number, work: Promise<unknown>): Promise<boolean> {
  let limit: Timer | undefined
  const late = new Promise<boolean>(resolve => (limit = clock.after(ms, () => resolve(false))))
  return Promise.race([work.then(() => true), late]).finally(() => limit?.cancel())
}
