/**
 * The connection given to esl-lite in place of its own class EslLite: translates our frames to its events, for the life
 * of one wire.
 *
 *   logging in   waits for auth/request, then for the reply to the password
 *   open         carries commands and events; a ping every 2 s
 *   closed       wire closed, login refused, or a ping had no answer (FreeSWITCH frozen, link half open)
 *
 * Used by esl/client.ts alone.
 */
import { afterReading, type Clock, type Timer } from '../base/clock.ts'
import { SwitchError } from '../base/errors.ts'
import { Headers, utf8 } from './event.ts'
import { FrameReader, type Frame } from './frame.ts'
import type { Wire } from './wire.ts'

/** Between two pings. A link on which nothing arrived between two of them is closed. */
const PING_MS = 2_000

/** One frame in the form that esl-lite expects. */
type EslEvent = { event: string; headers: { replyText: string | undefined }; body: unknown }

export class EslLiteConnection {
  readonly #wire: Wire
  readonly #clock: Clock
  readonly #lost: (why: string) => void
  readonly #reader = new FrameReader(frame => this.#frame(frame))
  readonly #events: EslEvent[] = []
  #more: () => void = () => {}
  #heard = true
  #loggingIn = true
  #said: Buffer = Buffer.alloc(0)
  #pinging: Timer
  /** False once the connection is closed. */
  open = true
  /** What FreeSWITCH refused at login, if it did. */
  refused: 'address' | 'password' | null = null
  /**
   * Called once, when FreeSWITCH asks for the password. A second call would make esl-lite send commands in flight
   * again.
   */
  greeted: (() => void) | null = null
  /** Sends the ping: any command with an answer. */
  ask: () => void = () => {}

  /** `lost` receives the reason when the wire closed or went silent; it is not called after `end`. */
  constructor(wire: Wire, clock: Clock, lost: (why: string) => void) {
    this.#wire = wire
    this.#clock = clock
    this.#lost = lost
    this.#pinging = afterReading(clock, PING_MS, () => this.#ping())
    wire.listen({
      data: chunk => this.#data(chunk),
      close: error => this.#close(error?.message ?? 'the connection is gone'),
    })
  }

  /** Yields events until the connection closes. */
  async *connect(): AsyncGenerator<EslEvent> {
    for (;;) {
      for (let event = this.#events.shift(); event; event = this.#events.shift()) yield event
      if (!this.open) return
      await new Promise<void>(resolve => (this.#more = resolve))
    }
  }

  write({ buf, resolve }: { buf: Buffer; resolve(outcome: undefined): void }): void {
    if (this.open) {
      this.#wire.write(buf)
      this.#said = buf
    }
    resolve(undefined)
  }

  /**
   * True when the last command written contains `mark`. esl-lite has one command in flight, so no other unanswered one
   * was written.
   */
  wasSentLast(mark: string): boolean {
    return this.#said.includes(mark)
  }

  end(): void {
    this.#close(null)
    this.#wire.end()
  }

  /** Closes at once: FreeSWITCH may never read what was written. */
  destroy(): void {
    this.#close(null)
    this.#wire.destroy()
  }

  #data(chunk: Buffer): void {
    this.#heard = true
    try {
      this.#reader.push(chunk)
    } catch (error) {
      if (!(error instanceof SwitchError)) throw error
      this.#wire.destroy(error)
      this.#close(error.message)
    }
    this.#more()
  }

  #frame({ head, body }: Frame): void {
    const headers = new Headers(head)
    const event = { headers: { replyText: headers.raw('Reply-Text') }, body: Buffer.from(body, 'latin1') }
    switch (headers.raw('Content-Type')) {
      case 'auth/request':
        this.greeted?.()
        if (this.greeted) this.#events.push({ event: 'freeswitch_auth_request', ...event })
        this.greeted = null
        return
      case 'text/rude-rejection':
        this.refused = 'address'
        this.#close('FreeSWITCH refused the address of this machine')
        return this.#wire.destroy()
      case 'command/reply':
        // the first reply answers the password
        if (this.#loggingIn && headers.raw('Reply-Text')?.startsWith('-ERR')) {
          this.refused = 'password'
          this.#close('FreeSWITCH refused the password')
          return this.#wire.destroy()
        }
        this.#loggingIn = false
        return void this.#events.push({ event: 'freeswitch_command_reply', ...event })
      case 'text/event-json': {
        const data = parsed(utf8(body))
        return void this.#events.push({
          event: String(data['Event-Name']),
          headers: event.headers,
          body: { data, jobUUID: data['Job-UUID'], response: data['_body'] },
        })
      }
    }
  }

  #ping(): void {
    if (!this.#heard) {
      this.#close(`no data received for ${PING_MS} ms`)
      return this.#wire.destroy()
    }
    this.#heard = false
    this.#pinging = afterReading(this.#clock, PING_MS, () => this.#ping())
    this.ask()
  }

  #close(why: string | null): void {
    if (!this.open) return
    this.open = false
    this.#pinging.cancel()
    this.#more()
    if (why !== null) this.#lost(why)
  }
}

function parsed(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch (error) {
    throw new SwitchError('PROTOCOL', 'the event is not valid JSON', { cause: error })
  }
}
