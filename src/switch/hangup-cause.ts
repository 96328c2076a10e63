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

/**
 * Causes with which a gateway, or the carrier behind it, refuses a call without having called anybody, when nothing
 * rang. The SIP answers are those of mod_sofia.c, sofia_glue.c: 503, 500 and 481 are NORMAL_TEMPORARY_FAILURE, 502 is
 * NETWORK_OUT_OF_ORDER, 604 and 485 NO_ROUTE_DESTINATION, 483 EXCHANGE_ROUTING_ERROR. Not listed, because the called
 * person or their telephone may be the cause: CALL_REJECTED (403, 603), NO_USER_RESPONSE (480), and
 * RECOVERY_ON_TIMER_EXPIRE (408, 504, no answer at all): the telephone may have rung though nobody told.
 */
const OF_CARRIER: ReadonlySet<string> = new Set([
  'NO_ROUTE_TRANSIT_NET',
  'NO_ROUTE_DESTINATION',
  'NORMAL_CIRCUIT_CONGESTION',
  'NETWORK_OUT_OF_ORDER',
  'NORMAL_TEMPORARY_FAILURE',
  'SWITCH_CONGESTION',
  'REQUESTED_CHAN_UNAVAIL',
  'OUTGOING_CALL_BARRED',
  'EXCHANGE_ROUTING_ERROR',
])
/** The gateway itself: FreeSWITCH creates no leg. */
const OF_GATEWAY: ReadonlySet<string> = new Set(['GATEWAY_DOWN', 'INVALID_GATEWAY'])
/** The number is the cause, and the gateway takes other calls. */
const OF_NUMBER: ReadonlySet<string> = new Set(['NO_ROUTE_TRANSIT_NET', 'NO_ROUTE_DESTINATION'])

/**
 * What a dial that was not answered says of its gateway: null: nothing. 'this-call': it does not take this call;
 * 'calls': it takes no calls now. `rang`: may the telephone have rung?
 */
export function gatewayRefusal(outcome: DialOutcome, cause: string, rang: boolean): 'this-call' | 'calls' | null {
  if (outcome === 'refused') return OF_GATEWAY.has(cause) ? 'calls' : null
  if (rang || !OF_CARRIER.has(cause)) return null
  return OF_NUMBER.has(cause) ? 'this-call' : 'calls'
}

/** Does this end of a dial prove that the gateway takes calls? A carrier that answers nothing proves nothing. */
export const gatewayTook = (outcome: DialOutcome, cause: string): boolean =>
  cause !== 'RECOVERY_ON_TIMER_EXPIRE' && ['answered', 'busy', 'no-answer', 'declined', 'invalid'].includes(outcome)

/** A cause that the table does not list is 'failed': the network or FreeSWITCH failed, the number may be valid. */
export function outcomeOf(cause: string): Exclude<DialOutcome, 'answered' | 'refused'> {
  return OUTCOME.get(cause) ?? 'failed'
}
