/**
 * Failures as the HTTP API answers them: application/problem+json (RFC 9457) with a code that stays the same. Pure.
 * docs/api.md is the page for people.
 */
import { FieldFaults, SwitchhookError, type ErrorCode } from '../../base/errors.ts'
import { maskedText } from '../../base/masked.ts'

/** Codes of the door itself. Those of operations are the error codes of Switchhook. */
type DoorCode =
  | 'NOT_A_PATH'
  | 'NO_KEY'
  | 'NO_SESSION'
  | 'MUST_CHANGE'
  | 'OTHER_SITE'
  | 'TOO_MANY_TRIES'
  | 'TOO_LARGE'
  | 'NOT_JSON'
  | 'TOO_BUSY'
  | 'KEY_MISSING'
  | 'KEY_IN_PROGRESS'
  | 'KEY_REUSED'
  | 'CHANGED_MEANWHILE'
  | 'FAULT'

export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly code: ErrorCode | DoorCode
  /** What was wrong, where, and what is allowed. */
  readonly detail: string
  /** Each field that cannot be used. */
  readonly errors?: readonly { readonly field: string; readonly message: string }[]
  /** Of a fault of Switchhook: stands in the log of the node, too. */
  readonly requestId: string
}

/** Every code with its status. */
export const STATUS: Readonly<Record<ErrorCode | DoorCode, readonly [status: number, title: string]>> = {
  BAD_INPUT: [400, 'The input cannot be used'],
  FORBIDDEN: [403, 'This role may not do that'],
  NOT_FOUND: [404, 'There is no such thing'],
  IN_USE: [409, 'It is in use'],
  WRONG_STATE: [409, 'Its present state does not allow this'],
  NOT_REACHED: [502, 'The telephone was not reached'],
  SERVICE: [503, 'A store or a node does not answer'],
  LINK_DOWN: [503, 'The link to FreeSWITCH is down'],
  SWITCH_TIMEOUT: [504, 'FreeSWITCH did not answer in time'],
  SWITCH_REFUSED: [502, 'FreeSWITCH refused it'],
  APP_UNKNOWN: [502, 'FreeSWITCH refused it'],
  SOUND_MISSING: [502, 'FreeSWITCH refused it'],
  PROTOCOL: [502, 'FreeSWITCH answered something unknown'],
  CALL_ENDED: [409, 'The call has ended'],
  CALL_MOVED: [409, 'The call goes on elsewhere'],
  CALL_REDIRECTED: [409, 'The call goes on elsewhere'],
  BAD_SETTING: [500, 'A fault of Switchhook'],
  NOT_A_PATH: [404, 'There is no such path'],
  NO_KEY: [401, 'The key is missing or not in use'],
  NO_SESSION: [401, 'Nobody is logged in'],
  MUST_CHANGE: [403, 'The password must be changed'],
  OTHER_SITE: [403, 'The request comes from another site'],
  TOO_MANY_TRIES: [429, 'Too many wrong keys or passwords'],
  TOO_LARGE: [413, 'The body is too large'],
  NOT_JSON: [415, 'The body is not JSON'],
  TOO_BUSY: [503, 'Too many requests at once'],
  KEY_MISSING: [400, 'The header Idempotency-Key is missing'],
  KEY_IN_PROGRESS: [409, 'The first request with this Idempotency-Key has not ended'],
  KEY_REUSED: [422, 'This Idempotency-Key belongs to another request'],
  CHANGED_MEANWHILE: [412, 'Somebody else has changed it'],
  FAULT: [500, 'A fault of Switchhook'],
}

/** The HTTP status of a code. */
export const statusOf = (code: ErrorCode): number => STATUS[code][0]

/** A failure of the door itself. */
export class DoorError extends Error {
  readonly code: DoorCode
  readonly headers: Readonly<Record<string, string>>

  constructor(code: DoorCode, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message)
    this.code = code
    this.headers = headers
  }
}

/**
 * What an error becomes. Of an error that is not ours nothing is told but the id under which the log has it. An error
 * of an operation may name telephone numbers, which not everybody sees.
 */
export function problemOf(error: unknown, requestId: string, seesNumbers: boolean): Problem {
  const known = error instanceof SwitchhookError || error instanceof DoorError
  const code = known ? error.code : 'FAULT'
  const [status, title] = STATUS[code]
  const text = (said: string) => (seesNumbers || error instanceof DoorError ? said : maskedText(said))
  const detail = known ? text(error.message) : 'the log of the node has the fault under this requestId'
  const errors =
    error instanceof FieldFaults ? error.faults.map(({ field, message }) => ({ field, message: text(message) })) : null
  return {
    type: `urn:switchhook:problem:${code}`,
    ...{ title, status, code, detail },
    ...(errors && { errors }),
    requestId,
  }
}
