/**
 * A process that a test can kill or suspend. SimulatedNode runs each node in one.
 *
 *   runs
 *   suspended   as after SIGSTOP: its timers fire, and the promises that it awaits settle, when it runs again
 *   dead        as after SIGKILL: none of its timers fires, and no promise that it awaits settles
 */
import type { Clock, Timer } from '../base/clock.ts'

export class KillableProcess {
  #dead = false
  readonly #timers = new Set<Timer>()
  /** While suspended: what happened meanwhile, in order. */
  #missed: (() => void)[] | null = null

  get dead(): boolean {
    return this.#dead
  }

  die(): void {
    this.#dead = true
    for (const timer of this.#timers) timer.cancel()
    this.#timers.clear()
  }

  suspend(): void {
    this.#missed ??= []
  }

  /** Everything that happened meanwhile reaches the process now, in order. */
  resume(): void {
    const missed = this.#missed ?? []
    this.#missed = null
    for (const act of missed) act()
  }

  /** Runs `act` in this process: at once, or when it runs again; never once it is dead. */
  run(act: () => void): void {
    if (this.#missed) this.#missed.push(() => this.run(act))
    else if (!this.#dead) act()
  }

  /** The clock for this process: its timers end with the process. */
  clock(clock: Clock): Clock {
    return {
      now: () => clock.now(),
      monotonic: () => clock.monotonic(),
      turn: fn => clock.turn(() => this.run(fn)),
      after: (ms, fn) => {
        if (this.#dead) return { cancel() {} }
        let due: (() => void) | null = fn
        const timer = clock.after(ms, () => {
          this.#timers.delete(timer)
          this.run(() => due?.())
        })
        this.#timers.add(timer)
        return {
          cancel: () => {
            due = null
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
              value => this.run(() => resolve(value)),
              (error: unknown) => this.run(() => reject(error as Error)),
            )
          })
        }
      },
    })
  }
}
