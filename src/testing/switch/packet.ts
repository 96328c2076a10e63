/**
 * Parses packets from applications to the event socket: lines up to an empty line, and a body of Content-Length bytes.
 */

export interface Packet {
  /** The first line. */
  readonly command: string
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>
  /** The same with their names as they were written, in order. */
  readonly written: readonly (readonly [name: string, value: string])[]
  readonly body: string
}

const CR = 13
const LF = 10

export class PacketReader {
  #rest: Buffer = Buffer.alloc(0)

  /** Adds a chunk. Returns the packets that are complete now. */
  push(chunk: Buffer): Packet[] {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    const packets: Packet[] = []
    for (let packet = this.#next(); packet; packet = this.#next()) packets.push(packet)
    return packets
  }

  /** True while a packet is incomplete. Events wait behind it. */
  get partial(): boolean {
    return this.#rest.length > 0
  }

  #next(): Packet | undefined {
    let start = 0
    while (this.#rest[start] === LF || this.#rest[start] === CR) start++
    if (start > 0) this.#rest = this.#rest.subarray(start)
    const end = endOfHeaders(this.#rest)
    if (end < 0) return undefined
    const { command, headers, written } = cut(this.#rest.toString('utf8', 0, end))
    const length = Math.max(0, Number.parseInt(headers.get('content-length') ?? '0', 10) || 0)
    if (this.#rest.length < end + length) return undefined
    const body = this.#rest.toString('utf8', end, end + length)
    this.#rest = this.#rest.subarray(end + length)
    return { command, headers, written, body }
  }
}

/**
 * The index after the second of two newlines with only carriage returns between them; -1 when they are not here yet.
 */
function endOfHeaders(bytes: Buffer): number {
  for (let at = bytes.indexOf(LF); at >= 0; at = bytes.indexOf(LF, at + 1)) {
    let next = at + 1
    while (bytes[next] === CR) next++
    if (bytes[next] === LF) return next + 1
  }
  return -1
}

/**
 * Cuts lines as FreeSWITCH does: at the first carriage return ANYWHERE in the remaining text, else at the next newline.
 * One CR in a value therefore changes the whole command. A more lenient simulation would hide an injection.
 */
function cut(text: string): Pick<Packet, 'command' | 'headers' | 'written'> {
  const headers = new Map<string, string>()
  const written: [string, string][] = []
  let command: string | undefined
  for (let at = 0; at < text.length;) {
    let next = text.indexOf('\r', at)
    if (next < 0) next = text.indexOf('\n', at)
    if (next < 0) next = text.length
    const line = /^[^\r\n]*/.exec(text.slice(at, next))![0]
    while (text[next] === '\r' || text[next] === '\n') next++
    at = next
    if (command === undefined) {
      command = line
      continue
    }
    const colon = line.indexOf(':')
    const name = line.slice(0, colon)
    if (colon <= 0 || headers.has(name.toLowerCase())) continue
    const value = line.slice(colon + 1).replace(/^ +/, '')
    headers.set(name.toLowerCase(), value)
    written.push([name, value])
  }
  return { command: command ?? '', headers, written }
}
