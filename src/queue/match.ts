/**
 * The matcher: which caller gets which agent, as a pure function of a snapshot. queue.ts runs it after every change.
 *
 * The matcher takes the callers of all queues in one order (highest score first, see member.ts). For each caller it
 * decides which agents of the queue are usable, and the queue's strategy (strategy.ts) decides which of them gets the
 * caller. So an agent of two queues goes to the caller with the higher score. A caller who gets no agent does not delay
 * the callers behind. Agents whom a campaign has reserved for leads have rules of their own (lead-agents.ts).
 */
import { asOf, holds, nextChange, whyNotNow, type Agent } from '../agent/agent.ts'
import { seededRandom } from '../base/seeded-random.ts'
import { LeadAgents } from './lead-agents.ts'
import { byScore, inOrder, type Member } from './member.ts'
import type { QueueSettings } from './settings.ts'
import { Staff } from './staff.ts'
import type { Assignment, OfferRecord } from './store.ts'
import { STRATEGY_BY_NAME } from './strategies.ts'
import type { Candidate, Choice, Key, Situation } from './strategy.ts'

export interface Snapshot {
  readonly queues: readonly QueueSettings[]
  readonly members: readonly Member[]
  readonly agents: readonly Agent[]
  readonly now: number
}

export interface Matching {
  readonly assignments: readonly Assignment[]
  /** The first moment at which a strategy decides again about a caller, or null. */
  readonly lookAgainAt: number | null
}

const NOTHING: Matching = { assignments: [], lookAgainAt: null }

/** @param strategies Those of this installation, by name; tests replace them. */
export function match({ queues, members, agents, now }: Snapshot, strategies = STRATEGY_BY_NAME): Matching {
  if (members.every(member => member.state !== 'waiting')) return NOTHING // the usual case: no work on the agents
  const people = agents.map(agent => asOf(agent, now))
  const free = new Map(people.filter(agent => whyNotNow(agent, now) === null).map(agent => [agent.name, agent]))
  const leads = new LeadAgents(people, members)
  const served = new Set([...free.values()].flatMap(agent => agent.queues.map(({ queue }) => queue)))
  const line = members.filter(member => (served.has(member.queue) || leads.concerns(member.call)) && inOrder(member))
  if (line.every(member => member.state === 'offered')) return NOTHING

  const settings = new Map(queues.map(queue => [queue.name, queue]))
  const staffs = new Map<string, Staff>()
  const ahead = new Map<string, OfferRecord['ahead'][number][]>()
  const assignments: Assignment[] = []
  let lookAgainAt = Infinity
  for (const member of line.sort(byScore)) {
    const queue = settings.get(member.queue)
    const strategy = queue && strategies.get(queue.strategy)
    if (!strategy) continue
    const before = ahead.get(queue.name) ?? []
    ahead.set(queue.name, before)
    const why = member.state === 'offered' ? 'offered' : member.passedUntil > now ? 'put-aside' : null
    if (why) {
      before.push({ call: member.call, why })
      continue
    }
    const staff = staffs.get(queue.name) ?? new Staff(queue.name, people, now)
    staffs.set(queue.name, staff)
    const own = leads.own(member.call, staff)
    const usable = own ? [] : staff.usable.filter(({ agent }) => free.has(agent.name))
    const answer = usable.length > 0 ? strategy(situation(member, queue, staff, usable, now)) : null
    if (answer && 'lookAgainAt' in answer) {
      if (answer.lookAgainAt > now) lookAgainAt = Math.min(lookAgainAt, answer.lookAgainAt)
      before.push({ call: member.call, why: 'nobody-yet' })
      continue
    }
    const choices = answer ?? (own ? [own] : leads.ofUnanswered(member.call, staff))
    const { order, candidates } = byAgent(choices, name => answer === null || free.has(name))
    const [best] = order
    if (!best) {
      if (answer) before.push({ call: member.call, why: 'nobody-yet' })
      continue
    }
    const { agent } = best
    const insteadOf = leads.give(agent, member.call)
    const taken = staff.usable.filter(one => !free.has(one.agent.name))
    free.delete(agent.name)
    if (answer && order.length === usable.length) staff.usable = [...order, ...taken]
    assignments.push({
      member,
      agent,
      ...(insteadOf !== null && { insteadOf }),
      ...(answer && { turn: staff.takesTurn(best, now) }),
      record: {
        at: now,
        queue: queue.name,
        call: member.call,
        agent: agent.name,
        strategy: queue.strategy,
        waitedMs: now - member.joinedAt,
        ahead: [...before],
        candidates,
        skipped: [...staff.skipped, ...taken.map(one => ({ agent: one.agent.name, why: 'reserved' as const }))],
      },
    })
    if (free.size === 0 && leads.size === 0) break
  }
  return { assignments, lookAgainAt: lookAgainAt === Infinity ? null : lookAgainAt }
}

function situation(
  { call, from, joinedAt, headStartMs, lastOffered, rev }: Member,
  queue: QueueSettings,
  staff: Staff,
  usable: readonly Candidate[],
  now: number,
): Situation {
  const waitedMs = now - joinedAt
  return {
    caller: {
      call,
      from,
      waitedMs,
      scoreMs: waitedMs + headStartMs,
      lastOffered: staff.all.get(lastOffered ?? '') ?? null,
    },
    queue,
    agents: usable,
    lastOffered: staff.lastOffered,
    now,
    chance: word => seededRandom(`${call} ${rev} ${word}`)(),
  }
}

/** The agents of all choices in their order, for the decision and for its record. */
function byAgent(choices: readonly Choice[], isUsable: (agent: string) => boolean) {
  const order: Candidate[] = []
  const candidates: { agent: string; key: Key }[] = []
  for (const { agents, key } of choices)
    for (const candidate of agents) {
      const { name } = candidate.agent
      if (!isUsable(name)) continue
      order.push(candidate)
      candidates.push({ agent: name, key })
    }
  return { order, candidates }
}

/** Callers whose offer is void, because the agent's reservation is over. */
export function unfounded({ members, agents, now }: Omit<Snapshot, 'queues'>): Member[] {
  const offered = members.filter(member => member.state === 'offered')
  if (offered.length === 0) return []
  const named = new Map(agents.map(agent => [agent.name, agent]))
  return offered.filter(({ offer }) => {
    if (!offer) return false
    const agent = named.get(offer.agent)
    return !agent || !holds(agent, offer.epoch, now)
  })
}

/**
 * The next moment at which time alone changes a record or a decision, or null: an agent's deadline, a caller's
 * `passedUntil`, or `lookAgainAt` of the last match.
 */
export function nextLook(
  { members, agents, now }: Omit<Snapshot, 'queues'>,
  { lookAgainAt }: Pick<Matching, 'lookAgainAt'>,
): number | null {
  let next = lookAgainAt ?? Infinity
  for (const agent of agents) next = Math.min(next, nextChange(agent, now) ?? Infinity)
  for (const member of members) if (member.passedUntil > now) next = Math.min(next, member.passedUntil)
  return next === Infinity ? null : next
}
