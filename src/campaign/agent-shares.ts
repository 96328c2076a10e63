/**
 * Agents whom several campaigns dial for at the same time. A campaign that dials ahead of its agents counts on those
 * who will be free soon; two campaigns must not both count on the same agent. So each agent counts for one of them. A
 * lead who answers may still get any agent of the queue. Pure: all nodes come to the same result. Used by
 * campaign-owner.ts.
 */
import type { Agent } from '../agent/agent.ts'

export interface Sharing {
  readonly name: string
  readonly queue: string
}

/**
 * Does this agent count for this campaign?
 *
 * @param running All running campaigns that dial ahead, this one among them.
 * @param agents All agents, also those who are logged out: so no agent changes sides when another one logs in.
 */
export function countsFor(
  agent: Pick<Agent, 'name' | 'queues'>,
  campaign: Sharing,
  running: readonly Sharing[],
  agents: readonly Pick<Agent, 'name' | 'queues'>[],
): boolean {
  const serves = (one: Pick<Agent, 'queues'>, queue: string) => one.queues.some(tier => tier.queue === queue)
  const sharing = running.filter(one => serves(agent, one.queue)).map(({ name }) => name)
  if (sharing.length < 2) return true
  const beside = agents.filter(one => serves(one, campaign.queue)).map(({ name }) => name)
  const turn = beside.sort().indexOf(agent.name)
  return sharing.sort()[Math.max(0, turn) % sharing.length] === campaign.name
}
