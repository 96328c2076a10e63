/**
 * Tells since when this process has received the hang-ups of all legs of one FreeSWITCH without a gap, and still has
 * them. Switch uses it: after a takeover, a dial is repeated only when no hang-up since its intent can be missing.
 */
import type { Clock } from '../base/clock.ts'
import type { LinkFacts } from '../esl/events.ts'
import type { RecentHangups } from './recent-hangups.ts'

/**
 * A moment in one run of FreeSWITCH, in ms after its start. It is the same on all nodes, whatever their clocks show.
 */
export interface SwitchMoment {
  readonly core: string
  readonly ageMs: number
}

/** The shared times of two nodes, and the moments at which they heard of the link, differ by less than this. */
const SKEW_MS = 5_000

export class HangupCoverage {
  readonly #clock: Clock
  readonly #hangups: RecentHangups
  #core = ''
  /** By the monotonic clock, ms: when this run of FreeSWITCH began, and since when this process receives its events. */
  #began = 0
  #since = 0

  constructor(clock: Clock, hangups: RecentHangups, facts: LinkFacts) {
    this.#clock = clock
    this.#hangups = hangups
    this.begin(facts)
  }

  /**
   * The event link is up. The subscription, and FreeSWITCH's report of its age, are older than this moment: both errors
   * are on the safe side.
   */
  begin({ core, startedAt }: LinkFacts): void {
    const { now, monotonic } = { now: this.#clock.now(), monotonic: this.#clock.monotonic() }
    this.#core = core
    this.#began = monotonic - (now - (startedAt ?? now))
    this.#since = monotonic
  }

  get moment(): SwitchMoment {
    return { core: this.#core, ageMs: this.#clock.monotonic() - this.#began }
  }

  /** True when no hang-up since that moment is missing. Holds only for the time in which the event link has been up. */
  allSince({ core, ageMs }: SwitchMoment): boolean {
    return core === this.#core && this.#began + ageMs >= this.#completeSince
  }

  /** As `allSince`, for a time that any node has written, ms since the epoch. */
  allSinceTime(at: number): boolean {
    return this.#clock.monotonic() - (this.#clock.now() - at) - SKEW_MS >= this.#completeSince
  }

  get #completeSince(): number {
    return Math.max(this.#since, this.#hangups.completeSince)
  }
}
