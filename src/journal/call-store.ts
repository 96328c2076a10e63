/**
 * The call store: the owner (node and epoch) and the journal of every call. All nodes share it, so that any node can
 * take over any call. Implementations: redis-call-store.ts, memory-call-store.ts.
 *
 * Invariant (fencing): only the owner with the current epoch can write to a call.
 */

export interface Owner {
  readonly node: string
  /**
   * Grows by one with every takeover, and the store refuses writes with an older epoch. A uuid that is used again after
   * its call ended starts above every epoch that it had, so two takes of one uuid never get the same epoch.
   */
  readonly epoch: number
}

/** True when both are the same take: no node has taken the call in between. */
export const isSame = (owner: Owner | null | undefined, other: Owner): boolean =>
  owner?.node === other.node && owner.epoch === other.epoch

/**
 * True when the node of `mine` still owns the call, although the epochs may differ. Two cases besides equality:
 * `mine.epoch` is 0, because the answer to the node's take came too late and the node knows no epoch; or the store has
 * lost its last seconds, and its epoch is older than the node's.
 */
export const isStill = (owner: Owner, mine: Owner): boolean =>
  owner.node === mine.node && (mine.epoch === 0 || owner.epoch <= mine.epoch)

export interface Taken {
  readonly epoch: number
  /** The owner before; null for a new call. */
  readonly before: Owner | null
  /** The journal so far, oldest entry first; the first entry is the `begin` of the first `take`. */
  readonly entries: readonly string[]
}

/**
 * All methods reject with SwitchhookError SERVICE when the store is unavailable: at once when the link is down, after
 * 250 ms when the store is silent. A rejected write may have happened, or may still happen, once.
 * A journal without a write for 12 hours is deleted; the next `take` of the call begins a new one.
 */
export interface CallStore {
  /**
   * FreeSWITCH has offered this call to `node`: the node owns it from now on, whichever node owned it before. `begin`
   * is the first entry of a new journal. One round trip.
   */
  take(uuid: string, node: string, begin: string): Promise<Taken>
  /**
   * Adds entries (fewer than 8 000), in order, in one write. False, and nothing is written, when another take has the
   * call.
   */
  append(uuid: string, owner: Owner, entries: readonly string[]): Promise<boolean>
  /** Replaces the journal with these entries, at least one, after the script has changed. False as above. */
  restart(uuid: string, owner: Owner, entries: readonly string[]): Promise<boolean>
  /**
   * The call has ended: deletes its owner and journal. False, and nothing is deleted, when another take has the call.
   */
  end(uuid: string, owner: Owner): Promise<boolean>
  owner(uuid: string): Promise<Owner | null>
  /** The owners of these calls, in this order. One round trip. */
  ownersOf(uuids: readonly string[]): Promise<(Owner | null)[]>
  /** Every call that has an owner: a node that drives it, watches it, or died while it drove it. */
  all(): Promise<Map<string, Owner>>
  /** The journal of a call; empty when there is none. */
  read(uuid: string): Promise<readonly string[]>
}
