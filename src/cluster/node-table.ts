/**
 * The node table: nodes write their leases into it. This file describes its records and what an implementation must do
 * (redis-node-table.ts, memory-node-table.ts). All times are by the table's clock, because the clocks of hosts differ.
 */

import { SettingError } from '../base/errors.ts'

/** What a node publishes to its peers. */
export interface Peer {
  readonly node: string
  /** The address of its listener for the legs of other nodes, 'host:port'; null when it has none. */
  readonly address: string | null
  readonly roles: readonly string[]
  /** Whether its listener accepts calls. Absent in records of nodes that do not publish it: then it is unknown. */
  readonly open?: boolean | undefined
}

export interface NodeRecord extends Peer {
  /** Identifies one process of the node: a restarted node has a new incarnation. */
  readonly incarnation: string
  readonly host: string
  readonly pid: number
}

/** A record and the time at which its lease lapses, ms since the epoch: the node is alive while now < until. */
export type Lease = NodeRecord & { readonly until: number }

export interface Claim {
  readonly record: NodeRecord
  readonly lastsMs: number
  /**
   * 'come': the node gets the name when no living node has it, or when its holder has not renewed since `instead`.
   * 'stay': the node keeps the name unless another process has taken it meanwhile.
   */
  readonly mode: 'come' | 'stay'
  readonly instead?: Lease | undefined
  /**
   * The node asks whether it may close its listener. It stays `open` in the table unless another living node is open.
   */
  readonly closes?: boolean | undefined
  /** The time that the node expects, ms since the epoch. It reveals that the table's clock was set (table-time.ts). */
  readonly expects?: number | null | undefined
}

export interface LeaseAnswer {
  readonly held: boolean
  /**
   * The table's time, ms since the epoch, and by how much it is ahead of the table's own clock: 0, unless that was set.
   */
  readonly now: number
  readonly aheadMs: number
  /** By name, after the claim: all living nodes, and those whose lease lapsed less than KEPT_MS ago. */
  readonly leases: ReadonlyMap<string, Lease>
}

/** Both methods reject with SwitchhookError SERVICE when the table is unavailable. */
export interface NodeTable {
  hold(claim: Claim): Promise<LeaseAnswer>
  /** Removes the node. Does nothing when another incarnation has the name. */
  leave(node: string, incarnation: string): Promise<void>
  /** Calls `listener` when a node came or left. A notice may be lost, so listeners also read the table regularly. */
  onChange(listener: () => void): Disposable
}

/** How long a lapsed lease stays in the table. */
export const KEPT_MS = 60_000

/** The error when another process uses the node's name. */
export const nameTaken = ({ node, incarnation, host, pid }: Lease): SettingError =>
  new SettingError([
    `NODE_NAME: a node called '${node}' is running (incarnation ${incarnation}, process ${pid} on ${host}): set NODE_NAME to a name that no other node uses`,
  ])
