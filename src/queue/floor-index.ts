/**
 * The callers and agents of all queues, in the order in which the matcher reads them. queue.ts puts each changed record
 * in; the matcher then looks only at what has changed since (`takeChanges`).
 *
 * Each queue has its line of callers, and its agents by name. A change costs the same however many callers wait.
 */
import { asOf, holds, isHeldForLead, isPresent, nextChange, type Agent } from '../agent/agent.ts'
import { TelephoneIndex, usesTelephone } from '../agent/telephone-index.ts'
import { Deadlines } from '../base/deadlines.ts'
import { Line } from './line.ts'
import { isForCustomer, offersOf, type Member, type Offer } from './member.ts'
import { isInUse, settingOf, type QueueSettings } from './settings.ts'

/** What has changed since the matcher looked last. */
export interface Changes {
  /** Every caller of these queues is looked at. */
  readonly queues: Set<string>
  /** By name. Every caller of their queues is looked at while one of them is free. */
  readonly agents: Set<string>
  readonly members: Set<Member>
}

interface Group {
  readonly line: Line
  readonly members: Map<string, Member>
  readonly agents: Map<string, Agent>
}

/** A caller or an agent at whose moment something changes by time alone. */
type Key = `caller ${string} ${string}` | `agent ${string}`

export class FloorIndex {
  /** The queues in use. */
  readonly queues = new Map<string, QueueSettings>()
  readonly #groups = new Map<string, Group>()
  readonly #agents = new Map<string, Agent>()
  /** The agents whom a campaign has reserved for leads, or has taken from one lead for another. */
  readonly #ofLeads = new Set<string>()
  /** The places of each call: one in each queue. */
  readonly #ofCall = new Map<string, Set<Member>>()
  /** The callers to whom each agent is offered. */
  readonly #offeredTo = new Map<string, Set<Member>>()
  /** Callers about whom a strategy decides later, by queue: a change of an agent there may change the decision. */
  readonly #undecided = new Map<string, Set<Member>>()
  readonly #telephones = new TelephoneIndex()
  /** The callbacks of which the customer is called first, by queue. */
  readonly #forCustomers = new Map<string, Set<Member>>()
  readonly #deadlines = new Deadlines<Key>()
  #changes: Changes = noChanges()

  /** All queues: the others are forgotten. */
  setQueues(queues: Iterable<QueueSettings>): void {
    this.queues.clear()
    for (const queue of queues) this.setQueue(queue)
  }

  setQueue(queue: QueueSettings): void {
    if (isInUse(queue)) this.queues.set(queue.name, queue)
    else this.queues.delete(queue.name)
    this.#changes.queues.add(queue.name)
  }

  /** Forgets every caller. */
  clearMembers(): void {
    for (const { queue, call } of this.allMembers()) this.setMember(queue, call, null)
  }

  /** Null: the place is gone. */
  setMember(queue: string, call: string, member: Member | null): void {
    const group = this.#group(queue)
    const before = group.members.get(call) ?? null
    if (before) {
      removeFrom(this.#ofCall, call, before)
      removeFrom(this.#undecided, queue, before)
      removeFrom(this.#forCustomers, queue, before)
      for (const { agent } of offersOf(before)) removeFrom(this.#offeredTo, agent, before)
      this.#changes.members.delete(before)
    }
    if (member) {
      group.members.set(call, member)
      addTo(this.#ofCall, call, member)
      if (isForCustomer(member)) addTo(this.#forCustomers, queue, member)
      for (const { agent } of offersOf(member)) addTo(this.#offeredTo, agent, member)
      this.#changes.members.add(member)
    } else group.members.delete(call)
    group.line.replace(before, member)
    this.#deadlines.set(`caller ${call} ${queue}`, member && member.passedUntil > 0 ? member.passedUntil : null)
  }

  /** Null: the agent was removed. */
  setAgent(name: string, agent: Agent | null, now: number): void {
    const before = this.#agents.get(name)
    if (before === agent) return
    for (const { queue } of before?.queues ?? []) this.#group(queue).agents.delete(name)
    if (agent) this.#agents.set(name, agent)
    else this.#agents.delete(name)
    for (const { queue } of agent?.queues ?? []) this.#group(queue).agents.set(name, agent!)
    const { reservation } = agent ?? {}
    if (agent && (isHeldForLead(agent) || reservation?.insteadOf !== undefined)) this.#ofLeads.add(name)
    else this.#ofLeads.delete(name)
    this.#changes.agents.add(name)
    this.#telephones.replace(before, agent)
    for (const one of [before, agent])
      if (one) for (const other of this.sharing(one)) this.#changes.agents.add(other.name)
    for (const { queue } of [...(before?.queues ?? []), ...(agent?.queues ?? [])]) {
      for (const member of this.#undecided.get(queue) ?? []) this.#changes.members.add(member)
      if (before && isPresent(before) && !(agent && isPresent(agent)) && this.#waitsForPresent(queue))
        this.#changes.queues.add(queue)
    }
    this.#deadlines.set(`agent ${name}`, agent && nextChange(agent, now))
  }

  /** A strategy decides about this caller again at that moment, or after a change of an agent. */
  decideLater(member: Member, at: number | null): void {
    if (this.member(member.queue, member.call) !== member) return
    addTo(this.#undecided, member.queue, member)
    if (at !== null) this.#deadlines.set(`caller ${member.call} ${member.queue}`, at)
  }

  /** The matcher must look at this caller and agent again, although their records are the same. */
  lookAgain(queue: string, call: string, agents: readonly string[]): void {
    const member = this.member(queue, call)
    if (member) this.#changes.members.add(member)
    for (const agent of agents) this.#changes.agents.add(agent)
  }

  member(queue: string, call: string): Member | null {
    return this.#groups.get(queue)?.members.get(call) ?? null
  }

  agent(name: string): Agent | undefined {
    return this.#agents.get(name)
  }

  /** The other agents at the telephones of this one, as last written. */
  sharing(agent: Agent): Agent[] {
    return this.#telephones.othersAt(agent).flatMap(name => this.#agents.get(name) ?? [])
  }

  /** Does another agent use a telephone of this one? */
  isTelephoneInUse(agent: Agent, now: number): boolean {
    return this.sharing(agent).some(other => usesTelephone(asOf(other, now)))
  }

  /** The callers of a queue who wait or are offered an agent, in order. */
  line(queue: string): Line {
    return this.#group(queue).line
  }

  /** The agents of a queue, as last written. */
  staff(queue: string): Iterable<Agent> {
    return this.#group(queue).agents.values()
  }

  /** Every caller of a queue, also those who talk. */
  members(queue: string): Iterable<Member> {
    return this.#group(queue).members.values()
  }

  /** The queues with callbacks of which the customer is called first. */
  get queuesOfCustomers(): Iterable<string> {
    return this.#forCustomers.keys()
  }

  allMembers(): Member[] {
    return [...this.#groups.values()].flatMap(({ members }) => [...members.values()])
  }

  placesOf(call: string): Iterable<Member> {
    return this.#ofCall.get(call) ?? []
  }

  /** Agents of leads, as of now (lead-agents.ts). */
  ofLeads(now: number): Agent[] {
    return [...this.#ofLeads].map(name => asOf(this.#agents.get(name)!, now))
  }

  /** The offers of these callers and agents that are void, because the agent's reservation is over. */
  unfounded({ members, agents }: Changes, now: number): { member: Member; offer: Offer }[] {
    const asked = new Set([...members, ...[...agents].flatMap(name => [...(this.#offeredTo.get(name) ?? [])])])
    return [...asked].flatMap(member => {
      if (member.state !== 'offered') return []
      const isVoid = (offer: Offer) => {
        const agent = this.#agents.get(offer.agent)
        return !agent || !holds(agent, offer.epoch, now)
      }
      return offersOf(member)
        .filter(isVoid)
        .map(offer => ({ member, offer }))
    })
  }

  /** What has changed since the last call, and what changes now by time alone. */
  takeChanges(now: number): Changes {
    const changes = this.#changes
    this.#changes = noChanges()
    for (const key of this.#deadlines.takeDue(now)) {
      const [what, name = '', queue = ''] = key.split(' ')
      const member = what === 'caller' && this.member(queue, name)
      if (what === 'agent') changes.agents.add(name)
      else if (member) changes.members.add(member)
    }
    return changes
  }

  /** Adds what has changed since `takeChanges`, and drops the records of callers that are no longer there. */
  addChanges({ queues, agents, members }: Changes, now: number): void {
    for (const member of [...members]) if (this.member(member.queue, member.call) !== member) members.delete(member)
    const since = this.takeChanges(now)
    for (const queue of since.queues) queues.add(queue)
    for (const agent of since.agents) agents.add(agent)
    for (const member of since.members) members.add(member)
  }

  /** These changes are looked at once more: the run that took them has failed. */
  giveBack({ queues, agents, members }: Changes): void {
    for (const queue of queues) this.#changes.queues.add(queue)
    for (const agent of agents) this.#changes.agents.add(agent)
    for (const { queue, call } of members) this.lookAgain(queue, call, [])
  }

  /** The agents whose deadline has passed, and whose record does not show it yet. */
  overdue({ agents }: Changes, now: number): Agent[] {
    return [...agents].flatMap(name => {
      const agent = this.#agents.get(name)
      return agent && asOf(agent, now) !== agent ? [agent] : []
    })
  }

  /** The next moment at which time alone changes something, or null. */
  get nextLook(): number | null {
    return this.#deadlines.next
  }

  /** Do callers of this queue wait until nobody else is there for them (usable.ts)? */
  #waitsForPresent(queue: string): boolean {
    const settings = this.queues.get(queue)
    return (
      settings !== undefined && (settingOf(settings, 'tierWaitMs') > 0 || settingOf(settings, 'rememberWaitMs') > 0)
    )
  }

  #group(queue: string): Group {
    const known = this.#groups.get(queue)
    if (known) return known
    const group = { line: new Line(), members: new Map(), agents: new Map() }
    this.#groups.set(queue, group)
    return group
  }
}

const noChanges = (): Changes => ({ queues: new Set(), agents: new Set(), members: new Set() })

function addTo<T>(sets: Map<string, Set<T>>, key: string, one: T): void {
  const set = sets.get(key)
  if (set) set.add(one)
  else sets.set(key, new Set([one]))
}

function removeFrom<T>(sets: Map<string, Set<T>>, key: string, one: T): void {
  const set = sets.get(key)
  if (set?.delete(one) && set.size === 0) sets.delete(key)
}
