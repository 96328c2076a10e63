/** The api commands that the house uses, one builder each, from checked words only. An answer that begins with -ERR is a refusal. */
import type { DialString } from './dialstring.ts'
import type { FilePath, Ident, Uuid, VarValue } from './safe-text.ts'

declare const brand: unique symbol
/** The text behind `api` or `bgapi`. */
export type ApiText = string & { readonly [brand]: 'ApiText' }
const text = (value: string) => value as ApiText

/** The one dialplan context of the house; see dialplan/. */
export const CONTEXT = 'switchhook'
/** The extension by which a leg enters (and comes back to) a flow. */
export const extensionOf = (flow: Ident): string => `switchhook-${flow}`
/** The extension by which a leg goes to the node that its variable `switchhook_home` names (host:port) before any other. */
export const homeOf = (flow: Ident): string => `switchhook-home-${flow}`
/** A value for transfer_after_bridge: back to the door. */
export const doorOf = (flow: Ident): VarValue => `${extensionOf(flow)}:XML:${CONTEXT}` as string as VarValue

export const status = text('status')
export const coreUuid = text('global_getvar core_uuid')
export const moduleExists = (module: Ident): ApiText => text(`module_exists ${module}`)
export const globalVariable = (name: Ident): ApiText => text(`global_getvar ${name}`)
export const dialplanHas = (extension: Ident): ApiText => text(`xml_locate dialplan context name ${extension}`)

/** The switch's own list of its channels: a picture that lags, and keeps dead legs for as long as somebody lingers. */
export const showChannels = text('show channels as json')
export const countChannels = text('show channels count')
/** Brings the answered calls of the switch's last run back, as far as it has written them down (track-calls); a second time it finds none. */
export const sofiaRecover = text('sofia recover')

export const uuidExists = (leg: Uuid): ApiText => text(`uuid_exists ${leg}`)
export const uuidKill = (leg: Uuid, cause: Ident): ApiText => text(`uuid_kill ${leg} ${cause}`)
/** Ends the running application, not those that wait behind it. Lost when the application has not begun (CF_BREAK is cleared at its start). */
export const uuidBreak = (leg: Uuid): ApiText => text(`uuid_break ${leg}`)
/** Sends a leg to the first line of a flow's extension. */
export const uuidTransfer = (leg: Uuid, flow: Ident): ApiText =>
  text(`uuid_transfer ${leg} ${extensionOf(flow)} XML ${CONTEXT}`)
/** Sends a leg to the node that its variable `switchhook_home` names, and when that one cannot be reached into the flow as any other. */
export const uuidTransferHome = (leg: Uuid, flow: Ident): ApiText =>
  text(`uuid_transfer ${leg} ${homeOf(flow)} XML ${CONTEXT}`)
/** Sends a leg to any extension. */
export const uuidTransferTo = (leg: Uuid, extension: Ident, context: Ident): ApiText =>
  text(`uuid_transfer ${leg} ${extension} XML ${context}`)
/** Parks a leg, whatever it does now. Not by `uuid_park`: of a leg that is parked that ends the waiting itself, and nobody looks for its sound any more (measured). */
export const uuidPark = (leg: Uuid): ApiText => text(`uuid_transfer ${leg} park inline`)
/** The caller's leg always first: the order decides who survives whose hang-up. */
export const uuidBridge = (caller: Uuid, other: Uuid): ApiText => text(`uuid_bridge ${caller} ${other}`)
export const uuidSetvar = (leg: Uuid, name: Ident, value: VarValue): ApiText =>
  text(`uuid_setvar ${leg} ${name} ${value}`)
export const uuidGetvar = (leg: Uuid, name: Ident): ApiText => text(`uuid_getvar ${leg} ${name}`)
export const uuidUnset = (leg: Uuid, name: Ident): ApiText => text(`uuid_setvar ${leg} ${name}`)
/** '' unsets a variable. */
export const uuidSetvars = (
  leg: Uuid,
  variables: Readonly<Record<string, VarValue | 'true' | 'false' | ''>>,
): ApiText =>
  text(
    `uuid_setvar_multi ${leg} ${Object.entries(variables)
      .map(([name, value]) => `${name}=${value}`)
      .join(';')}`,
  )
/** `seconds` is the longest that it lasts; without it there is no end. */
export const uuidRecord = (
  leg: Uuid,
  action: 'start' | 'stop' | 'mask' | 'unmask',
  file: FilePath,
  seconds?: number,
): ApiText => text(`uuid_record ${leg} ${action} ${file}${seconds === undefined ? '' : ` ${seconds}`}`)
export const schedDelete = (task: number): ApiText => text(`sched_del ${task}`)

/**
 * Dials, and sends the leg that answers to a flow's extension; null: it is parked, and waits at the switch for whoever joins it.
 * Only ever by bgapi: by api it would hold the link for up to a minute.
 */
export const originate = (to: DialString, flow: Ident | null): ApiText =>
  text(`originate ${to} ${flow === null ? '&park()' : `${extensionOf(flow)} XML ${CONTEXT}`}`)
