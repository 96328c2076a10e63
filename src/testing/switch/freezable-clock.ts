/**
 * The clock of the simulated FreeSWITCH. A test can freeze it, as SIGSTOP freezes a process: time passes outside, and
 * timers that fall due wait until it is thawed.
 */
import type { Clock, Timer } from '../../base/clock.ts'

class Alarm implements Timer {
  timer: Timer | undefined
  run: (() => void) | undefined

  constructor(run: () => void) {
    this.run = run
  }

  cancel(): void {
    this.run = undefined
    this.timer?.cancel()
  }
}

export class FreezableClock implements Clock {
  readonly #clock: Clock
  #frozen = false
  #late: Alarm[] = []

  constructor(clock: Clock) {
    this.#clock = clock
  }

  now(): number {
    return this.#clock.now()
  }

  monotonic(): number {
    return this.#clock.monotonic()
  }

  get frozen(): boolean {
    return this.#frozen
  }

  turn(fn: () => void): void {
    this.after(0, fn)
  }

  after(ms: number, fn: () => void): Timer {
    const alarm = new Alarm(fn)
    alarm.timer = this.#clock.after(ms, () => this.#due(alarm))
    return alarm
  }

  /** Runs `fn` now, or after the thaw while frozen. For input from outside, such as SIP and new connections. */
  whenAwake(fn: () => void): void {
    if (this.#frozen) this.#late.push(new Alarm(fn))
    else fn()
  }

  freeze(): void {
    this.#frozen = true
  }

  /** Runs all timers that fell due while frozen, in their order. */
  thaw(): void {
    this.#frozen = false
    const late = this.#late
    this.#late = []
    for (const alarm of late) alarm.run?.()
  }

  /** The process has ended: timers that fell due never run. */
  forget(): void {
    this.#frozen = false
    this.#late = []
  }

  #due(alarm: Alarm): void {
    if (this.#frozen) this.#late.push(alarm)
    else alarm.run?.()
  }
}
