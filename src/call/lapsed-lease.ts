/**
 * Calls of a node whose lease has run out. It cannot prove to the other nodes that it lives, so another node may act
 * for its calls, and it sends nothing about them. Callers must not wait in silence for that: most often Redis is away
 * for every node.
 *
 * FreeSWITCH decides then. The node closes the connection of each call once: FreeSWITCH offers the call to the other
 * nodes first. A node that has its lease takes it; one that does not closes the connection in the same way, and the
 * call returns. A call that returned is driven here without a lease until the lease is renewed: FreeSWITCH connected
 * it here, and no other node took it. Used by Door (call/entry.ts).
 */
import type { Uuid } from '../esl/safe-text.ts'

/** Beyond this number of calls, the record of those that were offered is cleared: they are offered once more. */
const MOST = 20_000

export class LapsedLease {
  readonly #holds: () => boolean
  readonly #offered = new Set<Uuid>()
  readonly #here = new Set<Uuid>()

  /** `holds`: true while the node has its lease, or when there is no other node. */
  constructor(holds: () => boolean) {
    this.#holds = holds
  }

  /** True while this node may send commands for this call. */
  mayDrive(uuid: Uuid): boolean {
    return this.#holds() || this.#here.has(uuid)
  }

  /**
   * FreeSWITCH connects a call. True: its connection is to be closed, so that FreeSWITCH offers the call to the other
   * nodes.
   */
  offers(uuid: Uuid): boolean {
    if (this.#holds()) return false
    if (this.#offered.has(uuid)) {
      this.#here.add(uuid)
      return false
    }
    this.offered(uuid)
    return true
  }

  /** The connection of a call that is driven here is closed; when the call returns, it stays. */
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
