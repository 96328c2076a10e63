import { isBehind, ordered, type Strategy } from '../strategy.ts'

/**
 * Each caller starts at the top of the order (level, then position). After an offer without a talk the caller gets the
 * next agent below, and at the end of the order the first one again. As in mod_callcenter, with two differences. Agents
 * of equal position follow each other by name (mod_callcenter skips them). Where nobody below is usable, the caller
 * gets an agent above at once (mod_callcenter #1221: an unusable last agent stops the distribution).
 *
 * The first part of the key is 0 for agents below the one who was offered the call last, 1 for the others.
 */
export const topDown: Strategy = situation => {
  const last = situation.caller.lastOffered
  return ordered(situation, candidate => {
    const { level, position } = candidate.tier
    return [last !== null && isBehind(candidate, last) ? 0 : 1, level, position]
  })
}
