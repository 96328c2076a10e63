/**
 * A client that writes the event socket protocol word by word, for sentences about single commands: it sends nothing
 * that the sentence does not write. `Speaker.takes` waits for the connection of the next call, `Speaker.calls` opens
 * its own connection to FreeSWITCH.
 */
import { FrameReader, type Frame } from '../../../src/esl/frame.ts'
import { Headers, SwitchEvent, utf8 } from '../../../src/esl/event.ts'
import type { Wire } from '../../../src/esl/wire.ts'
import type { World } from './world.ts'

/** One frame of FreeSWITCH: 'command/reply', 'api/response', 'text/event-plain', 'text/disconnect-notice', … */
export interface Said {
  readonly type: string
  readonly headers: Headers
  readonly body: string
  readonly event: SwitchEvent | undefined
}

export class Speaker implements Disposable {
  readonly frames: Said[] = []
  /** Of the leg, after `connect`. */
  uuid = ''
  open = true
  readonly #world: World
  readonly #wire: Wire
  readonly #waiting = new Set<() => void>()
  /** How far the answers were read, and how far everything else. */
  readonly #read = { answers: 0, others: 0 }
  #close: () => void = () => {}

  private constructor(world: World, wire: Wire) {
    this.#world = world
    this.#wire = wire
    const reader = new FrameReader(frame => this.#take(frame))
    const close = () => {
      this.open = false
      this.#wake()
    }
    wire.listen({ data: chunk => reader.push(chunk), close })
    world.opened.push(this)
  }

  /** The next call that is offered to node a. `first`: the first command that is sent; 'connect' unless given. */
  static async takes(world: World, first = 'connect'): Promise<Speaker> {
    let taken: (speaker: Speaker) => void = () => {}
    const arrived = new Promise<Speaker>(resolve => (taken = resolve))
    const listening = await world.listen('a', wire => taken(new Speaker(world, wire)))
    const speaker = await world.within('5s', arrived, 'the call is offered')
    speaker.#close = () => listening.close()
    if (first !== 'connect') speaker.write(first)
    else {
      speaker.uuid = (await speaker.say(first)).headers.get('Unique-ID')!
      // the watchdog of the dialplan: this node sends what and when it likes
      await speaker.say(`api sched_del ${speaker.uuid}`)
    }
    return speaker
  }

  /** A connection to FreeSWITCH's own port, after the password. */
  static async calls(world: World): Promise<Speaker> {
    const speaker = new Speaker(world, await world.openWire())
    await speaker.next(({ type }) => type === 'auth/request', 'the switch asks for the password')
    await speaker.say(`auth ${world.password}`)
    return speaker
  }

  /** Sends it and does not wait. Several commands may be sent in one write: `write('a', 'b')`. */
  write(...commands: string[]): void {
    this.#wire.write(Buffer.from(commands.map(command => `${command}\n\n`).join(''), 'utf8'))
  }

  /** Sends one command and returns the answer. */
  async say(command: string): Promise<Said> {
    this.write(command)
    return this.#next('answers', () => true, `the answer to ${command.split('\n')[0]}`)
  }

  /** Reply-Text of a command. */
  async reply(command: string): Promise<string> {
    return (await this.say(command)).headers.raw('Reply-Text') ?? ''
  }

  /** Runs an application; `more` are further headers. */
  async execute(application: string, argument = '', more = 'event-lock: true'): Promise<void> {
    await this.reply(
      `sendmsg\ncall-command: execute\nexecute-app-name: ${application}\n${argument === '' ? '' : `execute-app-arg: ${argument}\n`}${more}`,
    )
  }

  /** The next such frame that is no answer, after the last one that was awaited. */
  next(accept: (said: Said) => boolean, what: string): Promise<Said> {
    return this.#next('others', accept, what)
  }

  async #next(which: 'answers' | 'others', accept: (said: Said) => boolean, what: string): Promise<Said> {
    const found = async () => {
      for (;;) {
        while (this.#read[which] < this.frames.length) {
          const said = this.frames[this.#read[which]++]!
          if ((which === 'answers') === (said.type === 'command/reply' || said.type === 'api/response') && accept(said))
            return said
        }
        if (!this.open) throw new Error(`the switch closed the connection before ${what}`)
        await new Promise<void>(resolve => this.#waiting.add(resolve))
      }
    }
    return this.#world.within('9s', found(), what)
  }

  async event(name: string, accept: (event: SwitchEvent) => boolean = () => true): Promise<SwitchEvent> {
    return (await this.next(({ event }) => event?.name === name && accept(event), name)).event!
  }

  /** Every event so far, in order. */
  get events(): SwitchEvent[] {
    return this.frames.flatMap(({ event }) => event ?? [])
  }

  async closed(): Promise<void> {
    const over = async () => {
      while (this.open) await new Promise<void>(resolve => this.#waiting.add(resolve))
    }
    await this.#world.within('9s', over(), 'the switch closes the connection')
  }

  [Symbol.dispose](): void {
    this.#close()
    this.#wire.end()
  }

  #take({ head, body }: Frame): void {
    const headers = new Headers(head)
    const type = headers.raw('Content-Type') ?? (headers.raw('Event-Name') === 'CHANNEL_DATA' ? 'command/reply' : '')
    const event = type === 'text/event-plain' ? new SwitchEvent(body) : undefined
    this.frames.push({ type, headers, body: utf8(body), event })
    this.#wake()
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve()
    this.#waiting.clear()
  }
}
