/**
 * Why an agent gets no call now, as a pure function of what the stores have: the rules are those of the matcher
 * (match.ts, usable.ts), asked for one agent. Used by operations/agent/why.ts.
 */
import { isUnreachable } from '../agent/rest.ts'
import { whyNotNow, type Agent, type WhyNot } from '../agent/agent.ts'
import type { Member } from './member.ts'
import { wayTo, type QueueSettings } from './settings.ts'
import type { OfferRecord } from './queue-table.ts'
import type { Candidate } from './strategy.ts'
import { usableFor, type NotForCaller } from './usable.ts'

/** One reason. Times in milliseconds since the epoch; null: not known, or it has no end by itself. */
export type WhyNoCall =
  | {
      readonly why: WhyNot
      readonly since: number | null
      readonly until: number | null
      /** Of a break: in the words of the agent. */
      readonly reason: string | null
      readonly call: string | null
    }
  | { readonly why: 'no-queue' }
  | { readonly why: 'queue-unknown'; readonly queue: string }
  | { readonly why: 'queue-removed'; readonly queue: string; readonly leadsTo: string | null }
  | { readonly why: 'nobody-waits'; readonly queue: string }
  /** `callers` wait, and none of them may have this agent yet; `until`: when time alone changes that. */
  | { readonly why: NotForCaller; readonly queue: string; readonly callers: number; readonly until: number | null }
  /** A caller may have this agent: the offer is on its way, or another agent goes first. */
  | { readonly why: 'next'; readonly queue: string; readonly callers: number }

interface Floor {
  /** Also those that were removed. */
  readonly queues: readonly QueueSettings[]
  readonly members: readonly Member[]
  /** All agents as of now. */
  readonly agents: readonly Agent[]
  readonly now: number
}

/** The reasons: of the agent first, then one for each queue of the agent. `agent`: as of now. */
export function whyNoCall(agent: Agent, floor: Floor): WhyNoCall[] {
  const own = ofAgent(agent, floor.now)
  if (agent.queues.length === 0) return [...own, { why: 'no-queue' }]
  return [...own, ...agent.queues.map(({ queue }) => ofQueue(agent, queue, floor))]
}

function ofAgent(agent: Agent, now: number): WhyNoCall[] {
  const why = whyNotNow(agent, now)
  if (why === null) return []
  const { status, statusSince = null, stateSince, reason, reservation, wrapUpUntil, restUntil } = agent
  const isStatus = why === status
  const rests = why === 'resting' || (why === 'unreachable' && isUnreachable(agent))
  const until = rests ? restUntil : why === 'wrap-up' && typeof wrapUpUntil === 'number' ? wrapUpUntil : null
  const since = isStatus ? statusSince : stateSince
  return [{ why, since, until, reason: isStatus ? reason : null, call: reservation?.for ?? null }]
}

function ofQueue(agent: Agent, name: string, { queues, members, agents, now }: Floor): WhyNoCall {
  const byName = new Map(queues.map(queue => [queue.name, queue]))
  const queue = byName.get(name)
  if (!queue) return { why: 'queue-unknown', queue: name }
  if (queue.movedTo !== undefined)
    return { why: 'queue-removed', queue: name, leadsTo: wayTo(name, byName)?.at(-1) ?? null }
  const waiting = members.filter(({ state, queue: theirs }) => theirs === name && state === 'waiting')
  if (waiting.length === 0) return { why: 'nobody-waits', queue: name }

  const staff = new Map<string, Candidate>()
  for (const one of agents) {
    const tier = one.queues.find(({ queue: served }) => served === name)
    if (tier) staff.set(one.name, { agent: one, tier })
  }
  // as if the agent were free: what is asked is which rule would stop the offer then
  const free = [...staff.values()].filter(one => one.agent.name === agent.name || whyNotNow(one.agent, now) === null)
  const answers = waiting.map(member => usableFor(member, queue, free, staff, now))
  const stopped = answers.map(({ skipped }) => skipped.find(one => one.agent === agent.name)?.why)
  const first = stopped[0]
  if (first === undefined || stopped.includes(undefined)) return { why: 'next', queue: name, callers: waiting.length }
  const moments = answers.flatMap(({ lookAgainAt }) => lookAgainAt ?? [])
  return { why: first, queue: name, callers: waiting.length, until: moments.length > 0 ? Math.min(...moments) : null }
}

/** What the kept decisions of one queue were about this agent. */
export interface PastDecisions {
  readonly queue: string
  /** Decisions in which this agent was a candidate or was left out. */
  readonly decisions: number
  readonly offered: number
  /** Another agent went first. */
  readonly behind: number
  /** The others, by why the agent could not have the call. */
  readonly skipped: readonly { readonly why: OfferRecord['skipped'][number]['why']; readonly times: number }[]
}

const takes = ({ agent, others = [] }: OfferRecord, name: string) => agent === name || others.includes(name)

/** `offers`: the kept decisions of the queue. */
export function pastDecisions(queue: string, name: string, offers: readonly OfferRecord[]): PastDecisions {
  const offered = offers.filter(one => takes(one, name)).length
  const behind = offers.filter(one => !takes(one, name) && one.candidates.some(({ agent }) => agent === name)).length
  const times = new Map<PastDecisions['skipped'][number]['why'], number>()
  for (const { skipped } of offers) {
    const why = skipped.find(({ agent }) => agent === name)?.why
    if (why !== undefined) times.set(why, (times.get(why) ?? 0) + 1)
  }
  const skipped = [...times].map(([why, many]) => ({ why, times: many })).sort((a, b) => b.times - a.times)
  const others = skipped.reduce((sum, one) => sum + one.times, 0)
  return { queue, decisions: offered + behind + others, offered, behind, skipped }
}

/** The decisions that were about this agent, newest first. */
export const aboutAgent = (name: string, offers: readonly OfferRecord[]): OfferRecord[] =>
  offers
    .filter(one => takes(one, name) || [...one.candidates, ...one.skipped].some(({ agent }) => agent === name))
    .toSorted((a, b) => b.at - a.at)
