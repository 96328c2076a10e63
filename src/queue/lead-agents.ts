/**
 * Agents whom a campaign has reserved for leads, during one run of the matcher (match.ts). Such an agent is for that
 * lead only, with one exception. A lead who has answered, and whose agent's nailed-up leg has ended, gets the agent of
 * the lead that was dialled last and has not answered: that lead may never answer, and the next free agent is kept for
 * it (campaign/reservations.ts).
 */
import { isHeldForLead, type Agent } from '../agent/agent.ts'
import type { Staff } from './staff.ts'
import type { Choice } from './strategy.ts'

export class LeadAgents {
  /** Nailed-up agents by the lead's call for which they are reserved. */
  readonly #held: Map<string, Agent>
  /** The calls whose agent's nailed-up leg has ended, or whose agent was given to such a call. */
  readonly #deserted: ReadonlySet<string>

  constructor(people: readonly Agent[]) {
    const held = people.filter(isHeldForLead)
    const [nailed, left] = [held.filter(agent => agent.nailed), held.filter(agent => !agent.nailed)]
    this.#held = new Map(nailed.map(agent => [agent.reservation!.for, agent]))
    const given = people.flatMap(({ reservation }) => reservation?.insteadOf ?? [])
    const deserted = [...left.map(agent => agent.reservation!.for), ...given]
    this.#deserted = new Set(deserted.filter(call => !this.#held.has(call)))
  }

  /** The calls that may get an agent who is reserved for a lead. */
  get calls(): Iterable<string> {
    return [...this.#held.keys(), ...this.#deserted]
  }

  /** The agent of this queue who is reserved for this call. */
  own(call: string, staff: Staff): Choice | null {
    const candidate = staff.all.get(this.#held.get(call)?.name ?? '')
    return candidate ? { agents: [candidate], key: ['reserved for this call'] } : null
  }

  /**
   * For a deserted call: the agents of this queue who are reserved for leads that have not answered, the last dialled
   * first: that lead may ring longest. `isHere`: has the lead of this call answered?
   */
  ofUnanswered(call: string, staff: Staff, isHere: (call: string) => boolean): Choice[] {
    if (!this.#deserted.has(call)) return []
    const unanswered = [...this.#held].flatMap(([lead, agent]) => (isHere(lead) ? [] : [agent]))
    return unanswered
      .sort((a, b) => b.reservation!.epoch - a.reservation!.epoch)
      .flatMap(({ name, reservation }) => {
        const candidate = staff.all.get(name)
        return candidate ? [{ agents: [candidate], key: ['reserved for a lead', -reservation!.epoch] }] : []
      })
  }

  /** The agent is given to this caller. Returns the lead's call that loses the agent by this, or null. */
  give({ reservation }: Agent, call: string): string | null {
    const lead = reservation?.for ?? call
    this.#held.delete(lead)
    return lead === call ? null : lead
  }
}
