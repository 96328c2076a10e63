/**
 * Ratio: a fixed number of calls for each free agent. It predicts nothing; when one more abandoned person would be too
 * many for the policy, it dials one call for each free agent until the ledger has room for one again.
 */
import { freeAgents, plainFigures, type Pacer } from './pacer.ts'

/** @param callsPerFreeAgent 1 or more; 1 is progressive. */
export function ratio(callsPerFreeAgent: number): Pacer {
  return {
    onEvent() {},
    decide(state) {
      const { live, abandoned } = state.budget
      const { target } = state.policy
      // of the first answers one may be abandoned: there is no smaller share of them
      const spent = abandoned + 1 > Math.max(1, target * live)
      const wanted = Math.round((spent ? 1 : callsPerFreeAgent) * freeAgents(state))
      const howMany = Math.max(0, wanted - state.calls.length)
      const why = state.agents.length === 0 ? 'no-agents' : spent ? 'budget' : 'ratio'
      return { howMany, why, figures: plainFigures(state, howMany) }
    },
  }
}
