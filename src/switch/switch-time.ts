/**
 * The clock of one FreeSWITCH beside the clock that the nodes share. Each event says when it happened, by the clock of
 * FreeSWITCH. A node that is busy reads it later, so the times of talks come from the event. FreeSWITCH keeps its own
 * time after its start, and drifts from that of the machines.
 *
 * A comparison: FreeSWITCH has read its clock between a question of this node and its answer. The difference moves only
 * as far as it must to be consistent with that. So clocks that agree have the difference 0, on every node alike, and a
 * slow answer changes nothing. Used by Switch.
 */

/** Times in milliseconds since the epoch. */
export interface SwitchTimeSample {
  /** By the shared clock: before the question, and after the answer. */
  readonly asked: number
  readonly answered: number
  /** By FreeSWITCH's clock, in between. */
  readonly told: number
}

/** FreeSWITCH reads its clock once in 20 ms (switch_time.c, microseconds_per_tick): its time is so much older. */
const TICK_MS = 20

export class SwitchTime {
  #aheadMs = 0

  learn({ asked, answered, told }: SwitchTimeSample): void {
    this.#aheadMs = Math.min(Math.max(this.#aheadMs, told - answered), told + TICK_MS - asked)
  }

  /** The shared time of this moment of FreeSWITCH's clock. An event that is here is not later than `now`. */
  shared(told: number, now: number): number {
    this.#aheadMs = Math.max(this.#aheadMs, told - now)
    return told - this.#aheadMs
  }
}

/** Microseconds, as FreeSWITCH writes a time; 0 or absent: it has not happened. */
export const millis = (micros: string | undefined): number => Math.floor(Number(micros ?? 0) / 1_000)
