/** What one answered call counts as, by the law of its campaign. Pure. Used when an attempt is settled or corrected. */
import type { CountsAs } from '../../store/attempts.ts'
import { meaningOf, type AttemptEnd } from '../disposition.ts'
import type { LawPolicy } from './policy.ts'

/** Times are milliseconds since the epoch; null: not known, or it did not happen. */
export interface AnsweredCall {
  readonly end: AttemptEnd
  /** True: an agent said so, who had the person on the line. */
  readonly byAgent: boolean
  readonly answeredAt: number | null
  readonly greetedAt: number | null
  readonly connectedAt: number | null
  /** The flow asked for an agent, and none came in time. */
  readonly unserved: boolean
}

/**
 * A machine is a machine, whatever happened. Else the times decide, before the words: a person who got an agent too
 * late was abandoned, and so was one for whom no agent came, whatever the flow returned. The words decide the rest.
 */
export function countsAs(call: AnsweredCall, policy: Pick<LawPolicy, 'connectWithinMs' | 'deadlineFrom'>): CountsAs {
  const { human, is } = meaningOf(call.end)
  if (is.includes('machine')) return 'machine'
  if (call.byAgent && !human) return 'nobody'
  if (call.connectedAt !== null) {
    const waited = waitOf(call, policy)
    return waited !== null && waited > policy.connectWithinMs ? 'abandoned' : 'served'
  }
  if (call.unserved || call.end === 'abandoned') return 'abandoned'
  return human ? 'served' : 'nobody'
}

/** Milliseconds from where the law's time begins to the agent; null: not known. Without a greeting it is the answer. */
function waitOf(
  { answeredAt, greetedAt, connectedAt }: AnsweredCall,
  { deadlineFrom }: Pick<LawPolicy, 'deadlineFrom'>,
): number | null {
  const began = deadlineFrom === 'greeting' ? (greetedAt ?? answeredAt) : answeredAt
  return began === null || connectedAt === null ? null : connectedAt - began
}
