/** What a place, and the agent promised to it, need of the house they stand in. */
import type { Roster } from '../agent/roster.ts'
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { Member } from './member.ts'
import type { WaitingPlace } from './place.ts'
import type { Retry } from './retry.ts'
import type { QueueStore } from './store.ts'

export interface PlaceContext {
  readonly store: QueueStore
  readonly roster: Roster
  readonly clock: Clock
  readonly log: Log
  readonly node: string
  /** The number in line as this node knows it. */
  position(queue: string, call: string): number
  readonly retry: Retry
  /** Writes what `decide` makes of a caller's record, or reads it again when that is refused: their place hears of it. */
  rewrite(queue: string, call: string, decide: (member: Member) => Member | null): Promise<void>
  /** The record of a caller who still waits has vanished. */
  lost(place: WaitingPlace): void
  over(place: WaitingPlace): void
}
