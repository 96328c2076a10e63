import { ordered, type Strategy } from '../strategy.ts'

/**
 * The telephones of all usable agents ring; the first agent who takes the call has it, and the others stop ringing. As
 * in mod_callcenter. An agent who is free a moment later is offered the next caller, or this one again when nobody took
 * the call.
 */
export const ringAll: Strategy = situation => {
  const agents = ordered(situation, ({ tier }) => [tier.level, tier.position]).flatMap(choice => choice.agents)
  return [{ agents, key: ['all'] }]
}
