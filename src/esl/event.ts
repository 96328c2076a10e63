/**
 * Header blocks with lazy look-up. Decoding all 150 headers of an event costs 45 µs, one look-up costs under 1 µs. So
 * the block stays undecoded, and each look-up searches it. Names are case-sensitive, as FreeSWITCH writes them.
 *
 * The events of a leg stay octets of the chunk in which they arrived: as strings they would be half of all memory that
 * a call uses.
 */

const EMPTY = '_undef_' // what FreeSWITCH writes for a header without a value (switch_event.c, switch_event_serialize)

/**
 * FreeSWITCH writes these headers last, 5 kB after the start: results of an application, and those of the reply to
 * `connect` itself.
 */
const LAST = /^(Application|Socket-Mode|Control)/

export class Headers {
  #text: string | null
  /** Null once the whole text was requested. */
  #octets: Buffer | null

  constructor(block: string | Buffer) {
    this.#text = typeof block === 'string' ? block : null
    this.#octets = typeof block === 'string' ? null : block
  }

  /** The whole block. Latin1: one character, one octet. */
  get text(): string {
    const text = (this.#text ??= this.#octets!.toString('latin1'))
    this.#octets = null
    return text
  }

  /** The value as received, not decoded; undefined when absent. */
  raw(name: string): string | undefined {
    if (this.#octets !== null) return rawOf(this.#octets, name)
    const { text } = this
    let at: number
    if (text.startsWith(name) && text.startsWith(': ', name.length)) at = name.length + 2
    else {
      const found = LAST.test(name) ? text.lastIndexOf(`\n${name}: `) : text.indexOf(`\n${name}: `)
      if (found < 0) return undefined
      at = found + name.length + 3
    }
    const end = text.indexOf('\n', at)
    return end < 0 ? text.slice(at) : text.slice(at, end)
  }

  /** The value, URL-decoded; undefined when absent or empty. */
  get(name: string): string | undefined {
    const raw = this.raw(name)
    return raw === undefined || raw === EMPTY || raw === '' ? undefined : decode(raw)
  }

  /** All headers, decoded, in order. Of equal names the first counts, as in FreeSWITCH. Slow: for logs and tests. */
  toMap(): Map<string, string> {
    const all = new Map<string, string>()
    for (const line of this.text.split('\n')) {
      const colon = line.indexOf(': ')
      if (colon > 0 && !all.has(line.slice(0, colon))) all.set(line.slice(0, colon), decode(line.slice(colon + 2)))
    }
    return all
  }
}

const LF = 10
const MOST_NEEDLES = 1_000
/** The octets to search for, by name of a header. */
const needles = new Map<string, Buffer>()

function needleOf(name: string): Buffer {
  let needle = needles.get(name)
  if (needle === undefined) {
    if (needles.size >= MOST_NEEDLES) needles.clear() // a flow may use any number of variable names
    needles.set(name, (needle = Buffer.from(`\n${name}: `, 'latin1')))
  }
  return needle
}

/** Headers.raw on octets. */
function rawOf(octets: Buffer, name: string): string | undefined {
  const needle = needleOf(name)
  const found = LAST.test(name) ? octets.lastIndexOf(needle) : octets.indexOf(needle)
  const isFirst = found < 0 && octets.toString('latin1', 0, needle.length - 1) === `${name}: `
  if (found < 0 && !isFirst) return undefined
  const at = isFirst ? needle.length - 1 : found + needle.length
  const end = octets.indexOf(LF, at)
  return octets.toString('latin1', at, end < 0 ? octets.length : end)
}

/**
 * Reads several headers in one pass. A look-up of an absent header searches all 6.6 kB (3 µs), and an arriving leg
 * needs a dozen of them.
 *
 *     const LEG = new HeaderNames('Unique-ID', 'variable_socket_path')
 *     LEG.in(headers).get('Unique-ID')
 */
export class HeaderNames {
  readonly #lines: RegExp

  /** `names`: letters, digits, - and _; not the name of the first header of the block. */
  constructor(...names: readonly string[]) {
    this.#lines = new RegExp(`\n(${names.join('|')}): (.*)`, 'g')
  }

  /** Returns the headers that have a value, URL-decoded; of equal names the first. */
  in({ text }: Headers): ReadonlyMap<string, string> {
    const found = new Map<string, string>()
    this.#lines.lastIndex = 0
    for (let line = this.#lines.exec(text); line; line = this.#lines.exec(text)) {
      const [, name = '', value = ''] = line
      if (value !== '' && value !== EMPTY && !found.has(name)) found.set(name, decode(value))
    }
    return found
  }
}

/** One event in plain format: a block of URL-encoded headers and, for a few kinds, a raw body. */
export class SwitchEvent extends Headers {
  /**
   * Event-Name. It is the first header, so unwanted events cost no search; for CUSTOM it is the second, after
   * Event-Subclass.
   */
  readonly name: string
  /** The nested body (result of a bgapi job) as text; '' without one. */
  readonly body: string

  constructor(block: string | Buffer) {
    const start = typeof block === 'string' ? block : block.toString('latin1', 0, LONGEST_FIRST)
    const name = start.startsWith('Event-Name: ')
      ? start.slice(12, start.indexOf('\n', 12))
      : start.startsWith('Event-Subclass: ')
        ? 'CUSTOM'
        : ''
    // events of a leg (nearly all events) have no body, so their 6 kB are not searched for one
    const text = name.startsWith('CHANNEL_') ? '' : textOf(block)
    const end = text.indexOf('\n\n')
    super(text === '' ? block : end < 0 ? text : text.slice(0, end))
    this.body = end < 0 || end + 2 >= text.length ? '' : utf8(text.slice(end + 2))
    this.name = name
  }

  get uuid(): string | undefined {
    return this.get('Unique-ID')
  }

  /** A channel variable. */
  variable(name: string): string | undefined {
    return this.get(`variable_${name}`)
  }
}

/** The first header of an event ends within so many octets: event names have up to 30. */
const LONGEST_FIRST = 64

const textOf = (block: string | Buffer): string => (typeof block === 'string' ? block : block.toString('latin1'))

// eslint-disable-next-line no-control-regex
const ASCII = /^[\0-\x7f]*$/

/** Decodes latin1 text from the wire as UTF-8. */
export function utf8(text: string): string {
  if (ASCII.test(text)) return text
  return Buffer.from(text, 'latin1').toString('utf8')
}

function decode(value: string): string {
  if (value.indexOf('%') < 0) return value
  try {
    return decodeURIComponent(value)
  } catch {
    // not UTF-8 (a SIP header may hold any bytes): decode the octets, replace the invalid ones
    return utf8(value.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))))
  }
}
