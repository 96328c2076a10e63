/** How long to wait before the next attempt to connect: twice as long after each failure, and no two nodes in step. */

/** Milliseconds. Not longer than 4 s: the agents of a switch that comes back after an hour are to be free within 5 s of its return. */
const PAUSE_MS = { first: 200, longest: 4_000 } as const

/** After a refusal (password, address): FreeSWITCH refuses after one wrong password, so more than one attempt per 5 s is hammering. */
export const REFUSED_RETRY_MS = 5_000

/** What a person is told whose machine FreeSWITCH does not let in. */
export const turnedAway = (name: string): string =>
  `${name} turns this machine's address away: allow it by apply-inbound-acl in its event_socket.conf.xml`

export class Retry {
  #pause: number = PAUSE_MS.first

  /** Milliseconds; half to all of what it would be, by chance: nodes that lost a switch together do not come back to it together. */
  next(): number {
    const pause = this.#pause * (0.5 + Math.random() / 2)
    this.#pause = Math.min(this.#pause * 2, PAUSE_MS.longest)
    return pause
  }

  /** It is connected: after the next loss it begins with the shortest pause. */
  reset(): void {
    this.#pause = PAUSE_MS.first
  }
}
