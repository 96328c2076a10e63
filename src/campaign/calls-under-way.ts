/**
 * The calls of a campaign that are under way and have no agent yet, as a mode of dialling finds them when it begins:
 * after a takeover those of the earlier owner, after a change of mode those of the earlier mode. Used by
 * paced-floors.ts and unreserved-calls.ts.
 */
import { uuid as parseUuid } from '../esl/safe-text.ts'
import { openAttempts } from '../store/attempts.ts'
import type { Queries } from '../store/sql.ts'
import type { Switch, Switchboard } from '../switch/switchboard.ts'
import type { Attempts } from './attempt.ts'
import type { CallUnderWay } from './paced-calls.ts'

export interface CallsUnderWayParts {
  readonly sql: Queries
  readonly switchboard: Switchboard
  readonly attempts: Pick<Attempts, 'drives'>
}

/** `campaign`: its id. Rejects when PostgreSQL is unavailable. */
export async function callsUnderWay(
  { sql, switchboard, attempts }: CallsUnderWayParts,
  campaign: string,
): Promise<{ readonly at: Switch; readonly call: CallUnderWay }[]> {
  const found: { at: Switch; call: CallUnderWay }[] = []
  for (const { id, core, sentAt, ringingAt, answeredAt } of await openAttempts(sql, campaign)) {
    const at = core === null ? null : switchboard.of(core)
    // this node may be about to send it; of others overdue-attempts.ts decides
    if (!at || !(attempts.drives(id) || (await at.exists(parseUuid(id))))) continue
    const phase = answeredAt ? 'answered' : ringingAt ? 'ringing' : 'dialing'
    const phaseAt = (answeredAt ?? ringingAt ?? sentAt).getTime()
    found.push({ at, call: { id, phase, dialledAt: sentAt.getTime(), phaseAt } })
  }
  return found
}
