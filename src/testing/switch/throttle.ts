/**
 * FreeSWITCH's limits of sessions, `fsctl max_sessions` and `fsctl sps` (switch_core_session_request_uuid): a dial
 * beyond them fails without a leg. Calls from outside are not limited here.
 */
import type { Clock } from '../../base/clock.ts'

/** A number that no test reaches, unlike the 1000 and 30 of the shipped configuration. */
const UNLIMITED = 1_000_000

export class Throttle {
  /** Sessions at the same time: the number of the captures. */
  sessions = 5_000
  /** Sessions in a second, from the next one on. FreeSWITCH counts down before it compares: one less begins. */
  perSecond = UNLIMITED
  readonly #clock: Clock
  #second = -1
  #left = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** `present`: sessions that exist. Counts the new one, also when it is refused. */
  admits(present: number): boolean {
    const second = Math.floor(this.#clock.now() / 1_000)
    if (second !== this.#second) [this.#second, this.#left] = [second, this.perSecond]
    return --this.#left > 0 && present < this.sessions
  }

  /** `fsctl max_sessions|sps [number]`. */
  command(what: 'max_sessions' | 'sps', value: string | undefined): string {
    const number = Number(value)
    if (value !== undefined && number > 0) {
      if (what === 'sps') this.perSecond = number
      else this.sessions = number
    }
    return what === 'sps' ? `+OK sessions per second: ${this.perSecond}\n` : `+OK max sessions: ${this.sessions}\n`
  }
}
