/** Where nodes write that they are alive: what stands there, and what the table must do. Times are its own: hosts' clocks differ. */

import { SettingError } from '../base/errors.ts'

/** What other nodes may know of one. */
export interface Peer {
  readonly node: string
  /** Where its door is for other nodes' legs, 'host:port'; null when it has none. */
  readonly address: string | null
  readonly roles: readonly string[]
  /** Calls that come to its door are accepted. Absent in the records of nodes that do not say so: then it is not known. */
  readonly open?: boolean | undefined
}

export interface NodeRecord extends Peer {
  /** One life of a node, which is one process. */
  readonly incarnation: string
  readonly host: string
  readonly pid: number
}

/** A record and when it lapses, ms since the epoch: alive while now < until. */
export type Lease = NodeRecord & { readonly until: number }

export interface Claim {
  readonly record: NodeRecord
  readonly lastsMs: number
  /**
   * Who comes has the name when nobody alive has it, or when its holder has not renewed since `instead`. Who stays keeps it unless
   * somebody else came under it meanwhile.
   */
  readonly mode: 'come' | 'stay'
  readonly instead?: Lease | undefined
  /** The node asks whether it may close its door. It stays `open` in the table unless another node that is alive is open. */
  readonly closes?: boolean | undefined
  /** What time the node expects the table to have, ms since the epoch: so it is seen when the table's clock is set (table-time.ts). */
  readonly expects?: number | null | undefined
}

export interface LeaseAnswer {
  readonly held: boolean
  /** The table's time, ms since the epoch, and by how much it is ahead of the table's own clock: 0, unless that was set. */
  readonly now: number
  readonly aheadMs: number
  /** By name, as they are after the claim: everybody who is alive, and who lapsed less than KEPT_MS ago. */
  readonly leases: ReadonlyMap<string, Lease>
}

/** Both methods reject with SwitchhookError SERVICE when the table cannot be had. */
export interface NodeTable {
  hold(claim: Claim): Promise<LeaseAnswer>
  /** Nothing happens when another incarnation has the name. */
  leave(node: string, incarnation: string): Promise<void>
  /** Somebody came or left. It may be missed: whoever listens also looks from time to time. */
  onChange(listener: () => void): Disposable
}

/** How long a lapsed lease can still be seen. */
export const KEPT_MS = 60_000

/** Another process has the name. */
export const nameTaken = ({ node, incarnation, host, pid }: Lease): SettingError =>
  new SettingError([
    `NODE_NAME: a node called '${node}' is running (incarnation ${incarnation}, process ${pid} on ${host}): each needs a name of its own`,
  ])
