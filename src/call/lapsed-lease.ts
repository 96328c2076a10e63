/**
 * Calls of a node whose lease has run out: it cannot say to the others that it is alive, so another node may act for its calls, and it is
 * silent about them. That must not leave callers in silence, for most often Redis is away for everybody.
 *
 * FreeSWITCH decides then. The node closes the connection of each call once: FreeSWITCH offers the call to the other nodes first. A node that
 * has its lease takes it; one that has not closes the connection in the same way, and the call comes back. What came back is driven here,
 * without a lease, until the lease is renewed: FreeSWITCH has brought it here, and nobody else wanted it.
 */
import type { Uuid } from '../esl/safe-text.ts'

/** Of more calls than this it is forgotten that they were offered: they are offered once more. */
const MOST = 20_000

export class LapsedLease {
  readonly #holds: () => boolean
  readonly #offered = new Set<Uuid>()
  readonly #here = new Set<Uuid>()

  /** `holds`: does the node have its lease, or is there no other node? */
  constructor(holds: () => boolean) {
    this.#holds = holds
  }

  /** May this node speak for this call in this moment? */
  mayDrive(uuid: Uuid): boolean {
    return this.#holds() || this.#here.has(uuid)
  }

  /** FreeSWITCH brings a call. True when its connection is to be closed, so that FreeSWITCH offers it to the other nodes. */
  offers(uuid: Uuid): boolean {
    if (this.#holds()) return false
    if (this.#offered.has(uuid)) {
      this.#here.add(uuid)
      return false
    }
    this.offered(uuid)
    return true
  }

  /** The connection of a call that is driven here is closed: when it comes back, it stays. */
  offered(uuid: Uuid): void {
    if (this.#offered.size >= MOST) this.#offered.clear()
    this.#offered.add(uuid)
  }

  /** The node has its lease again. */
  end(): void {
    this.#offered.clear()
    this.#here.clear()
  }
}
