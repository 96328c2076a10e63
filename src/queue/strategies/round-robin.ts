import { isBehind, ordered, type Strategy } from '../strategy.ts'

/**
 * Each call goes to the next agent of the queue: first those behind the agent who was offered the latest call, at the
 * same level; then all from the top, by level and position. As in mod_callcenter, with two differences. Agents of equal
 * position have their turns in the order of their names (mod_callcenter skips them until the next round). Only offers
 * of this queue count (in mod_callcenter an offer of another queue moves the turn).
 *
 * The first part of the key is 0 for agents whose turn is still to come in this round, 1 for the others.
 */
export const roundRobin: Strategy = situation => {
  const last = situation.lastOffered
  return ordered(situation, candidate => {
    const { level, position } = candidate.tier
    const isNext = last !== null && level === last.tier.level && isBehind(candidate, last)
    return [isNext ? 0 : 1, level, position]
  })
}
