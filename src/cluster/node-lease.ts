/**
 * A node's lease, as those see it who act for the node: whether it counts as alive in this moment, and who else does. `Presence` is one
 * (in this thread); `LeaseThread` is another (renewed beside the thread that serves calls).
 */
import type { LocalNodeLease } from './local-node-lease.ts'

export type NodeLease = Pick<
  LocalNodeLease,
  'node' | 'holds' | 'open' | 'peers' | 'isAlive' | 'lastSeen' | 'setOpen' | 'mayClose' | 'start' | 'close' | 'on'
>
