/**
 * The modes that dial more leads than agents are free (ratio, predictive): a pacer decides how many (pacing/), from the
 * agents, the calls under way and the budget of the law. No agent is reserved for a call: a lead who answers waits in
 * the queue of the campaign, before all callers, and gets the first agent who is free.
 *
 * A callback that an agent has promised is dialled beside these, with that agent reserved (reservations.ts), as soon as
 * the agent is free: the pacer sees neither the call nor the agent.
 */
import { isPresent, whyNotNow, type Agent } from '../agent/agent.ts'
import type { Log } from '../base/log.ts'
import type { Switch } from '../switch/switchboard.ts'
import type { ClaimedLead, Slot } from './callable-leads.ts'
import type { DialMode, Staffing, Wanted } from './dial-mode.ts'
import type { PacedFloors } from './paced-floors.ts'
import type { PacingBudget, PacingPolicy } from './pacing/pacer.ts'
import { Reservations, type ReservationParts } from './reservations.ts'
import { teamsOf, type Team } from './teams.ts'

/** Time alone changes the chances: a telephone that has rung longer is answered less probably. */
const TICK_MS = 250
/** The ledger is asked again after this time: a pacer hears of each abandoned person at once, by the event. */
const LAW_MS = 500
/** One turn dials at most so many leads for each agent: the next turn follows at once. */
const MOST_FOR_AGENT = 5

/** What the law of the campaign allows, and what its ledger counts now. Rejects when PostgreSQL is unavailable. */
export interface LawNow {
  readonly policy: PacingPolicy
  readonly budget: PacingBudget
}

export interface DialAheadParts extends ReservationParts {
  /** Its name, for the log. */
  readonly campaign: string
  readonly log: Log
  readonly homeOf: (agent: Agent) => Switch | null
  readonly floors: PacedFloors
  readonly law: () => Promise<LawNow>
  /** May this call still be answered? */
  readonly rings: (call: string) => boolean
}

export class DialAhead implements DialMode {
  readonly previews = null
  readonly #parts: DialAheadParts
  readonly #serves: (agent: Agent) => boolean
  /** For promised callbacks. */
  readonly #reservations: Reservations
  /** The agents who get a call of their own next. */
  readonly #promised = new Map<Switch, readonly Agent[]>()
  #law: (LawNow & { readonly at: number }) | null = null

  /** `serves`: does this agent take calls of the campaign? */
  constructor(parts: DialAheadParts, serves: (agent: Agent) => boolean) {
    this.#parts = parts
    this.#serves = serves
    this.#reservations = new Reservations(parts)
  }

  staffing(): Staffing {
    const { mirror, clock, homeOf } = this.#parts
    const agents = mirror.all().filter(agent => agent.nailed !== null && this.#serves(agent) && isAtWork(agent))
    const free = freeOf(agents, clock.now()).filter(agent => homeOf(agent) !== null)
    const names = free.map(({ name }) => name)
    return { teams: teamsOf(agents, homeOf), free: names, mostWanted: agents.length * MOST_FOR_AGENT }
  }

  async wanted({ at, agents }: Team, forMs: number, promisedBy: readonly string[]): Promise<Wanted> {
    const { clock, floors, law, rings } = this.#parts
    const now = clock.now()
    const freeNow = freeOf(agents, now)
    const free = freeNow.length
    if (!at) return { free, howMany: 0, why: 'no-agents', figures: null, againMs: null }
    await floors.saveSometimes()
    if (!this.#law || now >= this.#law.at + LAW_MS) this.#law = { at: now, ...(await law()) }
    const { policy, budget } = this.#law
    // first the callbacks whose agent has left
    const left = await this.#reservations.cover(at, freeNow, rings, forMs)
    const promised = left.filter(({ name }) => promisedBy.includes(name))
    this.#promised.set(at, promised)
    const others = promised.map(({ name }) => name)
    // nothing may happen between the decision and the dials: it counts the calls and agents of this moment
    const { howMany, why, figures } = floors.at(at).decide(policy, budget, others)
    const againMs = agents.length > 0 ? TICK_MS : null
    const all = promised.length + Math.min(howMany, agents.length * MOST_FOR_AGENT)
    return { free, howMany: all, why, figures, againMs }
  }

  async prepare(at: Switch, calls: readonly string[], forMs: number): Promise<Slot[]> {
    const agents = this.#promised.get(at) ?? []
    const own = calls.slice(0, agents.length)
    const reserved = own.length === 0 ? [] : await this.#reservations.reserve(at, agents, own, forMs)
    const slots = own.flatMap((id, n) => (reserved.includes(id) ? [{ id, agent: agents[n]!.name }] : []))
    return [...slots, ...calls.slice(own.length).map(id => ({ id, agent: null }))]
  }

  begins(at: Switch, { attempt: call, facts }: ClaimedLead, now: number): void {
    if (this.#reservations.has(call)) return
    const { floors } = this.#parts
    floors.at(at).calls.dialled(call, floors.leads?.dialled(call, facts, now))
  }

  maySend(call: string): boolean {
    return !this.#reservations.has(call) || this.#reservations.stands(call)
  }

  async over(call: string, rang: boolean): Promise<void> {
    const { floors } = this.#parts
    if (this.#reservations.has(call)) return this.#reservations.free(call)
    if (rang) floors.leads?.unanswered(call)
    else floors.leads?.neverMade(call)
    floors.over(call)
  }

  /** An answered call is followed until it is over: the events of its leg tell. */
  forget(call: string): void {
    this.#reservations.forget(call)
  }

  async close(): Promise<void> {
    const { campaign, floors, log } = this.#parts
    try {
      await floors.save()
    } catch (error) {
      log.warn(
        { campaign, error: (error as Error).message },
        'what the pacing has learned in the last minute was not saved',
      )
    }
    floors.close()
  }
}

const freeOf = (agents: readonly Agent[], now: number): readonly Agent[] =>
  agents.filter(agent => whyNotNow(agent, now) === null)

/** Who is on a break or has logged out takes no further call, but may still talk. */
const isAtWork = (agent: Agent): boolean => isPresent(agent) || agent.state !== 'idle'
