/** The services that a place and its agent reservation need. OpenQueues (queue.ts) provides them. */
import type { Roster } from '../agent/roster.ts'
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { Member } from './member.ts'
import type { WaitingPlace } from './place.ts'
import type { StoreRequests } from './store-requests.ts'
import type { QueueStore } from './store.ts'

export interface PlaceContext {
  readonly store: QueueStore
  readonly roster: Roster
  readonly clock: Clock
  readonly log: Log
  readonly node: string
  /** The position in the queue as this node knows it: 1 is next. */
  position(queue: string, call: string): number
  readonly requests: StoreRequests
  /**
   * Writes the record that `decide` returns for a caller, or reads it again when that is null. The place receives the
   * record.
   */
  rewrite(queue: string, call: string, decide: (member: Member) => Member | null): Promise<void>
  /** The record of a caller who still waits has disappeared from the store. */
  lost(place: WaitingPlace): void
  /** The place was given up, or has moved. */
  over(place: WaitingPlace): void
}
