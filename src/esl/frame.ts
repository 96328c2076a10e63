/**
 * The frames of the event socket, out of any cut of the byte stream.
 *
 *   frame  = *( name ": " value LF ) LF [ body ]      body has Content-Length octets, none without that header
 *
 * Text is latin1 throughout (one character, one octet): header blocks are URL-encoded ASCII, and the few raw UTF-8 parts
 * (reply texts, nested bodies) are decoded by whoever reads them. A limit keeps a broken or hostile peer from eating the process.
 */
import { SwitchError } from '../base/errors.ts'
import { UNCHARGED, type Budget } from './budget.ts'
import { Octets } from './octets.ts'

export interface Frame {
  /** The header lines without the empty line that ends them. */
  readonly head: string
  /** Empty when there is none; Content-Length 0 is a frame like any other. */
  readonly body: string
  /** The body had so many octets, which is more than LIMIT allows: nobody has read them. */
  readonly skipped?: number
}

/** An answer is larger than LIMIT: it was passed over, and the link goes on. */
export class TooLarge extends SwitchError {
  readonly octets: number
  constructor(octets: number) {
    super('PROTOCOL', `the answer has ${octets} octets, more than the ${LIMIT} that are read`)
    this.octets = octets
  }
}

export interface Reading {
  /** A body beyond the limit: 'refuse' (the default) throws, 'skip' passes over it and gives the frame with `skipped`. A head always throws. */
  readonly tooLarge?: 'refuse' | 'skip'
  /** Takes the body of an event: its octets when it came in one piece, as nearly all do. Absent: it is a frame like any other. */
  readonly event?: (body: string | Buffer) => void
  /** Shared by readers of whose peers nothing is known; charged until `trust` or `end` with what one of them holds beyond UNCHARGED. */
  readonly budget?: Budget | undefined
}

/**
 * Octets of one frame, head and body together. FreeSWITCH has no limit for a channel's data: the answer to `connect` (6.6 kB as a rule)
 * is a head, the same in an event is a body, and either can have hundreds of kilobytes (variables of customers, descriptions of video).
 */
export const LIMIT = 4_194_304

const LF = 10
const END_OF_HEAD = Buffer.from('\n\n')
const LENGTH = 'Content-Length: '
/** An event's first header is Content-Length, its second the type: nothing else is looked up for it. */
const IS_EVENT = '\nContent-Type: text/event-plain'

export class FrameReader {
  readonly #onFrame: (frame: Frame) => void
  readonly #onEvent: ((body: string | Buffer) => void) | undefined
  readonly #tooLarge: 'refuse' | 'skip'
  #budget: Budget | null
  #charged = 0
  /** Of a head that has not ended yet, or of the body that belongs to `#head`. */
  readonly #held = new Octets(LIMIT)
  #head: string | null = null
  #need = 0
  /** Octets of a body that is passed over, as many as are still to come. */
  #skip = 0

  constructor(onFrame: (frame: Frame) => void, { tooLarge = 'refuse', event, budget }: Reading = {}) {
    this.#onFrame = onFrame
    this.#onEvent = event
    this.#tooLarge = tooLarge
    this.#budget = budget ?? null
  }

  /** True between the first octet of a frame and its last. */
  get partial(): boolean {
    return this.#head !== null || this.#held.length > 0
  }

  /** A body is passed over: octets that come are a sign of life, though no frame ends. */
  get skipping(): boolean {
    return this.#skip > 0
  }

  /** Octets of memory that are held now. */
  get held(): number {
    return this.#held.capacity
  }

  /** It is known who sends this: what it holds is charged to nobody any more. */
  trust(): void {
    this.#budget?.give(this.#charged)
    this.#charged = 0
    this.#budget = null
  }

  /** Nothing more will come. */
  end(): void {
    this.trust()
    this.#held.clear()
  }

  /** Throws SwitchError PROTOCOL on bytes that cannot be event socket, or beyond the limits; the wire must be dropped then. */
  push(chunk: Buffer): void {
    let at = 0
    if (this.#skip > 0) at = this.#pass(chunk, 0)
    else if (this.#head !== null) at = this.#fill(chunk)
    else if (this.#held.length > 0) at = this.#findEnd(chunk)
    while (at < chunk.length) at = this.#scan(chunk, at)
  }

  /** The next frame begins at `from`. Gives where the one after it does. */
  #scan(chunk: Buffer, from: number): number {
    if (chunk[from] === LF) return from + 1 // an empty line between frames: FreeSWITCH ends some replies with one LF too many
    const end = chunk.indexOf(END_OF_HEAD, from)
    if (end < 0) return this.#hold(chunk, from, chunk.length)
    return this.#begin(chunk.toString('latin1', from, end), chunk, end + 2)
  }

  /** The end of the head that is held may be in this piece, or begin with the octet before it. */
  #findEnd(chunk: Buffer): number {
    if (chunk[0] === LF && this.#held.last === LF) return this.#begin(this.#held.take(1), chunk, 1)
    const end = chunk.indexOf(END_OF_HEAD)
    this.#hold(chunk, 0, end < 0 ? chunk.length : end)
    return end < 0 ? chunk.length : this.#begin(this.#held.take(), chunk, end + 2)
  }

  /** A head is complete; its body begins at `at`. */
  #begin(head: string, chunk: Buffer, at: number): number {
    if (head.length > LIMIT) throw broken(`a header block is larger than ${LIMIT} octets`)
    const need = contentLength(head)
    const end = at + need
    if (head.length + need <= LIMIT && end <= chunk.length) {
      if (this.#onEvent && head.endsWith(IS_EVENT)) this.#onEvent(chunk.subarray(at, end))
      else this.#onFrame({ head, body: need === 0 ? '' : chunk.toString('latin1', at, end) })
      return end
    }
    this.#head = head
    this.#need = need
    if (head.length + need <= LIMIT) return this.#hold(chunk, at, chunk.length)
    if (this.#tooLarge === 'refuse') throw broken(`a body of ${need} octets, with its head, is larger than ${LIMIT}`)
    this.#skip = need
    return this.#pass(chunk, at)
  }

  #fill(chunk: Buffer): number {
    const missing = this.#need - this.#held.length
    this.#hold(chunk, 0, Math.min(missing, chunk.length))
    if (missing <= chunk.length) this.#end({ head: this.#head!, body: this.#held.take() })
    return Math.min(missing, chunk.length)
  }

  #pass(chunk: Buffer, at: number): number {
    const passed = Math.min(this.#skip, chunk.length - at)
    this.#skip -= passed
    if (this.#skip === 0) this.#end({ head: this.#head!, body: '', skipped: this.#need })
    return at + passed
  }

  #end(frame: Frame): void {
    this.#head = null
    if (this.#onEvent && frame.skipped === undefined && frame.head.endsWith(IS_EVENT)) this.#onEvent(frame.body)
    else this.#onFrame(frame)
  }

  #hold(chunk: Buffer, from: number, to: number): number {
    const octets = chunk.subarray(from, to)
    if (this.#held.length + octets.length > LIMIT) throw broken(`a header block is larger than ${LIMIT} octets`)
    this.#charge(this.#held.capacityWith(octets.length) - UNCHARGED)
    this.#held.add(octets)
    return to
  }

  /** The most that it held stays charged: the frame that it became is held by somebody else now. */
  #charge(octets: number): void {
    const more = octets - this.#charged
    if (this.#budget === null || more <= 0) return
    const { octets: all } = this.#budget
    if (!this.#budget.take(more))
      throw broken(
        `connections that have not said whom they bring may hold ${all} octets together, and this one wants ${more} more`,
      )
    this.#charged += more
  }
}

/** Digits only, no sign, no second header: a negative or doubled length has broken other readers (CVE-2026-49840). */
function contentLength(head: string): number {
  let at = head.startsWith(LENGTH) ? 0 : head.indexOf(`\n${LENGTH}`) + 1
  if (at === 0 && !head.startsWith(LENGTH)) return 0
  at += LENGTH.length
  if (head.indexOf(`\n${LENGTH}`, at) >= 0) throw broken('a frame has two Content-Length headers')
  const end = head.indexOf('\n', at)
  return lengthIn(head, at, end < 0 ? head.length : end)
}

/** Digit by digit: for every event, and faster than all that reads numbers out of texts. */
function lengthIn(head: string, from: number, to: number): number {
  let length = to === from || to - from > 10 ? NaN : 0
  for (let at = from; at < to; at++) {
    const digit = head.charCodeAt(at) - 48
    length = digit >= 0 && digit <= 9 ? length * 10 + digit : NaN
  }
  if (Number.isNaN(length))
    throw broken(`Content-Length is '${head.slice(from, Math.min(to, from + 40))}', not a number of up to 10 digits`)
  return length
}

const broken = (what: string) => new SwitchError('PROTOCOL', `not event socket: ${what}`)
