/**
 * All errors of Switchhook, as classes with a code from one closed list.
 * The behaviour of a person (busy, no answer, no key) is never an error: verbs return it.
 */

export const ERROR_CODES = [
  'CALL_ENDED', // the caller hung up: cancellation, caught by flow/run only
  'CALL_MOVED', // the call goes on, but on another connection or node
  'CALL_REDIRECTED', // the call goes on in another flow: cancellation, caught by flow/run only
  'APP_UNKNOWN', // FreeSWITCH does not know the application and hung up the call
  'SOUND_MISSING', // a sound file does not exist on FreeSWITCH's machine
  'SWITCH_REFUSED', // FreeSWITCH answered -ERR; the message contains its text
  'SWITCH_TIMEOUT', // no answer in time: the outcome is unknown
  'LINK_DOWN', // the link to FreeSWITCH is down
  'PROTOCOL', // the bytes are not event socket, or exceed its limits
  'BAD_INPUT', // invalid input of a person: what, where, what is allowed
  'BAD_SETTING', // the settings are invalid; all faults are listed
  'NOT_REACHED', // a number dialled by a person or a CRM was not reached: outcome and FreeSWITCH's cause
  'NOT_FOUND', // no queue, agent, campaign or flow has that name
  'IN_USE', // a person or a thing uses it: it cannot be removed now
  'WRONG_STATE', // its present state does not allow this
  'FORBIDDEN', // the role of the person or system that asks does not allow this
  'SERVICE', // PostgreSQL or Redis is not available
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
 * Base of the three errors that cancel a flow. They occur in every call and no line of code causes them, so they have
 * no stack: capturing it costs more than all other work at the end of a call.
 */
class Cancellation extends SwitchhookError {
  constructor(code: 'CALL_ENDED' | 'CALL_MOVED' | 'CALL_REDIRECTED', message: string) {
    const { stackTraceLimit } = Error
    Error.stackTraceLimit = 0
    super(code, message)
    Error.stackTraceLimit = stackTraceLimit
  }
}

/**
 * The call has ended. Every pending verb rejects with it, and `call.signal` aborts with it. `hangupCause` is
 * FreeSWITCH's.
 */
export class CallEnded extends Cancellation {
  readonly hangupCause: string
  constructor(hangupCause: string) {
    super('CALL_ENDED', `the call ended (${hangupCause})`)
    this.hangupCause = hangupCause
  }
}

/**
 * The call goes on, on another connection or node. The code that receives it stops and cleans up nothing: the new owner
 * has all of the call.
 */
export class CallMoved extends Cancellation {
  constructor(why: string) {
    super('CALL_MOVED', `the call is driven elsewhere (${why})`)
  }
}

/**
 * The call goes on in another flow. The scopes of this flow end, as at the end of the call, but the caller is on the
 * line.
 */
export class CallRedirected extends Cancellation {
  /** Resolves when the caller has been fetched out of what the flow did. */
  readonly fetched: Promise<void>
  constructor(flow: string, fetched: Promise<void>) {
    super('CALL_REDIRECTED', `the call goes on in the flow '${flow}'`)
    this.fetched = fetched
  }
}

/** FreeSWITCH, or the connection to it, failed. */
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

/** Invalid input of a person. The message tells what is wrong, where, and what is allowed. */
export class InputError extends SwitchhookError {
  constructor(message: string, options?: { cause?: unknown }) {
    super('BAD_INPUT', message, options)
  }
}

/** A list of ten thousand leads may have a fault in each: the message names so many, and counts the others. */
const MOST_TOLD = 50

/** An input with fields that cannot be used. One message lists all of them. */
export class FieldFaults extends InputError {
  readonly faults: readonly FieldFault[]
  /** `label`: how the fields are written where the input came from, such as --wrap-up for wrapUp. */
  constructor(faults: readonly FieldFault[], label: (field: string) => string = field => field) {
    const lines = faults.map(({ field, message, give = [] }) =>
      [field === '' ? message : `${label(field)}: ${message}`, give.map(label).join(', ')].filter(Boolean).join(' '),
    )
    const told = lines.slice(0, MOST_TOLD)
    if (lines.length > MOST_TOLD) told.push(`and ${lines.length - MOST_TOLD} more faults`)
    super(told.length === 1 ? told[0]! : `the input cannot be used:\n${told.map(line => `  - ${line}`).join('\n')}`)
    this.faults = faults
  }
}

export interface FieldFault {
  /** Empty: the input as a whole. */
  readonly field: string
  readonly message: string
  /** The fields that the message ends with: those that may be given. */
  readonly give?: readonly string[]
}

/** The request is valid, but a rule or the present state forbids it. */
export class Refusal extends SwitchhookError {
  constructor(code: Extract<ErrorCode, 'IN_USE' | 'WRONG_STATE' | 'FORBIDDEN'>, message: string) {
    super(code, message)
  }
}

/** Invalid settings. One message lists all faults: what is wrong, where, what is allowed. */
export class SettingError extends SwitchhookError {
  readonly faults: readonly string[]
  constructor(faults: readonly string[]) {
    super('BAD_SETTING', `the settings cannot be used:\n${faults.map(fault => `  - ${fault}`).join('\n')}`)
    this.faults = faults
  }
}

export class NotFoundError extends SwitchhookError {
  /** `known`: the names that exist; null when they are too many to tell. */
  constructor(kind: string, name: string, known: readonly string[] | null = []) {
    const hint =
      known?.length === 0 ? ' (there is none yet)' : known ? ` (known: ${known.slice(0, 20).join(', ')})` : ''
    super('NOT_FOUND', `no ${kind} is called '${name}'${hint}`)
  }
}
