/**
 * The contract of a strategy: a pure function that decides which of the usable agents a caller gets. The matcher
 * (match.ts) calls it for one caller at a time, when at least one agent of the caller's queue is usable.
 *
 * A strategy has no memory of its own. What it must know of earlier offers is in the records of agents and callers
 * (`lastOffered`). The store writes these records together with each offer, in one step, so every node decides on the
 * same facts, and a node that dies takes nothing with it.
 */
import type { Agent, Tier } from '../agent/agent.ts'
import type { QueueSettings } from './settings.ts'

/** An agent of the queue, with the agent's place in the order of this queue. */
export interface Candidate {
  readonly agent: Agent
  readonly tier: Tier
}

/** Lowest first; the first difference decides. */
export type Key = readonly (number | string)[]

/** What a strategy sees. */
export interface Situation {
  readonly caller: {
    readonly call: string
    /** The caller's number. */
    readonly from: string
    readonly waitedMs: number
    /** Waiting time and head start: the caller with the highest score is served first. */
    readonly scoreMs: number
    /** The agent whom this queue offered last to this caller; null before the first offer, or when the agent left. */
    readonly lastOffered: Candidate | null
    /** When that was, ms since the epoch; null before the first offer. */
    readonly offeredAt: number | null
    /** How many agents are offered to the caller now; more than 0 only for a strategy that `addsAgents`. */
    readonly ringing: number
  }
  readonly queue: QueueSettings
  /** The agents who can take the call now, one at least, in no order. The matcher has left out all others. */
  readonly agents: readonly Candidate[]
  /** The agent to whom this queue offered its latest call, usable or not; null before the first offer. */
  readonly lastOffered: Candidate | null
  /** Milliseconds since the epoch, in the time that all nodes share. */
  readonly now: number
  /**
   * Chance: 0 or more, less than 1. The same word gives the same number on every node, until the caller's record
   * changes.
   */
  readonly chance: (word: string) => number
}

/** One possible offer. */
export interface Choice {
  /**
   * The agents to whom the call is offered at the same time, one at least. Their telephones ring together, and the
   * first one who takes the call has it.
   */
  readonly agents: readonly Candidate[]
  /** Why this choice has its place in the order; `switchhook why` shows it. */
  readonly key: Key
}

/** No agent gets the caller yet, although agents are usable. */
interface NobodyYet {
  /**
   * When the strategy decides again, ms since the epoch, later than `now`. It also decides again after every change of
   * the caller, and of an agent of the queue.
   */
  readonly lookAgainAt: number
}

export interface Strategy {
  /**
   * Returns the choices, best first: the agents of the first one are offered the call. The matcher leaves out agents
   * who are not usable. Without a choice the caller waits until the caller, or an agent of the queue, changes.
   */
  (situation: Situation): readonly Choice[] | NobodyYet
  /** True: it also decides while telephones ring for the caller, and more agents may be added to them. */
  readonly addsAgents?: true
}

/**
 * The usable agents as choices of one agent each, in the order of their keys. Names decide between equal keys, so every
 * node has the same order.
 */
export function ordered({ agents }: Situation, keyOf: (candidate: Candidate) => Key): Choice[] {
  const choices = agents.map(candidate => ({ agents: [candidate] as const, key: keyOf(candidate) }))
  return choices.sort((a, b) => compareKeys(a.key, b.key) || (a.agents[0].agent.name < b.agents[0].agent.name ? -1 : 1))
}

function compareKeys(a: Key, b: Key): number {
  for (let i = 0; i < a.length; i++) {
    if (a[i]! < b[i]!) return -1
    if (a[i]! > b[i]!) return 1
  }
  return 0
}

/** Does the agent stand behind the other one in the queue's order: level, then position, then name? */
export function isBehind({ agent, tier }: Candidate, other: Candidate): boolean {
  const difference = tier.level - other.tier.level || tier.position - other.tier.position
  return difference === 0 ? agent.name > other.agent.name : difference > 0
}
