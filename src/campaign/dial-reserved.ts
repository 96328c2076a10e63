/**
 * Progressive dialling: each call has its agent, reserved before the dial (reservations.ts). So each lead who answers
 * has an agent at once, and nobody is abandoned as long as no agent hangs up.
 */
import { isHeldForLead, type Agent } from '../agent/agent.ts'
import type { RosterMirror } from '../agent/roster-mirror.ts'
import type { Switch } from '../switch/switchboard.ts'
import type { Slot } from './callable-leads.ts'
import type { DialMode, Staffing, Wanted } from './dial-mode.ts'
import { Reservations, type ReservationParts } from './reservations.ts'
import { teamsOf, type Team } from './teams.ts'
import type { UnreservedCalls } from './unreserved-calls.ts'

export interface DialReservedParts extends ReservationParts {
  readonly mirror: RosterMirror
  readonly homeOf: (agent: Agent) => Switch | null
  /** May this call still be answered? */
  readonly rings: (call: string) => boolean
  /** The calls of an earlier mode. */
  readonly unreserved: UnreservedCalls
}

export class DialReserved implements DialMode {
  readonly previews = null
  readonly #parts: DialReservedParts
  readonly #queue: string
  readonly #reservations: Reservations
  /** The free agents of the last `wanted`, less those who were given to calls under way; first those who promised. */
  readonly #free = new Map<Switch, readonly Agent[]>()

  constructor(parts: DialReservedParts, queue: string) {
    this.#parts = parts
    this.#queue = queue
    this.#reservations = new Reservations(parts)
  }

  staffing(): Staffing {
    const { mirror, homeOf } = this.#parts
    const free = mirror.free(this.#queue)
    const teams = teamsOf([...free, ...mirror.held(this.#queue)], homeOf)
    return { teams, free: free.map(({ name }) => name), mostWanted: free.length }
  }

  async wanted({ at, agents }: Team, forMs: number, promisedBy: readonly string[]): Promise<Wanted> {
    const { mirror, rings, unreserved } = this.#parts
    const free = agents.filter(agent => !isHeldForLead(agent))
    // first the calls whose agent has left: new leads are dialled only for agents who are free after that
    const left = at ? await this.#reservations.cover(at, free, rings, forMs) : free
    const hasPromised = ({ name }: Agent) => promisedBy.includes(name)
    if (at) this.#free.set(at, [...left.filter(hasPromised), ...left.filter(agent => !hasPromised(agent))])
    return {
      free: agents.length,
      howMany: Math.max(0, left.length - mirror.unserved(this.#queue) - (at ? unreserved.countAt(at) : 0)),
      why: agents.length === 0 ? 'no-agents' : 'agents',
      figures: null,
      againMs: null,
    }
  }

  async prepare(at: Switch, calls: readonly string[], forMs: number): Promise<Slot[]> {
    const agents = this.#free.get(at) ?? []
    const reserved = await this.#reservations.reserve(at, agents, calls, forMs)
    return calls.flatMap((id, n) => (reserved.includes(id) ? [{ id, agent: agents[n]?.name ?? null }] : []))
  }

  /**
   * Reserves these agents, each for one of the calls, or prolongs the reservation that they have for it. Returns the
   * calls that have an agent now. Rejects when the roster is unavailable.
   */
  reserve(at: Switch, agents: readonly Agent[], calls: readonly string[], forMs: number): Promise<readonly string[]> {
    return this.#reservations.reserve(at, agents, calls, forMs)
  }

  begins(): void {}

  maySend(call: string): boolean {
    return this.#reservations.stands(call)
  }

  over(call: string): Promise<void> {
    this.#parts.unreserved.over(call)
    return this.#reservations.free(call)
  }

  forget(call: string): void {
    this.#reservations.forget(call)
  }

  async close(): Promise<void> {
    this.#parts.unreserved[Symbol.dispose]()
  }
}
