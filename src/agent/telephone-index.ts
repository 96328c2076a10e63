/**
 * Finds the agents at a telephone; several may share one, and an agent may have several. Used by roster-mirror.ts, and
 * by queue/floor-index.ts: of the agents who share a telephone only one is offered a call at a time.
 */
import type { Agent } from './agent.ts'
import { telephonesOf } from './settings.ts'

export class TelephoneIndex {
  readonly #at = new Map<string, Set<string>>()

  clear(): void {
    this.#at.clear()
  }

  /** `before` and `agent`: the record of one agent; undefined or null when there is none. */
  replace(before: Agent | null | undefined, agent: Agent | null): void {
    if (before?.endpoint === agent?.endpoint) return
    for (const telephone of before ? telephonesOf(before) : []) {
      const names = this.#at.get(telephone)
      if (names?.delete(before!.name) && names.size === 0) this.#at.delete(telephone)
    }
    for (const telephone of agent ? telephonesOf(agent) : []) {
      const names = this.#at.get(telephone) ?? new Set()
      this.#at.set(telephone, names.add(agent!.name))
    }
  }

  /** The names of the agents at this telephone. */
  at(telephone: string): Iterable<string> {
    return this.#at.get(telephone) ?? []
  }

  /** The names of the other agents at the telephones of this one. */
  othersAt(agent: Agent): readonly string[] {
    const names = telephonesOf(agent).flatMap(telephone => [...this.at(telephone)])
    return names.length === 1 ? [] : [...new Set(names)].filter(name => name !== agent.name)
  }
}

/** The other agents at the telephones of this one. */
export function sharingTelephone(agents: readonly Agent[], { name, endpoint }: Agent): Agent[] {
  const own = telephonesOf({ endpoint })
  return agents.filter(other => other.name !== name && telephonesOf(other).some(telephone => own.includes(telephone)))
}

/** A call of a queue, or the nailed-up leg, is at the agent's telephone. (Any other call is at all who share it.) */
export const usesTelephone = ({ state, nailed }: Agent): boolean =>
  nailed !== null || state === 'reserved' || state === 'ringing' || state === 'talking'
