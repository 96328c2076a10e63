/**
 * The commands that Switchhook sends on an event socket, as octets. Grammar (mod_event_socket.c, read_packet):
 *
 *   command = line *( LF name ": " value ) LF LF [ body ]
 *
 * FreeSWITCH reads a lone CR as a new header, and takes the words 'reload … mod_event_socket' anywhere in the header
 * lines for another command. So header values are constants or checked words (esl/safe-text.ts); text of a script's
 * author goes into the body.
 */
import { InputError } from '../base/errors.ts'
import type { ApiText } from './api.ts'
import type { AppArgument, HeaderText, Ident, Uuid } from './safe-text.ts'

declare const brand: unique symbol
/** One whole command, ready for the wire (latin1: one character, one octet). */
export type Command = string & { readonly [brand]: 'Command' }
const command = (text: string) => text as Command

export const CONNECT = command('connect\n\n')
export const EXIT = command('exit\n\n')
/** Ends all subscriptions of the connection. */
export const NO_EVENTS = command('noevents\n\n')
/** Limits the subscribed events to those of this leg. */
export const onlyOf = (leg: Uuid): Command => command(`filter Unique-ID ${leg}\n\n`)

/**
 * FreeSWITCH keeps the connection for `seconds` (1 to 86400) after the hang-up; else HANGUP_COMPLETE may not arrive.
 * Without a number it never ends.
 */
export const linger = (seconds: number): Command => command(`linger ${whole(seconds)}\n\n`)

/** Events that Switchhook subscribes to. A closed list: FreeSWITCH ignores an unknown name and still answers +OK. */
export type EventName =
  | `CHANNEL_${'CREATE' | 'ORIGINATE' | 'PROGRESS' | 'PROGRESS_MEDIA' | 'ANSWER' | 'EXECUTE' | 'EXECUTE_COMPLETE' | 'PARK' | 'BRIDGE' | 'UNBRIDGE' | 'HOLD' | 'UNHOLD' | 'HANGUP' | 'HANGUP_COMPLETE' | 'DESTROY'}`
  | 'RECORD_START'
  | 'RECORD_STOP'
  | 'PLAYBACK_START'
  | 'PLAYBACK_STOP'
  | 'BACKGROUND_JOB'
  | 'DTMF'
  | 'HEARTBEAT'

export const subscribe = (...names: EventName[]): Command => command(`event plain ${names.join(' ')}\n\n`)

/** Subscribes to events of modules, by subclass: their event name is always CUSTOM. */
export const subscribeTo = (
  ...subclasses: (`sofia::${'register' | 'unregister' | 'expire'}` | 'vm::maintenance')[]
): Command => command(`event plain CUSTOM ${subclasses.join(' ')}\n\n`)

/** Throws InputError when the password contains a character that could end the line. */
export function auth(password: string): Command {
  if (!/^[\x21-\x7e]{1,256}$/.test(password))
    throw new InputError('invalid event socket password; allowed: 1 to 256 printable ASCII characters without spaces')
  return command(`auth ${password}\n\n`)
}

/** Runs an application on the leg of this connection; its CHANNEL_EXECUTE_COMPLETE carries `id` as Application-UUID. */
export function execute(app: Ident, id: string, argument?: AppArgument): Command {
  const start = `sendmsg\ncall-command: execute\nexecute-app-name: ${app}\nevent-uuid: ${id}\nevent-lock: true\n`
  if (argument === undefined || argument === '') return command(`${start}\n`)
  const body = octets(argument)
  return command(`${start}content-type: text/plain\ncontent-length: ${body.length}\n\n${body}`)
}

export const hangup = (cause: Ident): Command => command(`sendmsg\ncall-command: hangup\nhangup-cause: ${cause}\n\n`)

/** FreeSWITCH runs it at once, in the thread of the connection: only for commands that take milliseconds. */
export const api = (text: ApiText): Command => command(`api ${text}\n\n`)
/** FreeSWITCH runs it in a separate thread; the event BACKGROUND_JOB with this Job-UUID carries the result. */
export const bgapi = (text: ApiText, job: Uuid): Command => command(`bgapi ${text}\nJob-UUID: ${job}\n\n`)

/** The events that Switchhook sends for programs that know them from modules of FreeSWITCH. */
export type OwnSubclass = 'callcenter::info' | `nwayacd::${'queue' | 'info' | 'agent'}`

/** FreeSWITCH sends the event to every client that subscribes to its subclass. A header without a value is left out. */
export function sendEvent(subclass: OwnSubclass, headers: readonly (readonly [Ident, HeaderText])[]): Command {
  const lines = headers.flatMap(([name, value]) => (value === '' ? [] : `${name}: ${octets(value)}\n`))
  return command(`sendevent CUSTOM\nEvent-Subclass: ${subclass}\n${lines.join('')}\n`)
}

function whole(value: number): number {
  if (!Number.isInteger(value) || value < 1 || value > 86_400)
    throw new InputError(`${value} is not a whole number of seconds from 1 to 86400`)
  return value
}

// eslint-disable-next-line no-control-regex
const octets = (text: string): string =>
  /^[\0-\x7f]*$/.test(text) ? text : Buffer.from(text, 'utf8').toString('latin1')
