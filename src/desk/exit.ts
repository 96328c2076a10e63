/** What a command leaves behind when it ends: its exit code, and for what went wrong one line that a person can act upon. */
import { InputError, SwitchhookError, type ErrorCode } from '../base/errors.ts'

export const EXIT = { done: 0, failed: 1, usage: 2, notFound: 3, refused: 4 } as const
export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

const CODES = {
  BAD_INPUT: EXIT.usage,
  BAD_SETTING: EXIT.usage,
  NOT_FOUND: EXIT.notFound,
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
} as const satisfies Record<ErrorCode, ExitCode>

/** It was understood, and it may not be: the rules or the state of things forbid it. */
export class Refusal extends InputError {}

export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof Refusal) return EXIT.refused
  return error instanceof SwitchhookError ? CODES[error.code] : EXIT.failed
}

/** The message alone for what was foreseen; the whole stack for what was not, for then it is a fault of ours. */
export function sayError(error: unknown): string {
  if (error instanceof SwitchhookError) return `switchhook: ${error.message}`
  return `switchhook: unexpected, please report this: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`
}
