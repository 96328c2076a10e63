/** Whether there are other nodes, of which kind: what becomes of calls and agents when this one goes. */
import type { NodeLease } from '../cluster/node-lease.ts'

export interface OtherNodes {
  readonly names: readonly string[]
  /** One of them takes calls. */
  readonly listener: boolean
  /** One of them dials campaigns. */
  readonly dialer: boolean
}

/** Those that lived when this process last heard of them. */
export function otherNodes(lease: Pick<NodeLease, 'peers'>): OtherNodes {
  const peers = lease.peers()
  const some = (role: string) => peers.some(peer => peer.roles.includes(role))
  return { names: peers.map(peer => peer.node), listener: some('listener'), dialer: some('dialer') }
}
