/** A command that FreeSWITCH understood and did not do. */
import { SwitchError } from '../base/errors.ts'

export const isRefusedBySwitch = (error: unknown): boolean =>
  error instanceof SwitchError && error.code === 'SWITCH_REFUSED'
