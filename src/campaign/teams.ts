/**
 * Nailed-up agents by their FreeSWITCH. A lead is dialled on the agent's FreeSWITCH, because two legs can be joined on
 * one FreeSWITCH only.
 */
import type { Agent } from '../agent/agent.ts'
import type { Switch } from '../switch/switchboard.ts'

export interface Team {
  /** Null: their FreeSWITCH is down, or not yet known. */
  readonly at: Switch | null
  readonly free: readonly Agent[]
  /** Agents who are reserved for leads that are being dialled. */
  readonly held: readonly Agent[]
}

/**
 * Groups the agents. `homeOf` returns the FreeSWITCH of an agent's nailed-up leg. The teams are in the order of the
 * agents.
 */
export function teamsOf(
  free: readonly Agent[],
  held: readonly Agent[],
  homeOf: (agent: Agent) => Switch | null,
): Team[] {
  const homes = new Map([...free, ...held].map(agent => [agent, homeOf(agent)]))
  const on = (at: Switch | null) => (agent: Agent) => homes.get(agent) === at
  return [...new Set(homes.values())].map(at => ({ at, free: free.filter(on(at)), held: held.filter(on(at)) }))
}
