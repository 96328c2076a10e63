/** Converts a failure that a flow has seen to its journal form and back. Steps use it. */
import { CallEnded, InputError, SwitchError, SwitchhookError, type ErrorCode } from '../base/errors.ts'
import type { Failure } from './entries.ts'

export function failureOf(error: unknown): Failure {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) }
  return { name: error.name, message: error.message, ...(error instanceof SwitchhookError && { code: error.code }) }
}

const OF_THE_SWITCH: readonly string[] = [
  'APP_UNKNOWN',
  'SOUND_MISSING',
  'SWITCH_REFUSED',
  'SWITCH_TIMEOUT',
  'LINK_DOWN',
  'PROTOCOL',
]

/** Returns an error of the class and code that the flow saw at first: scripts distinguish errors by class and code. */
export function errorOf({ name, code, message }: Failure): Error {
  if (code === 'CALL_ENDED') return new CallEnded(/\((\w+)\)/.exec(message)?.[1] ?? 'NORMAL_CLEARING')
  if (code === undefined) return Object.assign(new Error(message), { name })
  if (code === 'BAD_INPUT') return new InputError(message)
  if (OF_THE_SWITCH.includes(code))
    return new SwitchError(code as ConstructorParameters<typeof SwitchError>[0], message)
  return new SwitchhookError(code as ErrorCode, message)
}
