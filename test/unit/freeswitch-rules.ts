/**
 * How FreeSWITCH reads what Switchhook writes, rule by rule from its source (v1.10.12), as the oracle of the injection
 * tests: mod_event_socket.c read_packet and parse_command, mod_commands.c originate_function, switch_utils.c
 * switch_separate_string, switch_event.c switch_event_create_brackets. Text is latin1: one character, one octet.
 */

export interface Packet {
  /** The first line: the command. */
  readonly command: string
  /** The header lines after it, names in lower case, in order; of a repeated name FreeSWITCH takes the first. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: string
}

/** Everything in these octets that FreeSWITCH would take for a command. */
export function readPackets(octets: string): Packet[] {
  const packets: Packet[] = []
  let at = 0
  while (at < octets.length) {
    // line ends before a command are dropped; CR does not end the count of LF
    let block = ''
    let lineEnds = 0
    for (; at < octets.length && lineEnds < 2; at++) {
      const c = octets[at]!
      if (block === '' && (c === '\r' || c === '\n')) continue
      block += c
      if (c === '\n') lineEnds++
      else if (c !== '\r') lineEnds = 0
    }
    if (block === '') break
    block = block.split('\0', 1)[0]! // C strings
    if (/(un|re)load/i.test(block) && /mod_event_socket/i.test(block))
      packets.push({ command: 'api bgapi reload mod_event_socket', headers: [], body: '' })
    const lines = block.split(/[\r\n]+/).filter(line => line !== '')
    const headers: [string, string][] = []
    let body = ''
    for (const line of lines.slice(1)) {
      const colon = line.indexOf(':')
      if (colon < 0) continue
      const name = line.slice(0, colon).toLowerCase()
      const value = line.slice(colon + 1).replace(/^ +/, '')
      headers.push([name, value])
      const length = name === 'content-length' ? parseInt(value, 10) || 0 : 0
      if (length > 0) {
        body += octets.slice(at, at + length).split('\0', 1)[0]!
        at += length
      }
    }
    packets.push({ command: lines[0] ?? '', headers, body })
  }
  return packets
}

/** switch_separate_string. */
export function separate(text: string, delimiter: string, most: number): string[] {
  if (text.startsWith('^^') && text.length > 3) {
    delimiter = text[2]!
    text = text.slice(3)
  }
  const parts: string[] = []
  let at = 0
  while (at < text.length && parts.length < most) {
    if (delimiter === ' ') while (text[at] === ' ') at++
    const start = at
    let quoted = false
    for (; at < text.length; at++) {
      if (text[at] === '\\') at++
      else if (text[at] === "'" && (delimiter === ' ' || quoted || text.indexOf("'", at + 1) >= 0)) quoted = !quoted
      else if (text[at] === delimiter && !quoted && parts.length + 1 < most + (delimiter === ' ' ? 1 : 0)) break
    }
    parts.push(cleanUp(text.slice(start, at), delimiter === ' ' ? '' : delimiter))
    at++
  }
  return parts
}

const UNESCAPED: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', s: ' ' }

function cleanUp(text: string, delimiter: string): string {
  let out = ''
  let end = 0
  let quoted = false
  const start = /^ */.exec(text)![0].length
  for (let at = start; at < text.length; at++) {
    const c = text[at]!
    const next = text[at + 1]
    if (
      c === '\\' &&
      next !== undefined &&
      (next === "'" || next === '"' || next === delimiter || next === '\\' || next in UNESCAPED)
    ) {
      out += UNESCAPED[next] ?? next
      at++
      end = out.length
    } else if (c === "'" && (quoted || text.indexOf("'", at + 1) >= 0)) {
      quoted = !quoted
      if (quoted) end = out.length
    } else {
      out += c
      if (c !== ' ' || quoted) end = out.length
    }
  }
  return end > 0 ? out.slice(0, end) : out
}

export interface Originate {
  readonly variables: ReadonlyMap<string, string>
  /** The dialled destinations: more than one when a delimiter was not stopped. */
  readonly legs: readonly string[]
  readonly extension: string | undefined
  readonly dialplan: string | undefined
  readonly context: string | undefined
  readonly extra: readonly string[]
}

/** `originate <dial string> <extension> <dialplan> <context> …`. */
export function readOriginate(argument: string): Originate {
  const [aleg = '', extension, dialplan, context, ...extra] = separate(argument, ' ', 10)
  const variables = new Map<string, string>()
  let rest = aleg
  if (rest.startsWith('{')) {
    const end = closing(rest)
    if (end < 0) return { variables, legs: [rest], extension, dialplan, context, extra }
    for (const pair of separate(rest.slice(1, end), ',', 1024)) {
      const [name, value] = separate(pair, '=', 2)
      if (name !== undefined && value !== undefined && !variables.has(name)) variables.set(name, value)
    }
    rest = rest.slice(end + 1)
  }
  return { variables, legs: rest.split(/[|,]|:_:/), extension, dialplan, context, extra }
}

function closing(text: string): number {
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '{') depth++
    else if (text[at] === '}' && --depth === 0) return at
  }
  return -1
}
