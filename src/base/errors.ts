/**
 * What can go wrong, as classes with a code from one closed list.
 * What a person does (busy, no answer, no key) is never an error: verbs return it.
 */

export const ERROR_CODES = [
  'CALL_ENDED', // the caller is gone: cancellation, swallowed by flow/run alone
  'CALL_MOVED', // the call lives on, but another connection or node drives it
  'APP_UNKNOWN', // FreeSWITCH does not know the application and hung the call up
  'SOUND_MISSING', // a sound file does not exist on the switch
  'SWITCH_REFUSED', // the switch answered -ERR, with its words
  'SWITCH_TIMEOUT', // no answer in time: what happened is unknown
  'LINK_DOWN', // the link to the switch is not there now
  'PROTOCOL', // bytes that are not event socket, or beyond its limits
  'BAD_INPUT', // something a person gave us is wrong: what, where, what is allowed
  'BAD_SETTING', // the settings are wrong, all of them listed
  'NOT_REACHED', // somebody whom a person or a CRM had dialled was not reached: the outcome and FreeSWITCH's cause
  'NOT_FOUND', // a queue, agent, campaign or flow of that name does not exist
  'SERVICE', // PostgreSQL or Redis cannot be had
] as const

export type ErrorCode = (typeof ERROR_CODES)[number]

export class SwitchhookError extends Error {
  readonly code: ErrorCode
  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = new.target.name
    this.code = code
  }
}

/**
 * The two ways in which a flow is cancelled. They happen to every call, at moments that no line of code caused, so they carry no stack:
 * taking one costs more than all else that the end of a call does.
 */
class Cancellation extends SwitchhookError {
  constructor(code: 'CALL_ENDED' | 'CALL_MOVED', message: string) {
    const { stackTraceLimit } = Error
    Error.stackTraceLimit = 0
    super(code, message)
    Error.stackTraceLimit = stackTraceLimit
  }
}

/** The call is over. Reject reason of every waiting verb and of `call.signal`; `hangupCause` is FreeSWITCH's word. */
export class CallEnded extends Cancellation {
  readonly hangupCause: string
  constructor(hangupCause: string) {
    super('CALL_ENDED', `the call ended (${hangupCause})`)
    this.hangupCause = hangupCause
  }
}

/** The call lives, but not here. Whoever sees it stops without cleaning up: the next owner has the call and all that belongs to it. */
export class CallMoved extends Cancellation {
  constructor(why: string) {
    super('CALL_MOVED', `the call is driven elsewhere (${why})`)
  }
}

/** The machinery failed: the switch, or the way to it. */
export class SwitchError extends SwitchhookError {
  constructor(
    code: Extract<
      ErrorCode,
      'APP_UNKNOWN' | 'SOUND_MISSING' | 'SWITCH_REFUSED' | 'SWITCH_TIMEOUT' | 'LINK_DOWN' | 'PROTOCOL'
    >,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(code, message, options)
  }
}

/** A person gave us something that cannot be used. The message says what, where and what is allowed. */
export class InputError extends SwitchhookError {
  constructor(message: string, options?: { cause?: unknown }) {
    super('BAD_INPUT', message, options)
  }
}

/** The settings cannot be used. One message lists every fault: what was wrong, where, what is allowed. */
export class SettingError extends SwitchhookError {
  readonly faults: readonly string[]
  constructor(faults: readonly string[]) {
    super('BAD_SETTING', `the settings cannot be used:\n${faults.map(fault => `  - ${fault}`).join('\n')}`)
    this.faults = faults
  }
}

export class NotFoundError extends SwitchhookError {
  constructor(kind: string, name: string, known: readonly string[] = []) {
    const hint = known.length === 0 ? `there is none yet` : `known: ${known.slice(0, 20).join(', ')}`
    super('NOT_FOUND', `no ${kind} is called '${name}' (${hint})`)
  }
}
