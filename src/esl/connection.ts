/**
 * One conversation over a wire: commands go out, replies come back in the same order, events come whenever they like.
 * What is said in answer to one thing leaves in one write. When the wire closes, everybody who waits for a reply is told at once.
 *
 * Here and wherever every call passes, functions are bound or anonymous: tsx (by esbuild's keepNames) puts its name on every arrow
 * function that stands behind one (`key: digit => …`, `const done = () => …`) each time it is made, which was a tenth of a call's CPU.
 */
import { afterReading, type Clock, type Timer } from '../base/clock.ts'
import { CallMoved, SwitchError } from '../base/errors.ts'
import { SwitchEvent, Headers, utf8 } from './event.ts'
import { FrameReader, TooLarge, type Frame } from './frame.ts'
import type { Command } from './command.ts'
import type { Wire } from './wire.ts'

/** A peer that sends half a frame and then nothing is gone or hostile. */
const PARTIAL_FRAME_MS = 5_000

export interface Reply {
  /** Reply-Text of a command, first line of the answer of an api command. */
  readonly text: string
  /** The whole answer of an api command; '' for others. */
  readonly body: string
  /** All headers of the reply; for `connect` these are the leg's data. */
  readonly headers: Headers
}

export interface ConnectionHandlers {
  event(event: SwitchEvent): void
  /** Once, when nothing more will come. */
  closed(error?: Error): void
  /** Somebody posted a command and the switch said -ERR. */
  refused?(text: string): void
  /** The leg has ended, and the connection stays for a while to tell what it knows. */
  lingers?(): void
  /** `auth/request` of the inbound port. */
  authRequest?(): void
  /** The switch does not let our address in (`text/rude-rejection` of the inbound port), and closes. */
  turnedAway?(): void
  /** Something larger than a frame may be was passed over; when it was an answer, whoever asked is told. Absent: the connection ends then. */
  skipped?(contentType: string, octets: number): void
}

const NOW = Promise.resolve()

/** What FreeSWITCH answers to nine of ten commands. */
const FINE = 'Content-Type: command/reply\nReply-Text: +OK'

interface Waiting {
  resolve(reply: Reply): void
  reject(error: Error): void
}

export class Connection {
  readonly peer: string
  readonly #wire: Wire
  readonly #clock: Clock
  readonly #handlers: ConnectionHandlers
  readonly #reader: FrameReader
  readonly #waiting: (Waiting | null)[] = []
  #out = ''
  readonly #soon = process.nextTick.bind(process, this.#flush.bind(this)) as () => void
  #partial: Timer | null = null
  #frames = 0
  #framesThen = 0
  #open = true
  #notice = false

  constructor(wire: Wire, clock: Clock, handlers: ConnectionHandlers) {
    this.peer = wire.peer
    this.#wire = wire
    this.#clock = clock
    this.#handlers = handlers
    this.#reader = new FrameReader(this.#frame.bind(this), {
      event: this.#event.bind(this),
      budget: wire.budget,
      tooLarge: handlers.skipped ? 'skip' : 'refuse',
    })
    wire.listen({ data: this.#data.bind(this), close: this.#close.bind(this) })
  }

  get open(): boolean {
    return this.#open
  }

  /** An answer is on its way that is larger than a frame may be. */
  get skipping(): boolean {
    return this.#reader.skipping
  }

  /** It is known whose connection this is: what it sends is not counted against all others any more. */
  trust(): void {
    this.#reader.trust()
  }

  /** Sends and waits for the reply. Rejects with CallMoved when the connection closes before it comes; -ERR is a reply like any other. */
  send(command: Command): Promise<Reply> {
    return new Promise((resolve, reject) => {
      if (!this.#open) return reject(new CallMoved('the connection is closed'))
      this.#waiting.push({ resolve, reject })
      this.#say(command)
    })
  }

  /** Sends; the reply matters only when it is a refusal. */
  post(command: Command): void {
    if (!this.#open) return
    this.#waiting.push(null)
    this.#say(command)
  }

  /** Says goodbye after what was said before. The switch closes the connection; a leg in a flow goes to its next node. */
  end(): void {
    this.#flush()
    this.#wire.end()
  }

  destroy(error?: Error): void {
    this.#wire.destroy(error)
  }

  #say(command: Command): void {
    // after everything that follows from the same octets: a tick that is asked for in a microtask comes when the microtasks are through
    if (this.#out === '') void NOW.then(this.#soon)
    this.#out += command
  }

  #flush(): void {
    const bytes = this.#out
    this.#out = ''
    if (bytes !== '') this.#wire.write(bytes)
  }

  #data(chunk: Buffer): void {
    try {
      this.#reader.push(chunk)
    } catch (error) {
      if (!(error instanceof SwitchError)) throw error
      this.#wire.destroy(error)
      return this.#close(error)
    }
    // of a backlog every chunk ends within some frame: it is always another one
    if (!this.#reader.partial || this.#reader.skipping || this.#frames !== this.#framesThen) {
      this.#partial?.cancel()
      this.#partial = null
    }
    if (this.#reader.partial && this.#partial === null && this.#open) {
      this.#framesThen = this.#frames
      this.#partial = afterReading(this.#clock, PARTIAL_FRAME_MS, () =>
        this.destroy(new SwitchError('PROTOCOL', `half a frame, then nothing for ${PARTIAL_FRAME_MS} ms`)),
      )
    }
  }

  #event(body: string | Buffer): void {
    this.#frames++
    this.#handlers.event(new SwitchEvent(body))
  }

  #frame({ head, body, skipped }: Frame): void {
    this.#frames++
    if (skipped !== undefined) return this.#skipped(new Headers(head).raw('Content-Type') ?? '', skipped)
    if (head === FINE && this.#waiting[0] === null) return void this.#waiting.shift()
    const headers = new Headers(head)
    switch (headers.raw('Content-Type')) {
      case 'command/reply':
        // connect is answered in the encoding of an event, every other command in plain text
        return this.#reply({
          text: utf8(
            head.startsWith('Event-Name')
              ? (headers.get('Reply-Text') ?? '').trim()
              : (headers.raw('Reply-Text') ?? ''),
          ),
          body: '',
          headers,
        })
      case 'api/response': {
        const answer = utf8(body)
        return this.#reply({ text: answer.split('\n', 1)[0] ?? '', body: answer, headers })
      }
      case 'auth/request':
        return this.#handlers.authRequest?.()
      case 'text/rude-rejection':
        return this.#handlers.turnedAway?.()
      case 'text/disconnect-notice':
        if (headers.raw('Content-Disposition') === 'linger') this.#handlers.lingers?.()
        else this.#notice = true
    }
  }

  #skipped(contentType: string, octets: number): void {
    this.#handlers.skipped?.(contentType, octets)
    if (contentType === 'api/response') this.#waiting.shift()?.reject(new TooLarge(octets))
  }

  #reply(reply: Reply): void {
    const waiting = this.#waiting.shift()
    if (waiting === undefined) return this.destroy(new SwitchError('PROTOCOL', 'a reply to nothing'))
    if (waiting !== null) waiting.resolve(reply)
    else if (reply.text.startsWith('-ERR') || reply.text.startsWith('-USAGE')) this.#handlers.refused?.(reply.text)
  }

  #close(error?: Error): void {
    if (!this.#open) return
    this.#open = false
    this.#partial?.cancel()
    this.#reader.end()
    if (this.#waiting.length > 0) {
      // whatever broke the wire (a reset, a scan of the port), for who waits it is one thing: the connection is gone
      const why =
        error instanceof SwitchError
          ? error
          : new CallMoved(
              error?.message ?? (this.#notice ? 'the switch closed the connection' : 'the connection is gone'),
            )
      for (const waiting of this.#waiting.splice(0)) waiting?.reject(why)
    }
    this.#handlers.closed(error)
  }
}
