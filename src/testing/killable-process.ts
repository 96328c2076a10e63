/**
 * A process that a test can kill. After its death none of its timers fires, and no promise that it awaits settles.
 * SimulatedNode runs each node in one.
 */
import type { Clock, Timer } from '../base/clock.ts'

export class KillableProcess {
  #dead = false
  readonly #timers = new Set<Timer>()

  get dead(): boolean {
    return this.#dead
  }

  die(): void {
    this.#dead = true
    for (const timer of this.#timers) timer.cancel()
    this.#timers.clear()
  }

  /** The clock for this process: its timers end with the process. */
  clock(clock: Clock): Clock {
    return {
      now: () => clock.now(),
      monotonic: () => clock.monotonic(),
      turn: fn => clock.turn(() => this.#dead || fn()),
      after: (ms, fn) => {
        if (this.#dead) return { cancel() {} }
        const timer = clock.after(ms, () => {
          this.#timers.delete(timer)
          fn()
        })
        this.#timers.add(timer)
        return {
          cancel: () => {
            this.#timers.delete(timer)
            timer.cancel()
          },
        }
      },
    }
  }

  /** A shared object for this process: promises of its methods never settle once the process is dead. */
  reach<T extends object>(shared: T): T {
    return new Proxy(shared, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name)
        if (typeof member !== 'function') return member
        return (...args: unknown[]): unknown => {
          if (this.#dead) return new Promise(() => {})
          const result: unknown = Reflect.apply(member, target, args)
          if (!(result instanceof Promise)) return result
          return new Promise((resolve, reject) => {
            result.then(
              value => this.#dead || resolve(value),
              (error: unknown) => this.#dead || reject(error as Error),
            )
          })
        }
      },
    })
  }
}
