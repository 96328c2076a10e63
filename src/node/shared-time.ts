/** Keeps a node's clock at the shared time, by what Redis says at each renewal of the node's lease, and warns when a clock is wrong. */
import type { Log } from '../base/log.ts'
import type { SharedClock, TimeSample } from '../base/shared-clock.ts'

/** A difference of so much, and each change of it by so much, is worth a warning. */
const SKEW_MS = 1_000
/** A difference that was warned of is over when it is less than this: a clock that is corrected slowly is not told of twice. */
const OVER_MS = 500

export class SharedTime {
  readonly #clock: SharedClock
  readonly #log: Log
  /** The difference that was warned of last; 0: none. */
  #warnedMs = 0
  /** How far the shared time was ahead of Redis's clock at the last answer. */
  #aheadOfRedisMs = 0

  constructor(clock: SharedClock, log: Log) {
    this.#clock = clock
    this.#log = log
  }

  /** Redis said what time it is. */
  hear(sample: TimeSample): void {
    const movedMs = Math.round(this.#clock.learn(sample))
    if (Math.abs(movedMs) > SKEW_MS) {
      this.#log.warn(
        { movedMs },
        'the shared time jumped: the clock of Redis was set, or this machine stood still; every deadline moved by that',
      )
    }
    this.#compareRedis()
    this.#compareMachine()
  }

  #compareRedis(): void {
    const before = this.#aheadOfRedisMs
    const aheadMs = (this.#aheadOfRedisMs = this.#clock.aheadOfRedisMs)
    if (Math.abs(aheadMs) <= Math.abs(before) + SKEW_MS) return // it goes back by itself
    this.#log.warn(
      { aheadMs },
      'the clock of Redis was set: the nodes keep their time, and go back to that clock by a tenth of the time that passes',
    )
  }

  #compareMachine(): void {
    const aheadMs = this.#clock.machineAheadMs
    if (Math.abs(aheadMs) > SKEW_MS && Math.abs(aheadMs - this.#warnedMs) > SKEW_MS) {
      this.#warnedMs = aheadMs
      this.#log.warn(
        { aheadMs },
        'the clock of this machine differs from that of Redis, which the nodes go by: run chrony or ntpd on both',
      )
    } else if (this.#warnedMs !== 0 && Math.abs(aheadMs) < OVER_MS) {
      this.#warnedMs = 0
      this.#log.info({ aheadMs }, 'the clock of this machine agrees with that of Redis again')
    }
  }
}
