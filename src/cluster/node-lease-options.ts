/** The options and the events of a node's lease (local-node-lease.ts, lease-thread.ts). */
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { TimeSample } from '../base/shared-clock.ts'
import type { Machine } from './machine.ts'
import type { Peer, NodeTable } from './node-table.ts'

export interface NodeLeaseOptions {
  readonly table: NodeTable
  readonly node: string
  /** The address of this node's listener for the legs of other nodes, 'host:port'; null when it has none. */
  readonly address: string | null
  readonly roles: readonly string[]
  readonly clock: Clock
  readonly log: Log
  readonly machine?: Machine
  /**
   * Whether the thread that acts for this node runs. While it is blocked, the lease ends. Default: always, as it is
   * this thread.
   */
  readonly moves?: () => boolean
  /** Whether this node's listener is open at the start. Default: closed. */
  readonly open?: boolean
  /** How often the lease lapsed in an earlier renewing thread of this process. */
  readonly lapses?: number
  /**
   * Called on every change. `until`: when the lease of this node ends, ms of the monotonic clock. `lapses`: how often
   * it has lapsed.
   */
  readonly publish?: (until: number, lapses: number) => void
  /**
   * The time that the table should have, ms since the epoch, null when unknown. It reveals that the table's clock was
   * set.
   */
  readonly expects?: () => number | null
}

export type NodeLeaseEvents = {
  /**
   * This node no longer counts as alive and must not act. `forGood`: another process has its name, and it never regains
   * the lease. `lateMs`: the lease ended so many milliseconds ago; a process that was frozen notices this late.
   */
  lapsed: { readonly forGood: boolean; readonly lateMs: number }
  regained: null
  /** The table was read; `peers` and `open` are up to date. Emitted before 'gone' and 'came'. */
  read: null
  /** The table answered with its time. */
  answered: TimeSample
  /** The name of a peer that lapsed or left, or that died and started again (then 'came' follows). */
  gone: string
  came: Peer
}
