/**
 * The modes that dial more leads than agents are free (ratio, predictive): a pacer decides how many (pacing/), from the
 * agents, the calls under way and the budget of the law. No agent is reserved for a call: a lead who answers waits in
 * the queue of the campaign, before all callers, and gets the first agent who is free.
 */
import { isPresent, whyNotNow, type Agent } from '../agent/agent.ts'
import type { RosterMirror } from '../agent/roster-mirror.ts'
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { Switch } from '../switch/switchboard.ts'
import type { ClaimedLead, Slot } from './callable-leads.ts'
import type { DialMode, Staffing, Wanted } from './dial-mode.ts'
import type { PacedFloors } from './paced-floors.ts'
import type { PacingBudget, PacingPolicy } from './pacing/pacer.ts'
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

export interface DialAheadParts {
  /** Its name, for the log. */
  readonly campaign: string
  readonly mirror: RosterMirror
  readonly clock: Clock
  readonly log: Log
  readonly homeOf: (agent: Agent) => Switch | null
  readonly floors: PacedFloors
  readonly law: () => Promise<LawNow>
}

export class DialAhead implements DialMode {
  readonly #parts: DialAheadParts
  readonly #serves: (agent: Agent) => boolean
  #law: (LawNow & { readonly at: number }) | null = null

  /** `serves`: does this agent take calls of the campaign? */
  constructor(parts: DialAheadParts, serves: (agent: Agent) => boolean) {
    this.#parts = parts
    this.#serves = serves
  }

  staffing(): Staffing {
    const { mirror, homeOf } = this.#parts
    const agents = mirror.all().filter(agent => agent.nailed !== null && this.#serves(agent) && isAtWork(agent))
    // a callback that an agent has promised is for anybody after a time: no agent is reserved here
    return { teams: teamsOf(agents, homeOf), free: [], mostWanted: agents.length * MOST_FOR_AGENT }
  }

  async wanted({ at, agents }: Team): Promise<Wanted> {
    const { clock, floors, law } = this.#parts
    const now = clock.now()
    const free = agents.filter(agent => whyNotNow(agent, now) === null).length
    if (!at) return { free, howMany: 0, why: 'no-agents', figures: null, againMs: null }
    await floors.saveSometimes()
    if (!this.#law || now >= this.#law.at + LAW_MS) this.#law = { at: now, ...(await law()) }
    const { policy, budget } = this.#law
    // nothing may happen between the decision and the dials: it counts the calls and agents of this moment
    const { howMany, why, figures } = floors.at(at).decide(policy, budget)
    const againMs = agents.length > 0 ? TICK_MS : null
    return { free, howMany: Math.min(howMany, agents.length * MOST_FOR_AGENT), why, figures, againMs }
  }

  async prepare(_at: Switch, calls: readonly string[]): Promise<Slot[]> {
    return calls.map(id => ({ id, agent: null }))
  }

  begins(at: Switch, { attempt: call, facts }: ClaimedLead, now: number): void {
    const { floors } = this.#parts
    floors.at(at).calls.dialled(call, floors.leads?.dialled(call, facts, now))
  }

  maySend(): boolean {
    return true
  }

  async over(call: string, rang: boolean): Promise<void> {
    const { floors } = this.#parts
    if (rang) floors.leads?.unanswered(call)
    else floors.leads?.neverMade(call)
    floors.over(call)
  }

  /** An answered call is followed until it is over: the events of its leg tell. */
  forget(): void {}

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

/** Who is on a break or has logged out takes no further call, but may still talk. */
const isAtWork = (agent: Agent): boolean => isPresent(agent) || agent.state !== 'idle'
