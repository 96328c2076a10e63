import { ordered, type Strategy } from '../strategy.ts'

/**
 * The lowest level first; in it the lowest position, then the agent whose last offer, of any queue, was longest ago. As
 * in mod_callcenter (level, position, last_offered_call).
 */
export const sequentiallyByAgentOrder: Strategy = situation =>
  ordered(situation, ({ agent, tier }) => {
    const lastOffered = Math.max(0, ...(agent.turns ?? []).map(turn => turn.at))
    return [tier.level, tier.position, lastOffered]
  })
