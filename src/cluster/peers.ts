/**
 * The peers of one node, derived from each read of the node table: which are alive, which came, which are gone.
 * While the table is unavailable no node can renew, so the first read afterwards finds every lease lapsed. Therefore,
 * after a gap in this node's reads, every peer that was alive keeps that state for the length of one lease.
 * LocalNodeLease uses it.
 */
import type { Lease, Peer, LeaseAnswer } from './node-table.ts'

export interface PeerChange {
  readonly came: readonly Peer[]
  readonly gone: readonly string[]
}

export class Peers {
  readonly #self: string
  readonly #gapMs: number
  readonly #graceMs: number
  #alive: ReadonlyMap<string, Lease> = new Map()
  #leases: ReadonlyMap<string, Lease> = new Map()
  #readAt = Infinity
  #graceUntil = -Infinity

  /**
   * `gapMs`: after so long without a read, the leases of living peers may have lapsed. `graceMs`: how long such peers
   * then still count as alive.
   */
  constructor(self: string, gapMs: number, graceMs: number) {
    this.#self = self
    this.#gapMs = gapMs
    this.#graceMs = graceMs
  }

  /**
   * Takes a new read of the table and returns the changes. `at`: when it was requested, ms of the monotonic clock. A
   * peer that died and restarted between two reads is in both lists.
   */
  read({ leases, now }: LeaseAnswer, at: number): PeerChange {
    if (at - this.#readAt > this.#gapMs) this.#graceUntil = at + this.#graceMs
    this.#readAt = at
    const before = this.#alive
    const known = (lease: Lease) => before.get(lease.node)?.incarnation === lease.incarnation
    const alive = [...leases.values()].filter(
      lease => lease.node !== this.#self && (lease.until > now || (at < this.#graceUntil && known(lease))),
    )
    this.#leases = leases
    this.#alive = new Map(alive.map(lease => [lease.node, lease]))
    return {
      came: alive.filter(lease => !known(lease)).map(peerOf),
      gone: [...before.values()]
        .filter(was => this.#alive.get(was.node)?.incarnation !== was.incarnation)
        .map(({ node }) => node),
    }
  }

  has(node: string): boolean {
    return this.#alive.has(node)
  }

  alive(): Peer[] {
    return [...this.#alive.values()].map(peerOf)
  }

  /** When the node's lease lapses or lapsed, by the table's time; null when the node left or its record was removed. */
  until(node: string): number | null {
    return this.#leases.get(node)?.until ?? null
  }
}

const peerOf = ({ node, address, roles, open }: Lease): Peer => ({
  node,
  address,
  roles,
  ...(open !== undefined && { open }),
})
