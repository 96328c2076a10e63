/**
 * The API commands that only the doctor sends to FreeSWITCH; those of the nodes are in esl/api.ts. As there, all parts
 * are validated types.
 */
import { homeOf, CONTEXT, type ApiText } from '../../esl/api.ts'
import { varValue, type FilePath, type Ident, type Uuid } from '../../esl/safe-text.ts'

/** Asks one FreeSWITCH; rejects with SwitchError. */
export type Ask = (text: ApiText) => Promise<string>

const text = (value: string) => value as ApiText

/** The clock of FreeSWITCH, in whole seconds since the epoch. */
export const epochSeconds = text('strepoch')
/** Answer: '+OK api_expansion is off'. */
export const apiExpansion = text('fsctl api_expansion')
/** Answer: 'true' or 'false', for the disk of FreeSWITCH. */
export const fileExists = (path: FilePath): ApiText => text(`file_exists ${path}`)

/** Answer: the configuration of the SIP profiles, as XML. */
export const sofiaConfiguration = text('xml_locate configuration configuration name sofia.conf')

/**
 * A test call without a telephone to one node (`host`: host:port of a socket line). It arrives as a leg that a flow has
 * dialled. `null` (mod_loopback) answers at once and is silent. The test call must not ring the overflow number, so
 * here that is a call that always fails.
 */
export const testCall = (uuid: Uuid, host: string): ApiText => {
  const variables = `origination_uuid=${uuid},origination_caller_id_name=doctor,switchhook_overflow=error/USER_BUSY,switchhook_home=${varValue(host)}`
  return text(`originate {${variables}}null/doctor ${homeOf('leg' as Ident)} XML ${CONTEXT}`)
}
