/**
 * A caller's place in a queue, as a flow holds it. It lasts until its scope ends or the caller hangs up, whichever is
 * first. When another node takes the call over, the place goes with it: this node gives nothing up then, because the
 * next owner has the place.
 */
import { type Duration } from '../base/duration.ts'
import type { Outcome } from '../agent/agent.ts'
import type { Dial } from '../esl/safe-text.ts'
import { ASIDE_MS, type Member, type Offer } from './member.ts'
import type { AgentReservation } from './agent-reservation.ts'
import type { Reason } from './overflow.ts'
import type { WaitingGiven } from './waiting-settings.ts'

/**
 * How long an agent stays reserved for a caller who does not come (an announcement runs, the node is frozen). So long
 * the caller is put aside after that.
 */
export const HOLD_MS = ASIDE_MS

export interface Waiting {
  /** Absent: until there is an agent or a reason to leave. */
  readonly within?: Duration | undefined
  /** The flow knows these reasons to leave, and lets the caller wait on. */
  readonly ignored?: ReadonlySet<Reason>
}

export interface Leaves {
  readonly why: Reason
  /** The exit key. */
  readonly key?: string
}

export interface Place extends AsyncDisposable {
  /** Another one once the caller's queue was removed and the place was moved. */
  readonly queue: string
  /** 1 is next; 0 once the caller talks. From this node's copy of the queue. */
  readonly position: number
  /** Milliseconds since the caller joined, over all nodes that held the call. */
  readonly waited: number
  hasWaited(duration: Duration): boolean
  /**
   * Aborts when an agent is reserved for this caller: `play(…, { until: place.called })`. Each wait has a new signal:
   * read it again.
   */
  readonly called: AbortSignal
  /**
   * Waits until the matcher reserves an agent for this caller; returns at once when one is reserved already. Null after
   * `within`, when the caller is to leave the queue (`leaves`), or when the place has been given up. Rejects with the
   * reason of the call's signal. The reservation holds for HOLD_MS: dial within that time.
   */
  agent(options: Waiting): Promise<AgentReservation | null>
  /** Gives the place up. An agent who is reserved for it is released with this outcome. */
  leave(outcome: Outcome): Promise<void>
  /** Why the caller is to leave the queue, after `agent()`; null: the caller waits on. */
  readonly leaves: Leaves | null
  /** What counts for this caller: the settings of the queue, and what the flow gave instead. */
  readonly settings: WaitingGiven
  /** How long the caller will wait from now on, in milliseconds; null while that is not known well enough. */
  readonly estimate: number | null
  /** Reads what the estimate needs. Without an answer of the store within a second the estimate stays as it was. */
  learnTalkTime(): Promise<void>
  readonly state: Member['state']
  /** The caller pressed this key while waiting: an exit key leads out of the queue. */
  press(key: string): void
  /** Resolves when the caller waits and no agent is reserved: at once, or after an offer. False: the place is over. */
  waits(): Promise<boolean>
  /**
   * Resolves with an agent who is offered besides those of the `known` offers, as soon as there is one; with null once
   * `over` aborts, or when the place has been given up. Rejects with the reason of the call's signal.
   */
  another(known: readonly Offer[], over: AbortSignal): Promise<AgentReservation | null>
  /** Stores a callback to this number and gives the place up. */
  keepForCallback(number: Dial): Promise<void>
  /** When the caller joined, milliseconds since the epoch. */
  readonly joinedAt: number
  readonly headStartMs: number
  readonly priority: number | undefined
  /** Another process, or another Place of this process, holds the place now. */
  readonly isMoved: boolean
  /** The end of a replay: a reservation that another process held for this caller holds here, unless it is over. */
  resume(reservation: AgentReservation): Promise<void>
}
