/** FreeSWITCH's encoding of values in events: its own URL encoding (plain) and its own JSON. */

// SWITCH_URL_UNSAFE and all characters that are not printable ASCII (switch_utils.c).
const UNSAFE = /[^\x20-\x7e]|[\r\n #%&+:;<=>?@[\\\]^`{|}"]/
const HEX = '0123456789ABCDEF'
const KEEP = new Uint8Array(256)
for (let code = 0x21; code < 0x7f; code++) if (!UNSAFE.test(String.fromCharCode(code))) KEEP[code] = 1
const PERCENT = 0x25

const isUpperHex = (byte: number | undefined) =>
  byte !== undefined && ((byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x46))

/** switch_url_encode, with its bug: it leaves a '%' before two upper-case hex digits as it is. */
export function urlEncode(value: string): string {
  if (!UNSAFE.test(value)) return value
  const bytes = Buffer.from(value, 'utf8')
  let text = ''
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]!
    const keep = KEEP[byte] === 1 || (byte === PERCENT && isUpperHex(bytes[at + 1]) && isUpperHex(bytes[at + 2]))
    text += keep ? String.fromCharCode(byte) : `%${HEX[byte >> 4]}${HEX[byte & 15]}`
  }
  return text
}

/** One header line of a plain event. An empty value becomes `_undef_`. */
export function plainLine(name: string, value: string): string {
  return `${name}: ${value === '' ? '_undef_' : urlEncode(value)}\n`
}

/** One member of a JSON event, with its leading comma. A value that begins with `ARRAY::` becomes an array. */
export function jsonMember(name: string, value: string): string {
  const text = value.startsWith('ARRAY::') ? JSON.stringify(value.slice(7).split('|:')) : JSON.stringify(value)
  return `,${JSON.stringify(name)}:${text}`
}

/** True for the values that FreeSWITCH treats as true (switch_true). */
export function isTrue(value: string | undefined): boolean {
  if (value === undefined) return false
  return (
    /^(yes|on|true|t|enabled|active|allow)$/i.test(value) ||
    (/^[+-]?\d+(\.\d+)?$/.test(value) && Number.parseInt(value, 10) !== 0)
  )
}

/** C's atoi: the number at the beginning, else 0. */
export function integer(value: string | undefined): number {
  const number = Number.parseInt(value ?? '', 10)
  return Number.isNaN(number) ? 0 : number
}
