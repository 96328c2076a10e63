/**
 * Nailed-up agents by their FreeSWITCH. A lead is dialled on the agent's FreeSWITCH, because two legs can be joined on
 * one FreeSWITCH only.
 */
import type { Agent } from '../agent/agent.ts'
import type { Switch } from '../switch/switchboard.ts'

export interface Team {
  /** Null: their FreeSWITCH is down, or not yet known. */
  readonly at: Switch | null
  readonly agents: readonly Agent[]
}

/**
 * Groups the agents. `homeOf` returns the FreeSWITCH of an agent's nailed-up leg. The teams, and the agents of each,
 * are in the order of the agents.
 */
export function teamsOf(agents: readonly Agent[], homeOf: (agent: Agent) => Switch | null): Team[] {
  const homes = new Map(agents.map(agent => [agent, homeOf(agent)]))
  return [...new Set(homes.values())].map(at => ({ at, agents: agents.filter(agent => homes.get(agent) === at) }))
}
