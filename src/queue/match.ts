/**
 * The matcher: which caller gets which agent, as a pure function of a snapshot. queue.ts runs it after every change.
 *
 * The matcher takes the callers of all queues in one order (highest score first, see member.ts). Each caller gets the
 * best free agent of their queue. So an agent of two queues goes to the caller with the higher score. A caller without
 * a free agent does not delay the callers behind. An agent for whom a campaign has dialled a lead is reserved for that
 * lead, with one exception. A lead who has answered, and whose agent's nailed-up leg has ended, gets the agent of the
 * lead that was dialled last and has not answered: that lead may never answer, and the next free agent is kept for it
 * (campaign/reservations.ts). Usable agents and strategies mean what they mean in mod_callcenter, with its faults
 * corrected.
 */
import {
  asOf,
  holds,
  isHeldForLead,
  nextChange,
  whyNotNow,
  type Agent,
  type Tier,
  type WhyNot,
} from '../agent/agent.ts'
import { byScore, inOrder, type Member } from './member.ts'
import type { Assignment, OfferRecord, QueueSettings, Strategy } from './store.ts'

export interface Snapshot {
  readonly queues: readonly QueueSettings[]
  readonly members: readonly Member[]
  readonly agents: readonly Agent[]
  readonly now: number
}

type Key = readonly (number | string)[]

/**
 * The sort keys of agents, lowest first; the first difference decides. The name comes last, so that no two are equal.
 */
const KEYS: Record<Strategy, (agent: Agent, tier: Tier) => Key> = {
  'longest-idle-agent': (agent, tier) => [tier.level, agent.lastTalkEnded, tier.position, agent.name],
}

interface Candidate {
  readonly agent: Agent
  readonly key: Key
}

interface Staff {
  readonly candidates: readonly Candidate[]
  readonly skipped: OfferRecord['skipped']
}

export function match({ queues, members, agents, now }: Snapshot): Assignment[] {
  if (members.every(member => member.state !== 'waiting')) return [] // the usual case: no work on the agents
  const people = agents.map(agent => asOf(agent, now))
  const free = new Map(people.filter(agent => whyNotNow(agent, now) === null).map(agent => [agent.name, agent]))
  /** Nailed-up agents by the lead's call for which they are reserved. */
  const heldFor = new Map(
    people.filter(agent => isHeldForLead(agent) && agent.nailed !== null).map(agent => [agent.reservation!.for, agent]),
  )
  const deserted = desertedOf(people, heldFor)
  const answered = new Set(deserted.size > 0 ? members.map(member => member.call) : [])
  const served = new Set([...free.values()].flatMap(agent => agent.queues.map(({ queue }) => queue)))
  const line = members.filter(
    member => (served.has(member.queue) || heldFor.has(member.call) || deserted.has(member.call)) && inOrder(member),
  )
  if (line.every(member => member.state === 'offered')) return []

  const settings = new Map(queues.map(queue => [queue.name, queue]))
  const staffs = new Map<string, Staff>()
  const ahead = new Map<string, OfferRecord['ahead'][number][]>()
  const assignments: Assignment[] = []
  for (const member of line.sort(byScore)) {
    const queue = settings.get(member.queue)
    if (!queue) continue
    const before = ahead.get(queue.name) ?? []
    ahead.set(queue.name, before)
    const why = member.state === 'offered' ? 'offered' : member.passedUntil > now ? 'put-aside' : null
    if (why) {
      before.push({ call: member.call, why })
      continue
    }
    const staff = staffs.get(queue.name) ?? staffOf(queue, people, now)
    staffs.set(queue.name, staff)
    const own = ranked(heldFor.get(member.call), queue)
    const candidates = own ? [own] : staff.candidates.filter(({ agent }) => free.has(agent.name))
    if (candidates.length === 0 && deserted.has(member.call)) candidates.push(...ofUnanswered(heldFor, answered, queue))
    const [best] = candidates
    if (!best) continue
    const lent = best.agent.reservation?.for
    const taken = staff.candidates.filter(({ agent }) => !free.has(agent.name))
    free.delete(best.agent.name)
    heldFor.delete(lent ?? member.call)
    assignments.push({
      member,
      agent: best.agent,
      ...(lent !== undefined && lent !== member.call && { insteadOf: lent }),
      record: {
        at: now,
        queue: queue.name,
        call: member.call,
        agent: best.agent.name,
        strategy: queue.strategy,
        waitedMs: now - member.joinedAt,
        ahead: [...before],
        candidates: candidates.map(({ agent, key }) => ({ agent: agent.name, key })),
        skipped: [...staff.skipped, ...taken.map(({ agent }) => ({ agent: agent.name, why: 'reserved' as const }))],
      },
    })
    if (free.size === 0 && heldFor.size === 0) break
  }
  return assignments
}

/** The calls whose agent's nailed-up leg has ended, or whose agent was given to such a call. */
function desertedOf(people: readonly Agent[], heldFor: ReadonlyMap<string, Agent>): ReadonlySet<string> {
  const left = people
    .filter(agent => isHeldForLead(agent) && agent.nailed === null)
    .map(agent => agent.reservation!.for)
  const lent = people.flatMap(({ reservation }) => reservation?.insteadOf ?? [])
  return new Set([...left, ...lent].filter(call => !heldFor.has(call)))
}

/**
 * Agents of this queue who are reserved for leads that have not answered, the last dialled first: that lead may ring
 * longest.
 */
function ofUnanswered(
  heldFor: ReadonlyMap<string, Agent>,
  answered: ReadonlySet<string>,
  queue: QueueSettings,
): Candidate[] {
  const agents = [...heldFor].flatMap(([call, agent]) => (answered.has(call) ? [] : [agent]))
  return agents.sort((a, b) => b.reservation!.epoch - a.reservation!.epoch).flatMap(agent => ranked(agent, queue) ?? [])
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

/** The next moment at which time alone changes a record, or null: an agent's deadline, or a caller's `passedUntil`. */
export function nextLook({ members, agents, now }: Omit<Snapshot, 'queues'>): number | null {
  let next = Infinity
  for (const agent of agents) next = Math.min(next, nextChange(agent, now) ?? Infinity)
  for (const member of members) if (member.passedUntil > now) next = Math.min(next, member.passedUntil)
  return next === Infinity ? null : next
}

function staffOf(queue: QueueSettings, people: readonly Agent[], now: number): Staff {
  const candidates: Candidate[] = []
  const skipped: { agent: string; why: WhyNot }[] = []
  for (const agent of people) {
    const candidate = ranked(agent, queue)
    if (!candidate) continue
    const why = whyNotNow(agent, now)
    if (why) skipped.push({ agent: agent.name, why })
    else candidates.push(candidate)
  }
  return { candidates: candidates.sort((a, b) => compare(a.key, b.key)), skipped }
}

/** The agent with the sort key for this queue; null when the agent does not serve it. */
function ranked(agent: Agent | undefined, queue: QueueSettings): Candidate | null {
  const tier = agent?.queues.find(({ queue: name }) => name === queue.name)
  return agent && tier ? { agent, key: KEYS[queue.strategy](agent, tier) } : null
}

function compare(a: Key, b: Key): number {
  for (let i = 0; i < a.length; i++) {
    if (a[i]! < b[i]!) return -1
    if (a[i]! > b[i]!) return 1
  }
  return 0
}
