/** The agents on the line, by the switch on which they wait: a lead is dialled there, for two legs can be joined on one switch only. */
import type { Agent } from '../agent/agent.ts'
import type { Switch } from '../switch/switchboard.ts'

export interface Team {
  /** Null: they wait on a switch that is away, or it is not known yet where. */
  readonly at: Switch | null
  readonly free: readonly Agent[]
  /** Reserved for leads who are being called. */
  readonly held: readonly Agent[]
}

/** `homeOf` says where an agent waits. In the order of the agents. */
export function teamsOf(
  free: readonly Agent[],
  held: readonly Agent[],
  homeOf: (agent: Agent) => Switch | null,
): Team[] {
  const homes = new Map([...free, ...held].map(agent => [agent, homeOf(agent)]))
  const on = (at: Switch | null) => (agent: Agent) => homes.get(agent) === at
  return [...new Set(homes.values())].map(at => ({ at, free: free.filter(on(at)), held: held.filter(on(at)) }))
}
