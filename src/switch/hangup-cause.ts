/** FreeSWITCH's hang-up causes (Q.850 and its own) in the words of a call centre. */

/**
 * What became of an attempt to reach somebody. 'refused': the switch itself would not dial, so nobody's telephone rang. 'lost': it is over,
 * and nobody heard how it ended (a link or a node was away); their telephone may have rung, and is not called again for this attempt.
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

/** Of what was refused before a leg existed: a user of the switch whose telephone is not there. Everything else is the switch's own refusal. */
export const refusalOf = (cause: string): 'invalid' | 'refused' =>
  cause === 'USER_NOT_REGISTERED' || cause === 'SUBSCRIBER_ABSENT' ? 'invalid' : 'refused'

/** A cause that is in no table is 'failed': the network or the switch could not do it, the number may be fine. */
export function outcomeOf(cause: string): Exclude<DialOutcome, 'answered' | 'refused'> {
  return OUTCOME.get(cause) ?? 'failed'
}
