import { ordered, type Strategy } from '../strategy.ts'

/**
 * The lowest level first; in it the agent who has answered the fewest calls since they became ready, then the lowest
 * position. As in mod_callcenter (level, calls_answered, position).
 */
export const agentWithFewestCalls: Strategy = situation =>
  ordered(situation, ({ agent, tier }) => [tier.level, agent.calls ?? 0, tier.position])
