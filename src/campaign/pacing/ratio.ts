/**
 * Ratio: a fixed number of calls for each free agent. It predicts nothing; when more people were abandoned than the
 * policy allows, it dials one call for each free agent until the ledger is within the limit again.
 */
import { freeAgents, plainFigures, type Pacer } from './pacer.ts'

/** Before so many answers the share says little: one abandoned person does not stop the mode. */
const LIVE_AT_LEAST = 30

/** @param callsPerFreeAgent 1 or more; 1 is progressive. */
export function ratio(callsPerFreeAgent: number): Pacer {
  return {
    onEvent() {},
    decide(state) {
      const { live, abandoned } = state.budget
      const spent = abandoned > state.policy.target * Math.max(LIVE_AT_LEAST, live)
      const wanted = Math.round((spent ? 1 : callsPerFreeAgent) * freeAgents(state))
      const howMany = Math.max(0, wanted - state.calls.length)
      const why = state.agents.length === 0 ? 'no-agents' : spent ? 'budget' : 'ratio'
      return { howMany, why, figures: plainFigures(state, howMany) }
    },
  }
}
