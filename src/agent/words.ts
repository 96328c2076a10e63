/**
 * The words for what agents do now, as people say them: in lists, on status lines and in answers. A word follows from
 * the status that the agent chose and from the state that the system sees.
 */
import { isHeldForLead, isUnregistered, type Agent } from './agent.ts'
import { isUnreachable } from './rest.ts'

/** In the order of display. */
export const AGENT_WORDS = [
  'ready',
  'resting',
  'unreachable',
  'ringing',
  'talking',
  'wrap-up',
  'elsewhere',
  'break',
  'out',
] as const
export type AgentWord = (typeof AGENT_WORDS)[number]
export type AgentCounts = Readonly<Record<AgentWord, number>>

/**
 * The state has precedence over the status: an agent who talks is 'talking', even on a break. An agent who is reserved
 * for a lead that has not answered counts as idle. 'resting': after an unanswered call or a busy telephone, the agent
 * is offered no call for a while. 'unreachable': the agent is offered no call until a telephone registers.
 */
export function wordOf(
  agent: Pick<Agent, 'state' | 'status' | 'reservation' | 'restUntil' | 'unreached'> &
    Partial<Pick<Agent, 'registeredAt' | 'nailed'>>,
  now: number,
): AgentWord {
  const { state, status, restUntil } = agent
  const waits = state === 'idle' || isHeldForLead(agent)
  if (state === 'reserved' && !waits) return 'ringing'
  if (state === 'busy-elsewhere') return 'elsewhere'
  if (!waits) return state as AgentWord
  if (status === 'break') return 'break'
  if (status === 'logged-out') return 'out'
  if (isUnregistered(agent)) return 'unreachable'
  if (restUntil <= now) return 'ready'
  return isUnreachable(agent) ? 'unreachable' : 'resting'
}

export function countAgents(agents: readonly Agent[], now: number): AgentCounts {
  const counts = Object.fromEntries(AGENT_WORDS.map(word => [word, 0])) as Record<AgentWord, number>
  for (const agent of agents) counts[wordOf(agent, now)] += 1
  return counts
}
