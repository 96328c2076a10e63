/**
 * One event socket connection over a wire: sends commands, matches replies to them by order, delivers events at any
 * time. Commands that result from the same received data leave in one write. When the wire closes, all pending commands
 * reject at once. Used by esl/events.ts (inbound) and call/conversation.ts (outbound).
 *
 * In code that every call runs, functions are bound or anonymous. tsx (esbuild's keepNames) sets the name of a named
 * arrow function (`key: digit => …`, `const done = () => …`) each time it is created, which took a tenth of a call's
 * CPU.
 */
import { afterReading, type Clock, type Timer } from '../base/clock.ts'
import { CallMoved, SwitchError } from '../base/errors.ts'
import { SwitchEvent, Headers, utf8 } from './event.ts'
import { FrameReader, TooLarge, type Frame } from './frame.ts'
import type { Command } from './command.ts'
import type { Wire } from './wire.ts'

/** Limit for the rest of an incomplete frame: a peer that stops in one is gone or hostile. */
const PARTIAL_FRAME_MS = 5_000

export interface Reply {
  /** Reply-Text of a command, or the first line of the answer to an api command. */
  readonly text: string
  /** The whole answer to an api command; '' for other commands. */
  readonly body: string
  /** All headers of the reply; for `connect` the leg's data. */
  readonly headers: Headers
}

export interface ConnectionHandlers {
  event(event: SwitchEvent): void
  /** Called once, when the connection has closed. */
  closed(error?: Error): void
  /** FreeSWITCH answered -ERR to a command sent by `post`. */
  refused?(text: string): void
  /** The leg has ended; the connection lingers to deliver the last events. */
  lingers?(): void
  /** FreeSWITCH's inbound port asks for the password (`auth/request`). */
  authRequest?(): void
  /** FreeSWITCH's inbound port refuses our address (`text/rude-rejection`) and closes. */
  turnedAway?(): void
  /**
   * A frame beyond the limit was skipped; if it was an answer, its command rejects. Absent: such a frame ends the
   * connection.
   */
  skipped?(contentType: string, octets: number): void
}

const NOW = Promise.resolve()

/** FreeSWITCH's answer to nine of ten commands. */
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

  /** True while a frame beyond the limit is being skipped. */
  get skipping(): boolean {
    return this.#reader.skipping
  }

  /** The peer is identified: its data no longer counts against the shared budget (Wire.budget). */
  trust(): void {
    this.#reader.trust()
  }

  /**
   * Sends a command and resolves with its reply, also with -ERR. Rejects with CallMoved when the connection closes
   * before the reply.
   */
  send(command: Command): Promise<Reply> {
    return new Promise((resolve, reject) => {
      if (!this.#open) return reject(new CallMoved('the connection is closed'))
      this.#waiting.push({ resolve, reject })
      this.#say(command)
    })
  }

  /** Sends a command without waiting; a refusal is reported to the handler `refused`. */
  post(command: Command): void {
    if (!this.#open) return
    this.#waiting.push(null)
    this.#say(command)
  }

  /** Ends the connection after all pending writes. FreeSWITCH then offers a leg that is in a flow to the next node. */
  end(): void {
    this.#flush()
    this.#wire.end()
  }

  destroy(error?: Error): void {
    this.#wire.destroy(error)
  }

  #say(command: Command): void {
    // after all that follows from the same octets: a nextTick queued in a microtask runs after all microtasks
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
    // in a backlog every chunk ends within a frame, each time another one: only a frame that stands still is late
    if (!this.#reader.partial || this.#reader.skipping || this.#frames !== this.#framesThen) {
      this.#partial?.cancel()
      this.#partial = null
    }
    if (this.#reader.partial && this.#partial === null && this.#open) {
      this.#framesThen = this.#frames
      this.#partial = afterReading(this.#clock, PARTIAL_FRAME_MS, () =>
        this.destroy(new SwitchError('PROTOCOL', `incomplete frame, no more data for ${PARTIAL_FRAME_MS} ms`)),
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
        // the answer to connect is URL-encoded like an event, all others are plain text
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
    if (waiting === undefined) return this.destroy(new SwitchError('PROTOCOL', 'a reply without a command'))
    if (waiting !== null) waiting.resolve(reply)
    else if (reply.text.startsWith('-ERR') || reply.text.startsWith('-USAGE')) this.#handlers.refused?.(reply.text)
  }

  #close(error?: Error): void {
    if (!this.#open) return
    this.#open = false
    this.#partial?.cancel()
    this.#reader.end()
    if (this.#waiting.length > 0) {
      // whatever closed the wire (a reset, a port scan), for a waiting command the connection is closed
      const why =
        error instanceof SwitchError
          ? error
          : new CallMoved(
              error?.message ?? (this.#notice ? 'FreeSWITCH closed the connection' : 'the connection was lost'),
            )
      for (const waiting of this.#waiting.splice(0)) waiting?.reject(why)
    }
    this.#handlers.closed(error)
  }
}
