/** What a dial that did not reach a reserved agent means for the agent: the outcome sets the rest (agent/rest.ts). */
import type { Outcome } from '../agent/agent.ts'
import type { DialOutcome } from '../switch/hangup-cause.ts'

export const AGENT_OUTCOME: Readonly<Record<Exclude<DialOutcome, 'answered'>, Outcome>> = {
  busy: 'busy',
  'no-answer': 'no-answer',
  declined: 'declined',
  cancelled: 'caller-left',
  invalid: 'unreachable',
  failed: 'failed',
  refused: 'failed',
  lost: 'failed',
}
