/**
 * The records of queues and callers, and the table in which they are stored: in memory (memory-store.ts) or in Redis
 * (redis-store.ts). The store (store.ts) applies the rules.
 */
import type { Agent, WhyNot } from '../agent/agent.ts'
import type { LeftPlace } from './left-place.ts'
import type { Member } from './member.ts'
import type { NumberKey, NumberRule } from './number-rules.ts'
import type { QueueSettings } from './settings.ts'
import type { Key } from './strategy.ts'
import type { NotForCaller } from './usable.ts'
import type { TalkTime } from './waiting-rules.ts'

/** The record of one assignment: why this agent got this caller, and why the other agents did not. */
export interface OfferRecord {
  readonly at: number
  readonly queue: string
  readonly call: string
  readonly agent: string
  readonly epoch: number
  /** More agents whose telephones ring at the same time; absent: none. */
  readonly others?: readonly string[]
  /** The node that decided. */
  readonly node: string
  readonly strategy: string
  readonly waitedMs: number
  /**
   * The callers who were ahead in the same queue, the first 20, and why they did not get this agent. nobody-yet: the
   * strategy gave them nobody. nobody-usable: none of the free agents was one for them. callback: the customer is not
   * on the line yet.
   */
  readonly ahead: readonly {
    readonly call: string
    readonly why: 'offered' | 'put-aside' | 'nobody-yet' | 'nobody-usable' | 'callback'
  }[]
  /** The agents who could have had the call, best first, with the keys of the strategy; the first one has it. */
  readonly candidates: readonly { readonly agent: string; readonly key: Key }[]
  readonly skipped: readonly { readonly agent: string; readonly why: WhyNot | NotForCaller }[]
}

/** A match that is not written yet: another node may change one of its records first. */
export interface Assignment {
  readonly member: Member
  readonly agent: Agent
  /** The call of another lead, not yet answered, from which the agent is taken. */
  readonly insteadOf?: string
  /** The leg on which the agent has dialled in to take this caller. */
  readonly onLeg?: string
  /** More agents, to whom the call is offered at the same time. */
  readonly others?: readonly Agent[]
  /** The other agents at their telephones: nobody may have offered them a call meanwhile. */
  readonly sharing?: readonly Agent[]
  /** The turns of these agents in this queue, when the strategy chose them: later than every turn before (agent.ts). */
  readonly turns?: readonly number[]
  readonly record: Omit<OfferRecord, 'epoch' | 'node'>
}

/** A caller's wish to be called back. It is here until a row of PostgreSQL has it (callbacks/callback-desk.ts). */
export interface CallbackRequest {
  readonly queue: string
  /** The call in which the caller asked for it. */
  readonly call: string
  readonly number: string
  readonly keptAt: number
  /** The place that the caller had; absent: written by an older version. */
  readonly joinedAt?: number | undefined
  readonly headStartMs?: number | undefined
}

/** Counters since the queue was created. Entered = answered + abandoned + callback + left + callers still waiting. */
export const COUNTS = ['entered', 'answered', 'abandoned', 'callback', 'left'] as const
export type Count = (typeof COUNTS)[number]
export type QueueStats = Record<Count, number>

/** How a place was given up: after a talk, by hanging up, for a callback, or because the flow left the queue. */
export type Leaving = 'talked' | 'abandoned' | 'callback' | 'left'

/** As AgentNotice: `resync` first and whenever notices may have been missed; the others in the order of the writes. */
export type QueueNotice =
  | { what: 'resync' }
  | { what: 'queue'; queue: QueueSettings }
  | { what: 'member'; queue: string; call: string; rev: number; member: Member | null }

/** The version of a caller's record on which a change is based. */
export interface PlaceAt {
  readonly queue: string
  readonly call: string
  readonly rev: number
}

/** The agent who talks with the caller of a number, remembered until that moment. */
export interface Talk {
  readonly from: string
  readonly agent: string
  readonly at: number
  readonly forMs: number
}

/** What a swap does in the same step, besides writing the record. */
export interface SwapEffects {
  readonly count: Count | null
  /** Nothing is written when so many callers wait already: 'full'. Absent: any number may. */
  readonly most?: number
  /** The record takes this place over. Nothing is written when another call has it already. */
  readonly resumes?: LeftPlace
  readonly keeps?: LeftPlace
  /** A talk of the queue lasted so long; it counts in `talkTime`. */
  readonly talkMs?: number
  /** The agent who talks with the caller is remembered. */
  readonly talks?: Talk | undefined
}

/** Where the records are stored. Applies no rules. */
export interface QueueTable {
  /**
   * When `movedTo` is another one than before, deletes the offers and the counters, and the callbacks go to the queue
   * `movedTo`, all in one step. False, and nothing is written: there is a record that only a newer version can read.
   */
  putQueue(queue: QueueSettings): Promise<boolean>
  /** Removes the queue with all its records, and makes every listener read again. False while a caller has a place. */
  removeQueue(name: string): Promise<boolean>
  readQueues(): Promise<QueueSettings[]>
  read(queue: string, call: string): Promise<Member | null>
  readAll(queue: string): Promise<Member[]>
  nextSeq(): Promise<number>
  /**
   * Writes (null: deletes) if the record still has this rev (0: does not exist), counts, and notifies all listeners, in
   * one step. 'no queue': the place is new, and there is no such queue.
   */
  swap(at: PlaceAt, next: Member | null, effects: SwapEffects): Promise<boolean | 'no queue' | 'full'>
  /** The agent who talked last with the caller of this number, in this queue; null when none is remembered. */
  lastAgent(queue: string, from: string, now: number): Promise<string | null>
  /** The place that the next call of this number gets. */
  leftPlace(queue: string, number: string): Promise<LeftPlace | null>
  /**
   * Moves a place to the queue `next.queue`, if the record still has this rev and there is such a queue; raises `count`
   * there (null: none), and notifies of the new place first, in one step. A place that the caller has there already
   * stays.
   */
  move(at: PlaceAt, next: Member, count: Count | null): Promise<boolean>
  /**
   * Writes the agents, the caller and the offer record if all of them still have these revs, in one step. The notices
   * of the agents come first.
   */
  assign(
    agents: readonly { readonly rev: number; readonly next: Agent }[],
    member: { readonly rev: number; readonly next: Member },
    record: OfferRecord,
  ): Promise<boolean>
  /** A mark that is lost together with the records. Sets it when there is none; returns the mark that is there. */
  mark(): Promise<string>
  /** The mark; null when there is none. */
  markThere(): Promise<string | null>
  /** Makes every listener read all records again. */
  resync(): Promise<void>
  /** Newest first, the last KEPT_OFFERS. */
  offers(queue: string): Promise<OfferRecord[]>
  putCallbackRequest(request: CallbackRequest): Promise<void>
  callbackRequests(queues: readonly string[]): Promise<CallbackRequest[]>
  removeCallbackRequest(queue: string, call: string): Promise<void>
  stats(queue: string): Promise<QueueStats>
  talkTime(queue: string): Promise<TalkTime>
  putNumberRule(rule: NumberRule): Promise<void>
  removeNumberRule(rule: NumberKey): Promise<void>
  numberRules(): Promise<NumberRule[]>
  /** The first of these rules that is there (number-rules.ts, ruleKey). */
  firstNumberRule(keys: readonly string[]): Promise<NumberRule | null>
  onChange(listener: (notice: QueueNotice) => void): Disposable
}

export const KEPT_OFFERS = 200
/** A request that is 30 days old is deleted when the next one is stored, or after 30 days without a new one. */
export const CALLBACK_LASTS_MS = 30 * 86_400_000
