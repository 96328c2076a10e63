/** Maps FreeSWITCH's hang-up causes (Q.850 and its own) to the dial outcomes of a call centre. */

/**
 * The result of one dial. 'refused': FreeSWITCH itself refused to dial, so no telephone rang.
 * 'lost': the dial is over and its result is unknown, because a link or a node was down. The telephone may have rung;
 * it is not called again for this attempt.
 */
export const DIAL_OUTCOMES = [
  'answered',
  'busy',
  'no-answer',
  'declined',
  'invalid',
  'cancelled',
  'failed',
  'refused',
  'lost',
] as const
export type DialOutcome = (typeof DIAL_OUTCOMES)[number]

const OUTCOME: ReadonlyMap<string, Exclude<DialOutcome, 'answered' | 'refused'>> = new Map([
  ['USER_BUSY', 'busy'],
  ['NO_ANSWER', 'no-answer'],
  ['NO_USER_RESPONSE', 'no-answer'],
  ['ALLOTTED_TIMEOUT', 'no-answer'],
  ['RECOVERY_ON_TIMER_EXPIRE', 'no-answer'],
  ['CALL_REJECTED', 'declined'],
  ['USER_NOT_REGISTERED', 'invalid'],
  ['SUBSCRIBER_ABSENT', 'invalid'],
  ['UNALLOCATED_NUMBER', 'invalid'],
  ['NO_ROUTE_DESTINATION', 'invalid'],
  ['INVALID_NUMBER_FORMAT', 'invalid'],
  ['NUMBER_CHANGED', 'invalid'],
  ['ORIGINATOR_CANCEL', 'cancelled'],
  ['LOSE_RACE', 'cancelled'],
  ['LOST', 'lost'],
])

/**
 * The outcome of a dial that FreeSWITCH refused before a leg existed: 'invalid' when the telephone of a FreeSWITCH user
 * is not registered, 'refused' for every other cause.
 */
export const refusalOf = (cause: string): 'invalid' | 'refused' =>
  cause === 'USER_NOT_REGISTERED' || cause === 'SUBSCRIBER_ABSENT' ? 'invalid' : 'refused'

/** A cause that the table does not list is 'failed': the network or FreeSWITCH failed, the number may be valid. */
export function outcomeOf(cause: string): Exclude<DialOutcome, 'answered' | 'refused'> {
  return OUTCOME.get(cause) ?? 'failed'
}
