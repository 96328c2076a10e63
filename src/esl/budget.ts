/**
 * Memory that all unidentified connections of one port share: see `Wire.budget`. Used by esl/frame.ts and
 * esl/listener.ts.
 */

/** Octets that one connection holds free of charge: nearly every answer to `connect` is smaller (6.6 kB, measured). */
export const UNCHARGED = 65_536

/**
 * A connection that exceeds the budget is refused at once and does not wait: FreeSWITCH offers its call to the next
 * node within 10 ms.
 */
export class Budget {
  /** Octets in total. */
  readonly octets: number
  #left: number

  constructor(octets: number) {
    this.octets = octets
    this.#left = octets
  }

  get left(): number {
    return this.#left
  }

  /** Takes octets. Returns false, and takes nothing, when not enough are left. */
  take(octets: number): boolean {
    if (octets > this.#left) return false
    this.#left -= octets
    return true
  }

  give(octets: number): void {
    this.#left += octets
  }
}
