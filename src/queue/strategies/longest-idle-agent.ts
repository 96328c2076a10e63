import { ordered, type Strategy } from '../strategy.ts'

/**
 * The lowest level first; in it the agent whose last talk ended longest ago, then the lowest position. An agent who has
 * not talked yet comes first. As in mod_callcenter (level, last_bridge_end, position).
 */
export const longestIdleAgent: Strategy = situation =>
  ordered(situation, ({ agent, tier }) => [tier.level, agent.lastTalkEnded, tier.position])
