/** What the doctor asks a switch beyond what the house asks it every day (esl/api.ts). From checked words only, as there. */
import { homeOf, CONTEXT, type ApiText } from '../../esl/api.ts'
import { varValue, type FilePath, type Ident, type Uuid } from '../../esl/safe-text.ts'

const text = (value: string) => value as ApiText

/** Its clock, in whole seconds since the epoch. */
export const epochSeconds = text('strepoch')
/** '+OK api_expansion is off' */
export const apiExpansion = text('fsctl api_expansion')
/** A table with 'Status  UP', or 'Invalid Gateway!'. */
export const gatewayStatus = (gateway: Ident): ApiText => text(`sofia status gateway ${gateway}`)
/** 'true' or 'false', of its own disk. */
export const fileExists = (path: FilePath): ApiText => text(`file_exists ${path}`)

/** The SIP profiles as they are configured, as XML. */
export const sofiaConfiguration = text('xml_locate configuration configuration name sofia.conf')

/**
 * A call without a telephone to one node (`host`: host:port of a socket line), as legs that a flow has dialled come in. `null`
 * (mod_loopback) answers at once and makes no sound. The overflow number of the dialplan must not ring for it, so that is a call which
 * always fails.
 */
export const testCall = (uuid: Uuid, host: string): ApiText => {
  const variables = `origination_uuid=${uuid},origination_caller_id_name=doctor,switchhook_overflow=error/USER_BUSY,switchhook_home=${varValue(host)}`
  return text(`originate {${variables}}null/doctor ${homeOf('leg' as Ident)} XML ${CONTEXT}`)
}
