/**
 * Progressive: one call for each free agent. Each person who answers has an agent at once, so nobody is abandoned
 * unless an agent leaves in between.
 */
import { freeAgents, plainFigures, type Pacer } from './pacer.ts'

export const progressive: Pacer = {
  onEvent() {},
  decide(state) {
    const howMany = Math.max(0, freeAgents(state) - state.calls.length)
    return { howMany, why: state.agents.length === 0 ? 'no-agents' : 'agents', figures: plainFigures(state, howMany) }
  },
}
