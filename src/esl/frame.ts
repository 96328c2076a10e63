/**
 * The frames of the event socket, out of any cut of the byte stream.
 *
 *   frame  = *( name ": " value LF ) LF [ body ]      body has Content-Length octets, none without that header
 *
 * Text is latin1 throughout (one character, one octet): header blocks are URL-encoded ASCII, and the few raw UTF-8 parts
 * (reply texts, nested bodies) are decoded by whoever reads them. Limits keep a broken or hostile peer from eating the process.
 */
import { SwitchError } from '../base/errors.ts'

export interface Frame {
  /** The header lines without the empty line that ends them. */
  readonly head: string
  /** Empty when there is none; Content-Length 0 is a frame like any other. */
  readonly body: string
}

/** Octets of a header block, octets of a body, header lines of one block. A connect reply has 6.6 kB and 165 headers. */
export const LIMITS = { head: 65_536, body: 4_194_304, headers: 2_000 } as const

/** 'a: b' and a line end: a shorter block cannot have too many lines, and need not be counted. */
const SHORTEST_LINE = 5

const END_OF_HEAD = Buffer.from('\n\n')
const LENGTH = 'Content-Length: '

export class FrameReader {
  readonly #onFrame: (frame: Frame) => void
  #rest: Buffer | null = null // octets of a head that has not ended yet
  #head: string | null = null // head whose body is not complete yet
  #need = 0
  #have = 0
  #chunks: Buffer[] = []

  constructor(onFrame: (frame: Frame) => void) {
    this.#onFrame = onFrame
  }

  /** True between the first octet of a frame and its last. */
  get partial(): boolean {
    return this.#rest !== null || this.#head !== null
  }

  /** Throws SwitchError PROTOCOL on bytes that cannot be event socket; the wire must be dropped then. */
  push(chunk: Buffer): void {
    if (this.#head !== null) {
      this.#chunks.push(chunk)
      this.#have += chunk.length
      if (this.#have < this.#need) return
      const bytes = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks, this.#have) // joined once, when complete
      const head = this.#head
      const need = this.#need
      this.#head = null
      this.#chunks = []
      this.#onFrame({ head, body: bytes.toString('latin1', 0, need) })
      if (need < bytes.length) this.#scan(bytes, need)
      return
    }
    if (this.#rest === null) return this.#scan(chunk, 0)
    const bytes = Buffer.concat([this.#rest, chunk])
    this.#rest = null
    this.#scan(bytes, 0)
  }

  #scan(bytes: Buffer, from: number): void {
    let at = from
    while (at < bytes.length) {
      if (bytes[at] === 10) { // an empty line between frames: FreeSWITCH ends some replies with one LF too many
        at++
        continue
      }
      const end = bytes.indexOf(END_OF_HEAD, at)
      if (end < 0 ? bytes.length - at > LIMITS.head : end - at > LIMITS.head) throw broken(`a header block is larger than ${LIMITS.head} octets`)
      if (end < 0) {
        this.#rest = at === 0 ? bytes : bytes.subarray(at)
        return
      }
      const head = bytes.toString('latin1', at, end)
      at = end + 2
      const need = contentLength(head)
      if (at + need > bytes.length) {
        this.#head = head
        this.#need = need
        this.#have = bytes.length - at
        this.#chunks = this.#have > 0 ? [bytes.subarray(at)] : []
        return
      }
      this.#onFrame({ head, body: need === 0 ? '' : bytes.toString('latin1', at, at + need) })
      at += need
    }
  }
}

/** Digits only, no sign, no second header: a negative or doubled length has broken other readers (CVE-2026-49840). */
function contentLength(head: string): number {
  if (head.length > LIMITS.headers * SHORTEST_LINE && count(head, '\n') >= LIMITS.headers) throw broken(`a header block has more than ${LIMITS.headers} lines`)
  let at = head.startsWith(LENGTH) ? 0 : head.indexOf(`\n${LENGTH}`) + 1
  if (at === 0 && !head.startsWith(LENGTH)) return 0
  at += LENGTH.length
  if (head.indexOf(`\n${LENGTH}`, at) >= 0) throw broken('a frame has two Content-Length headers')
  const end = head.indexOf('\n', at)
  const value = end < 0 ? head.slice(at) : head.slice(at, end)
  if (!/^[0-9]{1,8}$/.test(value)) throw broken(`Content-Length is '${value.slice(0, 40)}', not a number of up to 8 digits`)
  const length = Number(value)
  if (length > LIMITS.body) throw broken(`a body of ${length} octets is larger than ${LIMITS.body}`)
  return length
}

function count(text: string, character: string): number {
  let found = 0
  for (let at = text.indexOf(character); at >= 0; at = text.indexOf(character, at + 1)) found++
  return found
}

const broken = (what: string) => new SwitchError('PROTOCOL', `not event socket: ${what}`)
