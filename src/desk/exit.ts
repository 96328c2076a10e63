/** The end of a command: its exit code, and one line about its error that tells a person what to do. */
import { SwitchhookError, type ErrorCode } from '../base/errors.ts'

export const EXIT = { done: 0, failed: 1, usage: 2, notFound: 3, refused: 4 } as const
export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

const CODES = {
  BAD_INPUT: EXIT.usage,
  BAD_SETTING: EXIT.usage,
  NOT_FOUND: EXIT.notFound,
  IN_USE: EXIT.refused,
  WRONG_STATE: EXIT.refused,
  FORBIDDEN: EXIT.refused,
  SWITCH_REFUSED: EXIT.refused,
  APP_UNKNOWN: EXIT.failed,
  SOUND_MISSING: EXIT.failed,
  SWITCH_TIMEOUT: EXIT.failed,
  LINK_DOWN: EXIT.failed,
  PROTOCOL: EXIT.failed,
  SERVICE: EXIT.failed,
  NOT_REACHED: EXIT.failed,
  CALL_ENDED: EXIT.failed,
  CALL_MOVED: EXIT.failed,
  CALL_REDIRECTED: EXIT.failed,
} as const satisfies Record<ErrorCode, ExitCode>

export function exitCodeOf(error: unknown): ExitCode {
  return error instanceof SwitchhookError ? CODES[error.code] : EXIT.failed
}

/**
 * Returns the message alone for an expected error. An unexpected error is a fault of Switchhook: the text has its
 * stack.
 */
export function sayError(error: unknown): string {
  if (error instanceof SwitchhookError) return `switchhook: ${error.message}`
  return `switchhook: unexpected, please report this: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`
}
