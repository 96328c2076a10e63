/** The reservation of an agent, as far as the verbs dial and join need it. */
import type { Outcome } from '../agent/agent.ts'

/**
 * An agent who is reserved for this call: dialling and joining the agent moves the reservation to its next state. An
 * interface, because the reservation is a queue's (queue/agent-reservation.ts), which is above this room.
 */
export interface DialReservation {
  readonly name: string
  readonly ringForMs: number
  /** The telephone is told to answer by itself. */
  readonly autoAnswer: boolean
  /** The header Alert-Info for the telephone; '': none. */
  readonly alertInfo: string
  /** The leg on which the agent is already, which is joined without a dial; null: the telephone is dialled. */
  readonly nailedLeg: string | null
  /** The flow to which that leg returns after the talk; null: FreeSWITCH parks it. */
  readonly legReturnsTo: string | null
  /**
   * The agent's telephone is about to ring. Resolves with false when the reservation has lapsed: the agent may be
   * reserved for another call.
   */
  ringing(): Promise<boolean>
  /** Until it is disposed: the signal aborts when the agent goes on a break or logs out. */
  untilAway(): Disposable & { readonly signal: AbortSignal }
  /** The two talk from now on. Resolves with false when the reservation has lapsed. */
  talking(): Promise<boolean>
  /** The talk is over, or the agent was not reached. */
  finished(outcome: Outcome): Promise<void>
}
