/**
 * Which other nodes are alive, and their roles. It decides what happens to calls and agents when this node shuts down.
 */
import type { NodeLease } from '../cluster/node-lease.ts'

export interface OtherNodes {
  readonly names: readonly string[]
  /** At least one of them takes calls. */
  readonly listener: boolean
  /** At least one of them dials campaigns. */
  readonly dialer: boolean
}

/** The nodes that were alive at the last renewal of the lease. */
export function otherNodes(lease: Pick<NodeLease, 'peers'>): OtherNodes {
  const peers = lease.peers()
  const some = (role: string) => peers.some(peer => peer.roles.includes(role))
  return { names: peers.map(peer => peer.node), listener: some('listener'), dialer: some('dialer') }
}
