/**
 * The pause before the next attempt to connect: doubled after each failure, with jitter, so that nodes do not retry in
 * step.
 */

/** Milliseconds. At most 4 s: when a switch returns after an hour, its agents must be free within 5 s. */
const PAUSE_MS = { first: 200, longest: 4_000 } as const

/**
 * Pause after a refusal (password, address). FreeSWITCH closes the connection after one wrong password; one attempt per
 * 5 s is enough.
 */
export const REFUSED_RETRY_MS = 5_000

/** Error text when FreeSWITCH's access list refuses this machine's address. */
export const turnedAway = (name: string): string =>
  `${name} refuses connections from this machine's address: allow it by apply-inbound-acl in its event_socket.conf.xml`

export class Retry {
  #pause: number = PAUSE_MS.first

  /**
   * Returns the next pause in milliseconds: random, between half and all of the nominal pause. Nodes that lost a switch
   * together so reconnect apart.
   */
  next(): number {
    const pause = this.#pause * (0.5 + Math.random() / 2)
    this.#pause = Math.min(this.#pause * 2, PAUSE_MS.longest)
    return pause
  }

  /** Call when connected: after the next loss the shortest pause comes first. */
  reset(): void {
    this.#pause = PAUSE_MS.first
  }
}
