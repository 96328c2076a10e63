import { ordered, type Strategy } from '../strategy.ts'

/**
 * The lowest level first; in it by chance. As in mod_callcenter (level, random()). Chance depends on the caller and the
 * agent, so all nodes draw the same order, and draw again after each offer.
 */
export const random: Strategy = situation =>
  ordered(situation, ({ agent, tier }) => [tier.level, situation.chance(agent.name)])
