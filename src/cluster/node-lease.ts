/**
 * A node's lease, as the parts of a node see it (node/): whether the node counts as alive in this moment, and which
 * peers do. `LocalNodeLease` is renewed in the thread that holds it, `LeaseThread` in a thread beside the one that
 * serves calls.
 */
import type { LocalNodeLease } from './local-node-lease.ts'

export type NodeLease = Pick<
  LocalNodeLease,
  'node' | 'holds' | 'open' | 'peers' | 'isAlive' | 'lastSeen' | 'setOpen' | 'mayClose' | 'start' | 'close' | 'on'
>
