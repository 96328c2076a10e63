/** Memory that all connections of one port share until it is known whom they bring: see `Wire.budget`. */

/** Octets that one connection may hold without being charged: nearly every answer to `connect` is smaller (6.6 kB, measured). */
export const UNCHARGED = 65_536

/** Whoever does not fit is refused at once and not kept waiting: FreeSWITCH goes to its next node within 10 ms. */
export class Budget {
  /** All that may be taken, octets. */
  readonly octets: number
  #left: number

  constructor(octets: number) {
    this.octets = octets
    this.#left = octets
  }

  get left(): number {
    return this.#left
  }

  /** False when so much is not left: nothing is taken then. */
  take(octets: number): boolean {
    if (octets > this.#left) return false
    this.#left -= octets
    return true
  }

  give(octets: number): void {
    this.#left += octets
  }
}
