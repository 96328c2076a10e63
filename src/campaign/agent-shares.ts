/**
 * Agents whom several campaigns dial for at the same time. A campaign that dials ahead of its agents counts on those
 * who will be free soon; two campaigns must not both count on the same agent. So each agent counts for one of them. A
 * lead who answers may still get any agent of the queue. Pure: all nodes come to the same result. Used by
 * campaign-owner.ts.
 */
import type { Agent } from '../agent/agent.ts'
import { seededRandom } from '../base/seeded-random.ts'

export interface Sharing {
  readonly name: string
  readonly queue: string
}

/**
 * Does this agent count for this campaign? By the agent's name, so no agent changes sides when another one comes or
 * goes.
 *
 * @param running All running campaigns that dial ahead, this one among them.
 */
export function countsFor(
  agent: Pick<Agent, 'name' | 'queues'>,
  campaign: Sharing,
  running: readonly Sharing[],
): boolean {
  const sharing = running.filter(one => agent.queues.some(({ queue }) => queue === one.queue)).map(({ name }) => name)
  if (sharing.length < 2) return true
  const turn = Math.floor(seededRandom(agent.name)() * sharing.length)
  return sharing.sort()[turn] === campaign.name
}
