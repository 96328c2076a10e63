/**
 * Keeps a node's clock at the shared time, from Redis's answer to each renewal of the node's lease. Warns when a clock
 * is wrong.
 */
import type { Log } from '../base/log.ts'
import type { SharedClock, TimeSample } from '../base/shared-clock.ts'

/** A larger difference causes a warning, and so does each larger change of it. */
const SKEW_MS = 1_000
/**
 * A difference below this ends the warning. It is less than SKEW_MS, so that a slowly corrected clock causes one
 * warning only.
 */
const OVER_MS = 500

export class SharedTime {
  readonly #clock: SharedClock
  readonly #log: Log
  /** The difference in the last warning; 0: no warning is active. */
  #warnedMs = 0
  /** How far the shared time was ahead of Redis's clock at the last answer. */
  #aheadOfRedisMs = 0

  constructor(clock: SharedClock, log: Log) {
    this.#clock = clock
    this.#log = log
  }

  /** Takes a time sample from Redis. */
  hear(sample: TimeSample): void {
    const movedMs = Math.round(this.#clock.learn(sample))
    if (Math.abs(movedMs) > SKEW_MS) {
      this.#log.warn(
        { movedMs },
        'the shared time jumped: the clock of Redis was set, or this machine was suspended; every deadline moved by movedMs',
      )
    }
    this.#compareRedis()
    this.#compareMachine()
  }

  #compareRedis(): void {
    const before = this.#aheadOfRedisMs
    const aheadMs = (this.#aheadOfRedisMs = this.#clock.aheadOfRedisMs)
    if (Math.abs(aheadMs) <= Math.abs(before) + SKEW_MS) return // it shrinks by itself
    this.#log.warn(
      { aheadMs },
      'the clock of Redis was set: the nodes keep their time, and approach that clock by a tenth of the elapsed time',
    )
  }

  #compareMachine(): void {
    const aheadMs = this.#clock.machineAheadMs
    if (Math.abs(aheadMs) > SKEW_MS && Math.abs(aheadMs - this.#warnedMs) > SKEW_MS) {
      this.#warnedMs = aheadMs
      this.#log.warn(
        { aheadMs },
        'the clock of this machine differs from that of Redis, which the nodes use: run chrony or ntpd on both',
      )
    } else if (this.#warnedMs !== 0 && Math.abs(aheadMs) < OVER_MS) {
      this.#warnedMs = 0
      this.#log.info({ aheadMs }, 'the clock of this machine agrees with that of Redis again')
    }
  }
}
