/**
 * The connection that esl-lite works over, in place of its own class EslLite: its events out of our frames, for as long as one wire lives.
 * It is over when the wire closes, and when nothing comes over it although something was asked (a frozen switch, a half-open link).
 */
import { afterReading, type Clock, type Timer } from '../base/clock.ts'
import { SwitchError } from '../base/errors.ts'
import { Headers, utf8 } from './event.ts'
import { FrameReader, type Frame } from './frame.ts'
import type { Wire } from './wire.ts'

/** Each is a question to the switch; a link over which nothing has come from one to the next is a hole. */
const PING_MS = 2_000

/** What esl-lite makes of one frame. */
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
  /** Something may still come. */
  open = true
  /** The switch does not let us in: why, for people. */
  refused: 'address' | 'password' | null = null
  /** Called once, when the switch asks for the password; a second question would make esl-lite send again what is in flight. */
  greeted: (() => void) | null = null
  /** Asks the switch anything at all. */
  ask: () => void = () => {}

  /** `lost` is called with the reason when the wire closed or went silent, but not after `end`. */
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

  /** Events until the wire closes. */
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

  /** Is this in what was said last? esl-lite says one thing at a time: of all that has no reply yet, nothing else was said. */
  wasSentLast(mark: string): boolean {
    return this.#said.includes(mark)
  }

  end(): void {
    this.#close(null)
    this.#wire.end()
  }

  /** Without waiting for a switch that may never take what was said. */
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
        this.#close('the switch turned this address away')
        return this.#wire.destroy()
      case 'command/reply':
        // the first one answers the password
        if (this.#loggingIn && headers.raw('Reply-Text')?.startsWith('-ERR')) {
          this.refused = 'password'
          this.#close('the switch refused the password')
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
      this.#close(`nothing was heard for ${PING_MS} ms`)
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
    throw new SwitchError('PROTOCOL', 'an event that is no JSON', { cause: error })
  }
}
