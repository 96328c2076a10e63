/** Time as the house sees it. Everything that waits or stamps takes a Clock, so that tests can own the time. */

export interface Timer {
  cancel(): void
}

export interface Clock {
  /** Wall clock, milliseconds since the epoch: for records and for what people read. */
  now(): number
  /** Milliseconds that only ever grow: for durations, deadlines and leases. */
  monotonic(): number
  /**
   * Runs `fn` once, `ms` milliseconds from now (at least one turn later). A pending timer keeps the process alive. Any length will do:
   * Infinity never comes, NaN is 0.
   */
  after(ms: number, fn: () => void): Timer
  /** Runs `fn` once, as soon as everything that is ready now has been handled; no time need pass for it. */
  turn(fn: () => void): void
}

/** setTimeout counts in 32 bits: a longer timer of Node's own (24.8 days) runs at once. */
const LONGEST_MS = 2 ** 31 - 1

/** A timer of Node, or one after the other. A class and no closures: several are set for every call (esl/connection.ts says why that counts). */
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
 * For a limit on the silence of others: runs `fn` once, after `ms` and one more turn. When this process itself stood still, what the others
 * have sent waits in its sockets, and timers come before sockets: in that turn it is read, and whoever was heard cancels the timer.
 */
export function afterReading(clock: Clock, ms: number, fn: () => void): Timer {
  let timer = clock.after(ms, () => (timer = clock.after(0, fn)))
  return { cancel: () => timer.cancel() }
}

/** CPU time that all threads of this process have used so far, milliseconds. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000
}

/**
 * What to add to a thread's `systemClock.monotonic()` for a time that all threads of the process agree on, in milliseconds: each thread
 * counts from its own start.
 */
export const threadOffset = (): number => Number(process.hrtime.bigint()) / 1e6 - performance.now()

/** Resolves after `ms`, or rejects with the signal's reason as soon as it aborts. */
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

/** Waits for the work, so many milliseconds at most: was it done by then? Until then it rejects as the work does. */
export async function within(clock: Clock, ms: number, work: Promise<unknown>): Promise<boolean> {
  let limit: Timer | undefined
  const late = new Promise<boolean>(resolve => (limit = clock.after(ms, () => resolve(false))))
  return Promise.race([work.then(() => true), late]).finally(() => limit?.cancel())
}
