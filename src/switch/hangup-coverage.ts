/** Since when the ends of all legs of one switch have been heard by this process, without a gap, and are remembered. */
import type { Clock } from '../base/clock.ts'
import type { LinkFacts } from '../esl/events.ts'
import type { RecentHangups } from './recent-hangups.ts'

/** A moment in one run of a switch: so many ms after its start. The same on all nodes, whatever their clocks say. */
export interface SwitchMoment {
  readonly core: string
  readonly ageMs: number
}

export class HangupCoverage {
  readonly #clock: Clock
  readonly #hangups: RecentHangups
  #core = ''
  /** By the clock that only grows: when this run of the switch began, and since when we listen. */
  #began = 0
  #since = 0

  constructor(clock: Clock, hangups: RecentHangups, facts: LinkFacts) {
    this.#clock = clock
    this.#hangups = hangups
    this.begin(facts)
  }

  /** The link is up. The subscription is older than this moment, and the switch's word of its age too: both err to the safe side. */
  begin({ core, startedAt }: LinkFacts): void {
    const { now, monotonic } = { now: this.#clock.now(), monotonic: this.#clock.monotonic() }
    this.#core = core
    this.#began = monotonic - (now - (startedAt ?? now))
    this.#since = monotonic
  }

  get moment(): SwitchMoment {
    return { core: this.#core, ageMs: this.#clock.monotonic() - this.#began }
  }

  /** Every end since then: as long as the link has been up. */
  allSince({ core, ageMs }: SwitchMoment): boolean {
    return core === this.#core && this.#began + ageMs >= Math.max(this.#since, this.#hangups.completeSince)
  }
}
