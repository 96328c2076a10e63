/**
 * The api commands that Switchhook sends, one builder each. Parameters are checked words only (esl/safe-text.ts). An
 * answer that begins with -ERR is a refusal.
 */
import type { DialString } from './dialstring.ts'
import type { AppArgument, FilePath, Ident, SaidText, Uuid, VarValue } from './safe-text.ts'

declare const brand: unique symbol
/** The text behind `api` or `bgapi`. */
export type ApiText = string & { readonly [brand]: 'ApiText' }
const text = (value: string) => value as ApiText

/** The only dialplan context that Switchhook uses; see dialplan/. */
export const CONTEXT = 'switchhook'
/** The extension that connects a leg to a flow, for the first time or again. */
export const extensionOf = (flow: Ident): string => `switchhook-${flow}`
/**
 * The extension that connects a leg to the node named by its variable `switchhook_home` (host:port) first, and then to
 * the others.
 */
export const homeOf = (flow: Ident): string => `switchhook-home-${flow}`
/** A value for transfer_after_bridge: after the bridge FreeSWITCH connects the leg to the flow again. */
export const doorOf = (flow: Ident): VarValue => `${extensionOf(flow)}:XML:${CONTEXT}` as string as VarValue

/** The flow of such a value; null for any other text. */
export const flowOfDoor = (value: string): Ident | null =>
  (/^switchhook-([a-z0-9-]+):XML:switchhook$/.exec(value)?.[1] ?? null) as Ident | null

/** The same: FreeSWITCH connects it to the node that its variable `switchhook_home` names first. */
export const homeDoorOf = (flow: Ident): VarValue => `${homeOf(flow)}:XML:${CONTEXT}` as string as VarValue
/** The same: after the bridge FreeSWITCH parks the leg. */
export const PARKED = `park:inline:${CONTEXT}` as string as VarValue

export const status = text('status')
export const coreUuid = text('global_getvar core_uuid')
export const moduleExists = (module: Ident): ApiText => text(`module_exists ${module}`)
export const globalVariable = (name: Ident): ApiText => text(`global_getvar ${name}`)
/** Answer: a table with 'Status  UP', or 'Invalid Gateway!'. */
export const gatewayStatus = (gateway: Ident): ApiText => text(`sofia status gateway ${gateway}`)
/** 'UP' or another word of FreeSWITCH in this answer; null: it has no such gateway, or does not say. */
export const gatewayStateIn = (answer: string): string | null => /^Status\s+(\S+)/m.exec(answer)?.[1] ?? null
export const dialplanHas = (extension: Ident): ApiText => text(`xml_locate dialplan context name ${extension}`)

/** Answers with the sounds with which the application `say` speaks this: 'file_string://digits/20.wav!digits/3.wav'. */
export const sayString = (said: SaidText): ApiText => text(`say_string ${said.slice(0, 2)}.wav ${said}`)

/** FreeSWITCH's list of its channels. It lags behind, and it keeps a dead leg for as long as a connection lingers. */
export const showChannels = text('show channels as json')
/** The telephones that are registered. */
export const showRegistrations = text('show registrations as json')
export const countChannels = text('show channels count')
/**
 * Recovers the answered calls of FreeSWITCH's previous run, as far as it has recorded them (track-calls); a second
 * command finds none.
 */
export const sofiaRecover = text('sofia recover')

export const uuidExists = (leg: Uuid): ApiText => text(`uuid_exists ${leg}`)
export const uuidKill = (leg: Uuid, cause: Ident): ApiText => text(`uuid_kill ${leg} ${cause}`)
/**
 * Ends the running application, not the queued ones. No effect before the application has started, which clears
 * CF_BREAK.
 */
export const uuidBreak = (leg: Uuid): ApiText => text(`uuid_break ${leg}`)
/** Transfers a leg to the first line of a flow's extension. */
export const uuidTransfer = (leg: Uuid, flow: Ident): ApiText =>
  text(`uuid_transfer ${leg} ${extensionOf(flow)} XML ${CONTEXT}`)
/**
 * Transfers a leg to the node named by its variable `switchhook_home`; when that node is unreachable, to the flow on
 * any node.
 */
export const uuidTransferHome = (leg: Uuid, flow: Ident): ApiText =>
  text(`uuid_transfer ${leg} ${homeOf(flow)} XML ${CONTEXT}`)
/** Transfers a leg to any extension. */
export const uuidTransferTo = (leg: Uuid, extension: Ident, context: Ident): ApiText =>
  text(`uuid_transfer ${leg} ${extension} XML ${context}`)
/**
 * Parks a leg, whatever it does now. Not by `uuid_park`: on a parked leg that ends the park loop, and its audio is no
 * longer read (measured).
 */
export const uuidPark = (leg: Uuid): ApiText => text(`uuid_transfer ${leg} park inline`)
/** The person on this leg puts the person whom they talk with on hold. Refused when that is so already. */
export const uuidHold = (leg: Uuid, on: boolean): ApiText => text(`uuid_hold ${on ? '' : 'off '}${leg}`)
/** The caller's leg is always first: the order decides which leg survives the hang-up of the other. */
export const uuidBridge = (caller: Uuid, other: Uuid): ApiText => text(`uuid_bridge ${caller} ${other}`)
export const uuidSetvar = (leg: Uuid, name: Ident, value: VarValue): ApiText =>
  text(`uuid_setvar ${leg} ${name} ${value}`)
export const uuidGetvar = (leg: Uuid, name: Ident): ApiText => text(`uuid_getvar ${leg} ${name}`)
export const uuidUnset = (leg: Uuid, name: Ident): ApiText => text(`uuid_setvar ${leg} ${name}`)
/** Sets several variables at once; '' unsets a variable. */
export const uuidSetvars = (
  leg: Uuid,
  variables: Readonly<Record<string, VarValue | 'true' | 'false' | ''>>,
): ApiText =>
  text(
    `uuid_setvar_multi ${leg} ${Object.entries(variables)
      .map(([name, value]) => `${name}=${value}`)
      .join(';')}`,
  )
/** `seconds`: longest duration of the recording; absent: no limit. */
export const uuidRecord = (
  leg: Uuid,
  action: 'start' | 'stop' | 'mask' | 'unmask',
  file: FilePath,
  seconds?: number,
): ApiText => text(`uuid_record ${leg} ${action} ${file}${seconds === undefined ? '' : ` ${seconds}`}`)
/**
 * Plays a file to the person on this leg, mixed with what they hear; a talk goes on, and the other one hears nothing of
 * it. `file` has no spaces. When it cannot be opened, 1.10.12 refuses (measured), and older ones hang the leg up
 * (source, switch_ivr_displace_session): so a list begins with a tone or silence, which can always be opened.
 */
export const uuidPlayBeside = (leg: Uuid, file: AppArgument): ApiText =>
  text(`uuid_displace ${leg} start ${file} 0 mux`)
export const schedDelete = (task: number): ApiText => text(`sched_del ${task}`)
/** Deletes every timer of a leg: its watchdog, and the limit of its length. */
export const schedDeleteOf = (leg: Uuid): ApiText => text(`sched_del ${leg}`)

/** The keys of `eavesdrop`, sent to the listener's leg: who hears the listener. */
export const HEARD_BY = { nobody: '0', 'the other leg': '1', 'this leg': '2', both: '3' } as const
/** As if the person on this leg had pressed a key. */
export const uuidKey = (leg: Uuid, key: (typeof HEARD_BY)[keyof typeof HEARD_BY]): ApiText =>
  text(`uuid_recv_dtmf ${leg} ${key}`)

/** What an answered leg does beside a talk: it hears the two (`eavesdrop`), or talks with them (`three_way`). */
export interface Beside {
  readonly app: 'eavesdrop' | 'three_way'
  /** One of the two legs that talk: when it ends, the leg beside it ends too. */
  readonly leg: Uuid
}

const conferenceOf = (call: Uuid) => `switchhook-${call}`

/**
 * Moves the two who talk into the conference of the call. FreeSWITCH ends the conference when fewer than two are in it:
 * a leg with hangup_after_conference=false then goes to the extension and the dialplan that its own variables name
 * (`behindConference`), and whoever else is left is hung up (measured). `caller`: their leg is also the name of the
 * conference.
 */
export const uuidConfer = (caller: Uuid): ApiText =>
  text(
    `uuid_transfer ${caller} -both 'conference:${conferenceOf(caller)}@default+flags{mintwo},transfer:${BEHIND}' inline`,
  )
/** FreeSWITCH fills in the variables of each leg when the leg leaves the conference. */
const BEHIND = `\${switchhook_behind} \${switchhook_behind_dialplan} ${CONTEXT}`
/** Variables of a leg, for when it leaves a conference: it enters this flow, is parked, or ends. */
export const behindConference = (
  then: { readonly flow: Ident } | 'parked' | 'ends',
): Readonly<Record<string, VarValue | 'false' | ''>> => ({
  hangup_after_conference: then === 'ends' ? '' : 'false',
  switchhook_behind: (typeof then === 'string' ? APPLICATION[then] : extensionOf(then.flow)) as string as VarValue,
  switchhook_behind_dialplan: (typeof then === 'string' ? 'inline' : 'XML') as string as VarValue,
  // by default a leg is transferred 70 times at most, and each conference takes two of them
  max_session_transfers: '100000' as string as VarValue,
})
const APPLICATION = { parked: 'park', ends: 'hangup' } as const // one that is kicked is not hung up (measured)
/** A leg enters the conference of this call, and ends with it. */
export const uuidEnter = (leg: Uuid, call: Uuid): ApiText =>
  text(`uuid_transfer ${leg} 'conference:${conferenceOf(call)}@default+flags{mintwo}' inline`)
/** One line for each member: number;channel;uuid;… Refused when there is no such conference. */
export const conferenceList = (call: Uuid): ApiText => text(`conference ${conferenceOf(call)} list`)
/** Everybody leaves the conference: the caller goes back to their door, the others are hung up. */
export const conferenceEnd = (call: Uuid): ApiText => text(`conference ${conferenceOf(call)} kick all`)

/**
 * Dials. FreeSWITCH transfers the answered leg to a flow's extension; null: it parks the leg, to be bridged later.
 * Send it by bgapi only: by api it blocks the link for up to a minute.
 */
export const originate = (to: DialString, then: Ident | Beside | null): ApiText =>
  text(`originate ${to} ${afterAnswer(then)}`)

function afterAnswer(then: Ident | Beside | null): string {
  if (then === null) return '&park()'
  return typeof then === 'string' ? `${extensionOf(then)} XML ${CONTEXT}` : `&${then.app}(${then.leg})`
}
