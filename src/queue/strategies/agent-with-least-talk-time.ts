import { ordered, type Strategy } from '../strategy.ts'

/**
 * The lowest level first; in it the agent who has talked least since they became ready, then the lowest position. As in
 * mod_callcenter (level, talk_time, position).
 */
export const agentWithLeastTalkTime: Strategy = situation =>
  ordered(situation, ({ agent, tier }) => [tier.level, agent.talkMs ?? 0, tier.position])
