/**
 * The kinds of text that may be sent to FreeSWITCH. Only the parsers here turn a string into one of these types, so the
 * compiler refuses a command that contains an unchecked caller's name or lead's note. No grammar allows a character
 * that has a meaning for some parser of FreeSWITCH: CR LF NUL $ { } [ ] < > | , ; ' " \ ^ % and '::'.
 */
import { randomUUID } from 'node:crypto'
import { InputError } from '../base/errors.ts'

declare const brand: unique symbol
type Word<Kind extends string> = string & { readonly [brand]: Kind }

export type Uuid = Word<'Uuid'>
/** A number to dial, '+49301234567' or '2001'. */
export type Dial = Word<'Dial'>
/** A name from Switchhook's or FreeSWITCH's configuration: gateway, profile, queue, variable, application. */
export type Ident = Word<'Ident'>
/** A value of a channel variable. */
export type VarValue = Word<'VarValue'>
/** A caller's name for the display of a telephone. */
export type DisplayName = Word<'DisplayName'>
/** A sound or recording below FreeSWITCH's sound or recording folder, without its file extension: 'ivr/welcome'. */
export type SoundName = Word<'SoundName'>
/** An absolute path on FreeSWITCH's machine. */
export type FilePath = Word<'FilePath'>
/** The address of one telephone: 'user/1001', 'sofia/gateway/carrier/2001', 'sofia/internal/1001@10.0.0.5:5060'. */
export type Endpoint = Word<'Endpoint'>
/**
 * An argument of an application, written by a script's author: any text without line ends, NUL and ${…}, which
 * FreeSWITCH would expand.
 */
export type AppArgument = Word<'AppArgument'>
/** The value of a header in an event that Switchhook sends. */
export type HeaderText = Word<'HeaderText'>
/** What FreeSWITCH says in words: language, kind, method and digits, 'en number pronounced 23'. */
export type SaidText = Word<'SaidText'>

/**
 * With 'reload' or 'unload' in the same lines, this word makes FreeSWITCH run another command (mod_event_socket.c,
 * parse_command).
 */
const CHEAT = /mod_event_socket/i

function parser<Kind extends string>(
  what: string,
  grammar: RegExp,
  allowed: string,
  extra: (text: string) => boolean = () => true,
) {
  return (text: string): Word<Kind> => {
    if (typeof text !== 'string' || !grammar.test(text) || !extra(text) || CHEAT.test(text)) {
      throw new InputError(`${JSON.stringify(String(text).slice(0, 80))} is not a valid ${what}; allowed: ${allowed}`)
    }
    return text as Word<Kind>
  }
}

export const uuid = parser<'Uuid'>(
  'uuid',
  /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/,
  '8-4-4-4-12 lower-case hex digits, as FreeSWITCH writes them',
)
export const newUuid = (): Uuid => randomUUID() as string as Uuid
export const dial = parser<'Dial'>('number to dial', /^\+?[0-9]{2,20}$/, 'an optional + and 2 to 20 digits')
export const ident = parser<'Ident'>('name', /^[A-Za-z0-9_.-]{1,64}$/, '1 to 64 letters, digits, _ . -')
/** A number or name of the dialplan; a + before a number is left out, because no dialplan has it. */
export const extension = (text: string): Ident => ident(text.replace(/^\+/, ''))
export const varValue = parser<'VarValue'>(
  'variable value',
  /^[A-Za-z0-9_.:@+/=-]{0,512}$/,
  'up to 512 letters, digits and _ . : @ + / = - without ::',
  text => !text.includes('::') && !text.includes(':_:'),
)
export const soundName = parser<'SoundName'>(
  'sound',
  /^[a-z0-9_-]{1,64}(\/[a-z0-9_-]{1,64}){0,6}$/,
  "lower-case letters, digits, _ and -, folders separated by /, no file extension: 'ivr/welcome'",
)
export const filePath = parser<'FilePath'>(
  'path of a file on the switch',
  /^\/[A-Za-z0-9_./-]{1,240}$/,
  'absolute, letters, digits and _ . - without ..',
  text => !text.includes('..') && !text.includes('//'),
)
const HOST = '[A-Za-z0-9][A-Za-z0-9.-]{0,127}'
export const endpoint = parser<'Endpoint'>(
  'endpoint',
  new RegExp(
    `^(user/[A-Za-z0-9_.-]{1,64}(@${HOST})?|sofia/gateway/[A-Za-z0-9_.-]{1,64}/\\+?[0-9]{2,20}|sofia/[A-Za-z0-9_.-]{1,64}/[A-Za-z0-9_.+-]{1,64}@${HOST}(:[0-9]{2,5})?|loopback/[A-Za-z0-9_.+-]{1,64}(/[A-Za-z0-9_.-]{1,64})?)$`,
  ),
  'user/1001, user/1001@domain, sofia/gateway/<gateway>/<number>, sofia/<profile>/<user>@<host>[:port] or loopback/<extension>',
)
/**
 * A telephone number is dialled through the gateway; anything else must be an endpoint.
 *
 * @throws InputError
 */
export const endpointFor = (target: string, gateway: Ident): Endpoint =>
  endpoint(/^\+?\d+$/.test(target) ? `sofia/gateway/${gateway}/${target}` : target)
/** 'carrier' of 'sofia/gateway/carrier/+4930123'; null: the endpoint is no gateway's. */
export const gatewayOf = (address: string): string | null => /^sofia\/gateway\/([^/]+)\//.exec(address)?.[1] ?? null
export const appArgument = parser<'AppArgument'>(
  'application argument',
  // eslint-disable-next-line no-control-regex
  /^[^\r\n\0]{0,4096}$/,
  'one line of up to 4096 characters without ${…} and %[',
  text => !/[$%][{[]/.test(text) && !text.includes('$${'),
)
export const saidText = parser<'SaidText'>(
  'text to say',
  /^[a-z]{2} [a-z_]{1,32} [a-z]{1,32} [0-9]{1,32}$/,
  'language, kind, method and digits: en number pronounced 23',
)

/**
 * Keeps letters, digits, spaces and . - ( ) & of a name, drops all else, cuts at 48 characters. Never throws: a name is
 * only for display.
 */
export function displayName(text: string): DisplayName {
  const kept = text
    .normalize('NFC')
    .replace(/[^\p{L}\p{M}\p{Nd} .()&-]/gu, '')
    .trim()
  return [...kept].slice(0, 48).join('').trim() as DisplayName
}

/**
 * Keeps letters, digits, spaces and . - _ + @ : / = ( ) & of a text, drops all else, cuts at 256 characters. Never
 * throws: the text is for other programs to show.
 */
export function headerText(text: string): HeaderText {
  const kept = text.normalize('NFC').replace(/[^\p{L}\p{M}\p{Nd} .\-_+@:/=()&]/gu, '')
  const cut = [...kept].slice(0, 256).join('').trim()
  return (CHEAT.test(cut) ? '' : cut) as HeaderText
}

/** The file of a sound, relative to FreeSWITCH's sound_prefix: 'ivr/welcome' → 'ivr/welcome.wav'. */
export const soundFile = (name: SoundName): AppArgument => `${name}.wav` as string as AppArgument

/** Every uuid, number and name is a safe variable value. */
export const asValue = (word: Uuid | Dial | Ident | SoundName): VarValue => word as string as VarValue
