/**
 * The other nodes, as one node reads them: who is alive, who came, who is gone. When the table itself was away, nobody could renew, and
 * everybody looks dead to whoever reads it first: so after a gap in one's own reading, who was alive has one lease's time to come back.
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

  /** `gapMs`: so long without reading that others may have lapsed through no fault of theirs. */
  constructor(self: string, gapMs: number, graceMs: number) {
    this.#self = self
    this.#gapMs = gapMs
    this.#graceMs = graceMs
  }

  /** `at`: when it was asked for, on a clock that only grows. Who died and came again between two readings is both gone and come. */
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

  /** When its lease lapses or has lapsed, by the table's time; null when it left or that is long ago. */
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
