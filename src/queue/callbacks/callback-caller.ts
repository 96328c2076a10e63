/** What the queues of a node tell of callbacks. Each may be told more than once. */
import type { Agent } from '../../agent/agent.ts'
import type { Member } from '../member.ts'

export interface CallbackCaller {
  /** An agent is reserved for the place of a callback. */
  agentReserved(member: Member, agent: Agent): void
  /** An agent can be there soon for this customer, who is called first. */
  turnIsNear(member: Member): void
  /** The store has a new request. */
  requested(): void
}
