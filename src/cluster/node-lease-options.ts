/** What a node's lease is given, and what it tells. */
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { TimeSample } from '../base/shared-clock.ts'
import type { Machine } from './machine.ts'
import type { Peer, NodeTable } from './node-table.ts'

export interface NodeLeaseOptions {
  readonly table: NodeTable
  readonly node: string
  /** Where this node's door is for other nodes' legs, 'host:port'; null when it has none. */
  readonly address: string | null
  readonly roles: readonly string[]
  readonly clock: Clock
  readonly log: Log
  readonly machine?: Machine
  /** Does whoever acts for this node move? While it does not, the lease is not renewed. Default: yes, for it is this thread. */
  readonly moves?: () => boolean
  /** The first word about this node's door. Default: closed. */
  readonly open?: boolean
  /** How often its lease ran out in an earlier life of this object. */
  readonly lapses?: number
  /** Told whenever one of the two changes: until when this node counts as alive (by the clock that only grows), and how often its lease ran out. */
  readonly publish?: (until: number, lapses: number) => void
  /** What time the table should have, ms since the epoch, null when that is not known: so it is seen when the table's clock is set. */
  readonly expects?: () => number | null
}

export type NodeLeaseEvents = {
  /**
   * This node no longer counts as alive and must not act. `forGood`: another process has its name; it never regains. `lateMs`: its word ended
   * so many milliseconds ago; a process that stood still finds that out late.
   */
  lapsed: { readonly forGood: boolean; readonly lateMs: number }
  regained: null
  /** The table was read; `peers` and `open` say what stands there now. Before 'gone' and 'came'. */
  read: null
  /** The table answered: what time it is there. */
  answered: TimeSample
  /** The name of a peer that lapsed or left, or died and came again (then 'came' follows). */
  gone: string
  came: Peer
}
