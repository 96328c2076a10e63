/** Who drives which call, and what its flow has been through: one memory for all nodes, so that any of them can go on with any call. */

export interface Owner {
  readonly node: string
  /**
   * Grows by one with every takeover: what an earlier owner still writes is refused. A uuid that comes again after its end starts above
   * every epoch that it had, so no two takes of one uuid are ever given the same.
   */
  readonly epoch: number
}

/** Nobody has taken the call in between. */
export const isSame = (owner: Owner | null | undefined, other: Owner): boolean =>
  owner?.node === other.node && owner.epoch === other.epoch

/**
 * The node of `mine` still has the call: the store says so, or says of the same node what it wrote when its answer came too late (epoch 0:
 * the node could not take the call, as far as it knew), or what is older than the seconds that the store has lost.
 */
export const isStill = (owner: Owner, mine: Owner): boolean =>
  owner.node === mine.node && (mine.epoch === 0 || owner.epoch <= mine.epoch)

export interface Taken {
  readonly epoch: number
  /** Who drove it before; null for a call that is new. */
  readonly before: Owner | null
  /** The journal so far, oldest first; begins with what `take` was given when the call was new. */
  readonly entries: readonly string[]
}

/**
 * All methods reject with SwitchhookError SERVICE when the memory cannot be had: at once when the link is down, after 250 ms when it is
 * silent. A write that was rejected may have happened, or may happen yet, once.
 * A journal to which nobody has written for 12 hours is forgotten; the call's next `take` begins a new one.
 */
export interface CallStore {
  /** The switch has brought this call to `node`: it is the node's from now on, whoever had it. One round trip. */
  take(uuid: string, node: string, begin: string): Promise<Taken>
  /** Adds entries (fewer than 8 000), in order, in one write. False when somebody else has taken the call: nothing is written then. */
  append(uuid: string, owner: Owner, entries: readonly string[]): Promise<boolean>
  /** The journal begins anew with these entries, at least one (a changed script). False as above. */
  restart(uuid: string, owner: Owner, entries: readonly string[]): Promise<boolean>
  /** The call is over: owner and journal are forgotten. False when somebody else has taken it. */
  end(uuid: string, owner: Owner): Promise<boolean>
  owner(uuid: string): Promise<Owner | null>
  /** Of these calls, in this order. One round trip. */
  ownersOf(uuids: readonly string[]): Promise<(Owner | null)[]>
  /** Every call that somebody drives, drove when they died, or watches. */
  all(): Promise<Map<string, Owner>>
  /** The journal of a call; empty when there is none. */
  read(uuid: string): Promise<readonly string[]>
}
