/**
 * The matcher: which caller gets which agents, as a pure function of the callers and agents (floor-index.ts) and of
 * what has changed. queue.ts runs it after every change.
 *
 * After each run no caller is left who could have an agent. So a run looks at the callers whose record has changed,
 * and, for an agent who is free now, at the lines of the agent's queues, from their first caller until somebody has
 * the agent. What it costs does not grow with the number of callers who wait.
 *
 * The callers of all queues are taken in one order: the queue's weight, then priority and score (member.ts). So an
 * agent of two queues goes to the caller who is first. For each caller, usable.ts decides which agents of the queue
 * may be offered, and the queue's strategy (strategy.ts) decides which of them are. A caller who gets no agent does
 * not delay the callers behind. Agents whom a campaign has reserved for leads have rules of their own (lead-
 * agents.ts).
 */
import { asOf, whyNotNow, type Agent } from '../agent/agent.ts'
import { seededRandom } from '../base/seeded-random.ts'
import { FloorIndex, type Changes } from './floor-index.ts'
import { LeadAgents } from './lead-agents.ts'
import { isForCustomer, offersOf, type Member } from './member.ts'
import type { QueueSettings } from './settings.ts'
import { Staff } from './staff.ts'
import type { Assignment, OfferRecord } from './queue-table.ts'
import { longestIdleAgent } from './strategies/longest-idle-agent.ts'
import { noStrategy, STRATEGY_BY_NAME } from './strategies.ts'
import type { Candidate, Choice, Key, Situation, Strategy } from './strategy.ts'
import { usableFor, type Usable } from './usable.ts'
import { Walk } from './walk.ts'

/** Everything that the stores have, for a match of all callers. */
export interface Snapshot {
  readonly queues: readonly QueueSettings[]
  readonly members: readonly Member[]
  readonly agents: readonly Agent[]
  readonly now: number
}

export interface Matching {
  readonly assignments: readonly Assignment[]
  /** The callers about whom the rules or a strategy decide again at a moment (null: after a change of an agent). */
  readonly later: readonly { readonly member: Member; readonly at: number | null }[]
  /** The strategies that threw an error, by the queue. The longest idle agents were offered instead. */
  readonly failures: ReadonlyMap<string, Error>
}

/** The record of a decision names so many of the callers ahead. */
const MOST_AHEAD = 20

/** Matches all callers. @param strategies Those of this installation, by name; tests replace them. */
export function match({ queues, members, agents, now }: Snapshot, strategies = STRATEGY_BY_NAME): Matching {
  const floor = new FloorIndex()
  floor.setQueues(queues)
  for (const member of members) floor.setMember(member.queue, member.call, member)
  for (const agent of agents) floor.setAgent(agent.name, agent, now)
  return matchChanges(floor, floor.takeChanges(now), now, strategies)
}

export function matchChanges(
  floor: FloorIndex,
  changes: Changes,
  now: number,
  strategies: ReadonlyMap<string, Strategy> = STRATEGY_BY_NAME,
): Matching {
  return new Run(floor, now, strategies).match(changes)
}

class Run {
  readonly #floor: FloorIndex
  readonly #now: number
  readonly #strategies: ReadonlyMap<string, Strategy>
  readonly #leads: LeadAgents
  readonly #staffs = new Map<string, Staff>()
  /** The agents whom this run has given a caller, by name. */
  readonly #taken = new Set<string>()
  readonly #given = new Set<Member>()
  readonly #passed = new Map<Member, Ahead['why']>()
  readonly #assignments: Assignment[] = []
  readonly #later: { member: Member; at: number | null }[] = []
  readonly #failures = new Map<string, Error>()

  constructor(floor: FloorIndex, now: number, strategies: ReadonlyMap<string, Strategy>) {
    this.#floor = floor
    this.#now = now
    this.#strategies = strategies
    this.#leads = new LeadAgents(floor.ofLeads(now))
  }

  match({ queues, agents, members }: Changes): Matching {
    const walk = new Walk(this.#floor, name => !this.#taken.has(name))
    for (const queue of queues)
      walk.line(
        queue,
        this.#staff(queue).free.map(({ agent }) => agent.name),
      )
    for (const name of agents) {
      const agent = this.#floor.agent(name)
      if (agent && whyNotNow(asOf(agent, this.#now), this.#now) === null)
        for (const { queue } of agent.queues) walk.line(queue, [name])
    }
    for (const member of members) walk.caller(member)
    for (const call of this.#leads.calls) for (const member of this.#floor.placesOf(call)) walk.caller(member)
    for (const member of walk) this.#decide(member)
    return { assignments: this.#assignments, later: this.#later, failures: this.#failures }
  }

  #decide(member: Member): void {
    const queue = this.#floor.queues.get(member.queue)
    if (!queue || member.passedUntil > this.#now || waitsForItsCall(member)) return
    const strategy = this.#strategies.get(queue.strategy) ?? unknown
    const isRinging = member.state === 'offered'
    if (isRinging && (!strategy.addsAgents || member.callback)) return

    const staff = this.#staff(queue.name)
    const own = isRinging ? null : this.#leads.own(member.call, staff)
    const usable = own ? NOBODY : usableFor(member, queue, staff.free, staff.all, this.#now)
    const answer = usable.agents.length > 0 ? this.#ask(strategy, member, queue, staff, usable) : null
    const later = answer && 'lookAgainAt' in answer ? answer.lookAgainAt : null
    const choices = answer ?? (own ? [own] : isRinging ? [] : this.#ofUnanswered(member, staff))
    const names = answer && new Set(usable.agents.map(({ agent }) => agent.name))
    const { offered, candidates } =
      'lookAgainAt' in choices ? NO_CHOICE : byAgent(choices, name => names === null || names.has(name))
    if (offered.length > 0) {
      const rung = member.callback ? offered.slice(0, 1) : offered // who would all call the customer
      return this.#offer({ member, queue, staff, usable, byStrategy: answer !== null, offered: rung, candidates })
    }
    this.#passed.set(member, answer ? 'nobody-yet' : 'nobody-usable')
    const moments = [usable.lookAgainAt, later].filter(at => at !== null && at > this.#now) as number[]
    if (answer || moments.length > 0) this.#later.push({ member, at: moments.length > 0 ? Math.min(...moments) : null })
  }

  /** A strategy that fails keeps no caller waiting: the default one decides instead. */
  #ask(strategy: Strategy, member: Member, queue: QueueSettings, staff: Staff, usable: Usable): ReturnType<Strategy> {
    const about = situation(member, queue, staff, usable.agents, this.#now)
    try {
      return strategy(about)
    } catch (error) {
      this.#failures.set(queue.name, error as Error)
      return longestIdleAgent(about)
    }
  }

  #ofUnanswered({ call }: Member, staff: Staff): Choice[] {
    const isHere = (lead: string) => [...this.#floor.placesOf(lead)].length > 0
    return this.#leads.ofUnanswered(call, staff, isHere)
  }

  #offer(decision: Decision): void {
    const { member, queue, staff, usable, byStrategy, candidates } = decision
    const sharing = new Set<Agent>()
    // of the agents who share a telephone the first one is offered the call
    const offered = decision.offered.filter(one => {
      if ([...sharing].some(({ name }) => name === one.agent.name)) return false
      for (const other of this.#floor.sharing(one.agent)) sharing.add(other)
      return true
    })
    const [{ agent }, ...others] = offered as [Candidate, ...Candidate[]]
    const insteadOf = this.#leads.give(agent, member.call)
    const before = [...this.#taken]
    for (const one of offered) this.#taken.add(one.agent.name)
    for (const { name } of sharing) this.#taken.add(name)
    const turns = byStrategy ? offered.map(one => staff.takesTurn(one, this.#now)) : []
    if (candidates.length === staff.free.length) staff.free = candidates.map(one => one.candidate)
    this.#given.add(member)
    this.#assignments.push({
      member,
      agent,
      ...(others.length > 0 && { others: others.map(one => one.agent) }),
      ...(insteadOf !== null && { insteadOf }),
      ...(sharing.size > 0 && { sharing: [...sharing] }),
      ...(turns.length > 0 && { turns }),
      record: {
        at: this.#now,
        queue: queue.name,
        call: member.call,
        agent: agent.name,
        ...(others.length > 0 && { others: others.map(one => one.agent.name) }),
        strategy: queue.strategy,
        waitedMs: this.#now - member.joinedAt,
        ahead: this.#ahead(member),
        candidates: candidates.map(({ candidate, key }) => ({ agent: candidate.agent.name, key })),
        skipped: [
          ...staff.skipped,
          ...usable.skipped,
          ...before.filter(name => staff.all.has(name)).map(name => ({ agent: name, why: 'reserved' as const })),
        ],
      },
    })
  }

  /** The callers of the queue before this one, and why they did not get the agent. */
  #ahead(member: Member): Ahead[] {
    const ahead: Ahead[] = []
    for (const other of this.#floor.line(member.queue)) {
      if (other === member || ahead.length === MOST_AHEAD) break
      const isAside = other.passedUntil > this.#now
      const isOffered = other.state === 'offered' || this.#given.has(other)
      const why = isOffered ? 'offered' : waitsForItsCall(other) ? 'callback' : isAside ? 'put-aside' : null
      ahead.push({ call: other.call, why: why ?? this.#passed.get(other) ?? 'nobody-usable' })
    }
    return ahead
  }

  #staff(queue: string): Staff {
    const staff = this.#staffs.get(queue) ?? new Staff(queue, this.#floor, this.#now)
    this.#staffs.set(queue, staff)
    staff.without(this.#taken)
    return staff
  }
}

type Ahead = OfferRecord['ahead'][number]

interface Decision {
  readonly member: Member
  readonly queue: QueueSettings
  readonly staff: Staff
  readonly usable: Usable
  /** False: the agent was reserved for a lead. */
  readonly byStrategy: boolean
  /** Those who are offered the call, one at least. */
  readonly offered: readonly Candidate[]
  /** All who could have had it, best first. */
  readonly candidates: readonly { readonly candidate: Candidate; readonly key: Key }[]
}

/** A callback that gets no agent now: the customer is called first, or a telephone rings for it. */
const waitsForItsCall = (member: Member): boolean =>
  member.state === 'waiting' && (isForCustomer(member) || member.callback?.called === true)

/** Fails, so that the default strategy decides, and the fault is told. */
const unknown: Strategy = ({ queue }) => {
  throw new Error(noStrategy(queue.strategy))
}

const NOBODY: Usable = { agents: [], skipped: [], lookAgainAt: null }
const NO_CHOICE: Pick<Decision, 'offered' | 'candidates'> = { offered: [], candidates: [] }

function situation(
  member: Member,
  queue: QueueSettings,
  staff: Staff,
  agents: readonly Candidate[],
  now: number,
): Situation {
  const { call, from, joinedAt, headStartMs, lastOffered, offeredAt = null, rev } = member
  const waitedMs = now - joinedAt
  return {
    caller: {
      call,
      from,
      waitedMs,
      scoreMs: waitedMs + headStartMs,
      lastOffered: staff.all.get(lastOffered ?? '') ?? null,
      offeredAt,
      ringing: offersOf(member).length,
    },
    queue,
    agents,
    lastOffered: staff.lastOffered,
    now,
    chance: word => seededRandom(`${call} ${rev} ${word}`)(),
  }
}

/** The agents of all choices in their order; those of the first choice with an agent are offered. */
function byAgent(choices: readonly Choice[], isUsable: (agent: string) => boolean) {
  const candidates: { candidate: Candidate; key: Key }[] = []
  let offered: readonly Candidate[] = []
  for (const { agents, key } of choices) {
    const free = agents.filter(({ agent }) => isUsable(agent.name))
    if (offered.length === 0) offered = free
    for (const candidate of free) candidates.push({ candidate, key })
  }
  return { offered, candidates }
}
