/** The services that a place and its agent reservation need. OpenQueues (queue.ts) provides them. */
import type { Roster } from '../agent/roster.ts'
import type { RosterMirror } from '../agent/roster-mirror.ts'
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { Member, Offer } from './member.ts'
import type { QueueSettings } from './settings.ts'
import type { StoreRequests } from './store-requests.ts'
import type { QueueStore } from './store.ts'
import type { WaitingFacts } from './waiting-facts.ts'

/**
 * What a queue must know of a call. `signal` aborts with CallEnded when the caller is gone, with CallMoved after a
 * takeover.
 */
export interface WaitingCall {
  readonly uuid: string
  readonly from: string
  readonly signal: AbortSignal
  /** The caller's queue `from` was removed, and the place is now in this one. */
  movedTo(queue: string, from: string): void
  /**
   * Runs `close` at the end of a scope of the call's flow, such as ['agent', name], as a step of its journal. Calls
   * `closed` instead in a replay, when the scope had ended before.
   */
  endScope(scope: readonly string[], close: () => Promise<void>, closed: () => void): Promise<void>
}

/** A place, as far as its queue and its reservations know it (place.ts). */
export interface PlaceOfCall {
  readonly context: PlaceContext
  readonly queue: string
  readonly call: WaitingCall
  /** Another node has the call. */
  readonly isMoved: boolean
  /** The agent of this offer is given back. */
  givesBack(offer: Offer): void
  /** The caller talks with the agent of this offer: agents who were offered too and never rang are free again. */
  releasesOthers(offer: Offer): void
  /** The caller waits on, without this offer. Rejects when the store is unavailable. */
  waitsOn(offer: Offer): Promise<void>
}

export interface PlaceContext {
  readonly store: QueueStore
  readonly roster: Roster
  /** This node's copy of that roster. */
  readonly agents: RosterMirror
  readonly clock: Clock
  readonly log: Log
  readonly node: string
  /** The settings of a queue as this node knows them. */
  settingsOf(queue: string): QueueSettings | undefined
  /** The position in the queue as this node knows it: 1 is next. */
  position(queue: string, call: string): number
  readonly requests: StoreRequests
  readonly facts: WaitingFacts
  /** Does the strategy of this queue offer more agents while telephones ring? */
  addsAgents(queue: string): boolean
  /**
   * Writes the record that `decide` returns for a caller, or reads it again when that is null. The place receives the
   * record.
   */
  rewrite(queue: string, call: string, decide: (member: Member) => Member | null): Promise<void>
  /** The record of a caller who still waits has disappeared from the store. */
  lost(place: PlaceOfCall): void
  /** The place was given up, or has moved. */
  over(place: PlaceOfCall): void
  /** The store has a new request for a callback. */
  callbackRequested(): void
}
