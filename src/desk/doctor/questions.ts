/** What the doctor asks a switch beyond what the house asks it every day (esl/api.ts). From checked words only, as there. */
import { extensionOf, CONTEXT, type ApiText } from '../../esl/api.ts'
import type { FilePath, Ident, Uuid } from '../../esl/words.ts'

const text = (value: string) => value as ApiText

/** Its clock, in whole seconds since the epoch. */
export const epochSeconds = text('strepoch')
/** '+OK api_expansion is off' */
export const apiExpansion = text('fsctl api_expansion')
/** A table with 'Status  UP', or 'Invalid Gateway!'. */
export const gatewayStatus = (gateway: Ident): ApiText => text(`sofia status gateway ${gateway}`)
/** 'true' or 'false', of its own disk. */
export const fileExists = (path: FilePath): ApiText => text(`file_exists ${path}`)

/**
 * A call without a telephone into the entry extension, as legs that a flow has dialled come in. `null` (mod_loopback) answers at once
 * and makes no sound. The overflow number of the dialplan must not ring for it, so that is a call which always fails.
 */
export const testCall = (uuid: Uuid): ApiText => {
  const variables = `origination_uuid=${uuid},origination_caller_id_name=doctor,switchhook_overflow=error/USER_BUSY`
  return text(`originate {${variables}}null/doctor ${extensionOf('leg' as Ident)} XML ${CONTEXT}`)
}
