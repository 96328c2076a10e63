/** A process that can die, inside a test: once it is dead its timers do not fire, and whatever it asks for never comes back. */
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

  /** The clock as this process sees it. */
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

  /** Something that others share, as this process reaches it: a promise that is asked for, or comes back, after its death stays open. */
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
