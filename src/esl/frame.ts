/**
 * Reads the frames of the event socket from the byte stream, however it is cut into chunks. Used by both kinds of
 * connection.
 *
 *   frame  = *( name ": " value LF ) LF [ body ]      body has Content-Length octets, none without that header
 *
 * All text is latin1 (one character, one octet). Header blocks are URL-encoded ASCII; the reader of a raw UTF-8 part
 * (reply text, nested body) decodes it. A size limit protects the process from a broken or hostile peer.
 */
import { SwitchError } from '../base/errors.ts'
import { UNCHARGED, type Budget } from './budget.ts'
import { Octets } from './octets.ts'

export interface Frame {
  /** The header lines without the empty line that ends them. */
  readonly head: string
  /** Empty without a body; Content-Length 0 is valid. */
  readonly body: string
  /** Octets of a body that exceeded LIMIT and was skipped. */
  readonly skipped?: number
}

/** An answer exceeded LIMIT and was skipped; the link stays up. */
export class TooLarge extends SwitchError {
  readonly octets: number
  constructor(octets: number) {
    super('PROTOCOL', `the answer has ${octets} octets, more than the limit of ${LIMIT}: it was skipped`)
    this.octets = octets
  }
}

export interface Reading {
  /**
   * On a body beyond the limit: 'refuse' (default) throws, 'skip' drops the body and delivers the frame with `skipped`.
   * A head beyond it always throws.
   */
  readonly tooLarge?: 'refuse' | 'skip'
  /**
   * Takes the body of an event: a Buffer when it arrived in one chunk, as nearly all do. Absent: events are delivered
   * as frames.
   */
  readonly event?: (body: string | Buffer) => void
  /**
   * Shared by the readers of unidentified peers. A reader takes from it what it holds beyond UNCHARGED, until `trust`
   * or `end`.
   */
  readonly budget?: Budget | undefined
}

/**
 * Most octets of one frame, head and body together. FreeSWITCH does not limit a channel's data: it is the head of the
 * answer to `connect` (usually 6.6 kB) and the body of an event, and can have hundreds of kilobytes (variables of
 * customers, SDP with video).
 */
export const LIMIT = 4_194_304

const LF = 10
const END_OF_HEAD = Buffer.from('\n\n')
const LENGTH = 'Content-Length: '
/** The first header of an event is Content-Length, the second its type; no other is read. */
const IS_EVENT = '\nContent-Type: text/event-plain'

export class FrameReader {
  readonly #onFrame: (frame: Frame) => void
  readonly #onEvent: ((body: string | Buffer) => void) | undefined
  readonly #tooLarge: 'refuse' | 'skip'
  #budget: Budget | null
  #charged = 0
  /** An incomplete head, or the incomplete body that belongs to `#head`. */
  readonly #held = new Octets(LIMIT)
  #head: string | null = null
  #need = 0
  /** Octets still to come of a body that is being skipped. */
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

  /** True while a body is being skipped: arriving octets then show that the peer is alive, though no frame ends. */
  get skipping(): boolean {
    return this.#skip > 0
  }

  /** Octets of memory held now. */
  get held(): number {
    return this.#held.capacity
  }

  /** The peer is identified: returns the charged octets to the budget and stops charging. */
  trust(): void {
    this.#budget?.give(this.#charged)
    this.#charged = 0
    this.#budget = null
  }

  /** Call when the wire has closed. */
  end(): void {
    this.trust()
    this.#held.clear()
  }

  /**
   * Throws SwitchError PROTOCOL on bytes that are not event socket, or beyond the limits; the caller must then destroy
   * the wire.
   */
  push(chunk: Buffer): void {
    let at = 0
    if (this.#skip > 0) at = this.#pass(chunk, 0)
    else if (this.#head !== null) at = this.#fill(chunk)
    else if (this.#held.length > 0) at = this.#findEnd(chunk)
    while (at < chunk.length) at = this.#scan(chunk, at)
  }

  /** The next frame begins at `from`. Returns the start of the frame behind it. */
  #scan(chunk: Buffer, from: number): number {
    if (chunk[from] === LF) return from + 1 // empty line between frames: FreeSWITCH ends some replies with an extra LF
    const end = chunk.indexOf(END_OF_HEAD, from)
    if (end < 0) return this.#hold(chunk, from, chunk.length)
    return this.#begin(chunk.toString('latin1', from, end), chunk, end + 2)
  }

  /** The end of the held head may be in this chunk, or begin with the last octet of the previous one. */
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

  /** The highest amount stays charged: the finished frame is in memory elsewhere. */
  #charge(octets: number): void {
    const more = octets - this.#charged
    if (this.#budget === null || more <= 0) return
    const { octets: all } = this.#budget
    if (!this.#budget.take(more))
      throw broken(
        `unidentified connections may hold ${all} octets together, and this one needs ${more} more: it is closed`,
      )
    this.#charged += more
  }
}

/**
 * Accepts digits only, no sign and no second header: a negative or doubled length broke other readers (CVE-2026-49840).
 */
function contentLength(head: string): number {
  let at = head.startsWith(LENGTH) ? 0 : head.indexOf(`\n${LENGTH}`) + 1
  if (at === 0 && !head.startsWith(LENGTH)) return 0
  at += LENGTH.length
  if (head.indexOf(`\n${LENGTH}`, at) >= 0) throw broken('a frame has two Content-Length headers')
  const end = head.indexOf('\n', at)
  return lengthIn(head, at, end < 0 ? head.length : end)
}

/** Digit by digit: runs for every event, and is faster than every function that parses a number from text. */
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
