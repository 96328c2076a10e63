/** The queues of one node, as flows and campaigns use them. queue.ts provides them. */
import type { WhyNot } from '../agent/agent.ts'
import type { SkillNeed } from '../agent/skills.ts'
import type { RosterMirror } from '../agent/roster-mirror.ts'
import type { Roster } from '../agent/roster.ts'
import type { Clock } from '../base/clock.ts'
import type { Duration } from '../base/duration.ts'
import type { Log } from '../base/log.ts'
import type { Dial } from '../esl/safe-text.ts'
import type { Refused } from './admission.ts'
import type { CallbackCaller } from './callbacks/callback-caller.ts'
import type { AgentReservation } from './agent-reservation.ts'
import type { Member } from './member.ts'
import type { WaitingCall } from './place-context.ts'
import type { CallerTaking } from './taking.ts'
import type { Place } from './place.ts'
import type { QueueStore } from './store.ts'
import type { Strategy } from './strategy.ts'
import type { WaitingGiven } from './waiting-settings.ts'

export interface QueueParts {
  readonly store: QueueStore
  readonly roster: Roster
  /** This node's copy of that roster. */
  readonly mirror: RosterMirror
  readonly clock: Clock
  readonly log: Log
  /** This node's name, unique among the nodes. */
  readonly node: string
  /** Tests replace them. */
  readonly strategies?: ReadonlyMap<string, Strategy>
  /** Calls customers back; absent where nobody does. */
  readonly callbacks?: CallbackCaller | undefined
}

export interface Entering {
  readonly headStart?: Duration
  readonly priority?: number | undefined
  /** A campaign has called this person. */
  readonly isLead?: true | undefined
  readonly needs?: readonly SkillNeed[] | undefined
  /** Core-UUID of a FreeSWITCH: only an agent who is on the line there. */
  readonly onLine?: string | undefined
  /** What the flow gave for this caller, instead of the settings of the queue; absent: no rule concerns the caller. */
  readonly given?: WaitingGiven
  readonly since?: number | undefined
  readonly within?: number | undefined
}

/** `headStartOfCall`: instead of `headStart` where the order counts from the begin of the call (timeBaseScore). */
export type Admitting = Required<Pick<Entering, 'given'>> &
  Omit<Entering, 'since' | 'within'> & { readonly headStartOfCall: Duration }

export interface Queues extends AsyncDisposable {
  /**
   * A place at the end of the queue, or the one that this call has already (on any node). `headStart`: the caller
   * counts as having joined so much earlier. `priority`: higher ones are served first, 0 is the default. `needs`: the
   * skills that the caller needs, instead of those of the queue. `onLine`: the caller gets nobody whose telephone must
   * ring first. `since`: when the caller joined, for a place that the
   * store has lost. Rejects with NotFoundError without such a queue, with the reason of the call's signal, and with
   * the store's error when it is unavailable for `within` milliseconds (default 8 s).
   */
  enter(call: WaitingCall, queue: string, options?: Entering): Promise<Place>
  /** As `enter`, when the rules of the queue and the list of numbers let the caller in. */
  admit(call: WaitingCall, queue: string, options: Admitting): Promise<Place | Refused>
  /** Keeps this number for a callback. The caller was not let in, and has no place. Rejects as `enter` does. */
  keepForCallback(call: WaitingCall, queue: string, number: Dial): Promise<void>
  /**
   * Gives up the place that this call has in this queue, unless a Place on this node holds it. Rejects as `enter` does.
   */
  giveUp(call: WaitingCall, queue: string): Promise<void>
  /**
   * Reserves an agent by name, without a place in a queue; else resolves with why the agent gets no call now. Rejects
   * with NotFoundError, and otherwise as `enter` does.
   */
  reserve(call: WaitingCall, agent: string): Promise<AgentReservation | WhyNot>
  /** The end of a replay: such a reservation holds here, unless it is over. */
  resume(call: WaitingCall, reservation: AgentReservation): Promise<void>
  /** Agents who have dialled in take callers on that very leg. */
  readonly taking: CallerTaking
  /** The places of callbacks in this node's copy of all queues. Rejects with SERVICE while the store is unavailable. */
  callbackPlaces(): Promise<readonly Member[]>
  /** Releases the agents who ring or talk for this call, whose flow does not run any more. */
  releaseAgentsOf(call: WaitingCall): Promise<void>
  /**
   * Violated invariants as sentences; empty when there are none. Valid only while no change is under way: some changes
   * take two steps.
   */
  check(): Promise<string[]>
}
