/** States of a channel, in FreeSWITCH's order: the index is FreeSWITCH's number. */

const STATES = [
  'CS_NEW',
  'CS_INIT',
  'CS_ROUTING',
  'CS_SOFT_EXECUTE',
  'CS_EXECUTE',
  'CS_EXCHANGE_MEDIA',
  'CS_PARK',
  'CS_CONSUME_MEDIA',
  'CS_HIBERNATE',
  'CS_RESET',
  'CS_HANGUP',
  'CS_REPORTING',
  'CS_DESTROY',
] as const

export type ChannelState = (typeof STATES)[number]

/** Call states of a leg, as a telephone shows them, in FreeSWITCH's order: the index is FreeSWITCH's number. */
export const CALL_STATES = [
  'DOWN',
  'DIALING',
  'RINGING',
  'EARLY',
  'ACTIVE',
  'HELD',
  'RING_WAIT',
  'HANGUP',
  'UNHELD',
] as const

export type CallState = (typeof CALL_STATES)[number]

const NUMBER = new Map<ChannelState, number>(STATES.map((state, number) => [state, number]))

export const stateNumber = (state: ChannelState): number => NUMBER.get(state)!

export const isDown = (state: ChannelState): boolean => stateNumber(state) >= stateNumber('CS_HANGUP')

/** Q.850 numbers of the causes that Switchhook and the simulation use. */
const Q850 = new Map([
  ['NONE', 0],
  ['UNALLOCATED_NUMBER', 1],
  ['NO_ROUTE_DESTINATION', 3],
  ['NORMAL_CLEARING', 16],
  ['USER_BUSY', 17],
  ['NO_USER_RESPONSE', 18],
  ['NO_ANSWER', 19],
  ['SUBSCRIBER_ABSENT', 20],
  ['CALL_REJECTED', 21],
  ['EXCHANGE_ROUTING_ERROR', 25],
  ['DESTINATION_OUT_OF_ORDER', 27],
  ['INVALID_NUMBER_FORMAT', 28],
  ['NORMAL_UNSPECIFIED', 31],
  ['NORMAL_CIRCUIT_CONGESTION', 34],
  ['NETWORK_OUT_OF_ORDER', 38],
  ['NORMAL_TEMPORARY_FAILURE', 41],
  ['SWITCH_CONGESTION', 42],
  ['OUTGOING_CALL_BARRED', 52],
  ['INCOMPATIBLE_DESTINATION', 88],
  ['RECOVERY_ON_TIMER_EXPIRE', 102],
  ['INTERWORKING', 127],
  ['ORIGINATOR_CANCEL', 487],
  ['CRASH', 500],
  ['LOSE_RACE', 502],
  ['MANAGER_REQUEST', 503],
  ['BLIND_TRANSFER', 600],
  ['ATTENDED_TRANSFER', 601],
  ['ALLOTTED_TIMEOUT', 602],
  ['MEDIA_TIMEOUT', 604],
  ['PICKED_OFF', 605],
  ['USER_NOT_REGISTERED', 606],
  ['PROGRESS_TIMEOUT', 607],
  ['INVALID_GATEWAY', 608],
  ['GATEWAY_DOWN', 609],
  ['INVALID_URL', 610],
  ['INVALID_PROFILE', 611],
  ['NO_PICKUP', 612],
  ['EXCHANGE_ROUTING_ERROR', 25],
])

/** The cause as FreeSWITCH parses it: a known name, a Q.850 number, else NORMAL_CLEARING. */
export function causeOf(text: string | undefined): string {
  if (!text) return 'NORMAL_CLEARING'
  const name = text.trim().toUpperCase()
  if (Q850.has(name)) return name
  if (/^\d+$/.test(name)) for (const [cause, number] of Q850) if (number === Number(name)) return cause
  return 'NORMAL_CLEARING'
}

/** The number for hangup_cause_q850. FreeSWITCH's own numbers above 127 become 16, as seen on the wire. */
export function q850(cause: string): number {
  const number = Q850.get(cause) ?? 16
  return number > 127 ? 16 : number
}
