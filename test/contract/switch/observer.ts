/**
 * The suite's own connection to FreeSWITCH, beside the code under test: receives every channel event and may send any
 * api command.
 */
import type { Clock } from '../../../src/base/clock.ts'
import type { ApiText } from '../../../src/esl/api.ts'
import { api, auth, bgapi, subscribe } from '../../../src/esl/command.ts'
import { Connection } from '../../../src/esl/connection.ts'
import type { SwitchEvent } from '../../../src/esl/event.ts'
import { newUuid } from '../../../src/esl/safe-text.ts'
import type { Wire } from '../../../src/esl/wire.ts'

const HEARD = [
  'CHANNEL_CREATE',
  'CHANNEL_ORIGINATE',
  'CHANNEL_PROGRESS',
  'CHANNEL_PROGRESS_MEDIA',
  'CHANNEL_ANSWER',
  'CHANNEL_EXECUTE',
  'CHANNEL_EXECUTE_COMPLETE',
  'CHANNEL_PARK',
  'CHANNEL_BRIDGE',
  'CHANNEL_UNBRIDGE',
  'CHANNEL_HANGUP',
  'CHANNEL_HANGUP_COMPLETE',
  'CHANNEL_DESTROY',
  'BACKGROUND_JOB',
  'DTMF',
  'PLAYBACK_START',
  'PLAYBACK_STOP',
  'RECORD_START',
  'RECORD_STOP',
] as const

/** What the entry extension does before every `socket` line. */
const DULL: ReadonlySet<string> = new Set(['set', 'sched_cancel', 'sched_hangup', 'sched_transfer', 'transfer'])

type Accept = (event: SwitchEvent) => boolean

export class Observer {
  /** Everything that was received, with its time. */
  readonly heard: { at: number; event: SwitchEvent }[] = []
  readonly #clock: Clock
  readonly #connection: Connection
  readonly #waiting = new Set<{ accept: Accept; resolve(event: SwitchEvent): void }>()
  readonly #read = new Map<string, number>()
  #asked: () => void = () => {}
  readonly #authRequest = new Promise<void>(resolve => (this.#asked = resolve))
  #gone: () => void = () => {}
  readonly #closed = new Promise<void>(resolve => (this.#gone = resolve))

  private constructor(wire: Wire, clock: Clock) {
    this.#clock = clock
    this.#connection = new Connection(wire, clock, {
      authRequest: () => this.#asked(),
      event: event => this.#hear(event),
      closed: () => {
        this.#asked()
        this.#gone()
      },
    })
  }

  static async open(wire: Wire, clock: Clock, password: string): Promise<Observer> {
    const observer = new Observer(wire, clock)
    await observer.#authRequest
    const answer = await observer.#connection.send(auth(password))
    if (!answer.text.startsWith('+OK')) throw new Error(`the switch refused the suite's password: ${answer.text}`)
    await observer.#connection.send(subscribe(...HEARD))
    return observer
  }

  async api(text: string): Promise<string> {
    return (await this.#connection.send(api(octets(text)))).body
  }

  /** Sends the command; resolves with the result in its BACKGROUND_JOB. */
  async job(text: string): Promise<string> {
    const id = newUuid()
    const done = this.next(event => event.name === 'BACKGROUND_JOB' && event.raw('Job-UUID') === id)
    await this.#connection.send(bgapi(octets(text), id))
    return (await done).body.trim()
  }

  /** The first such event from now on. */
  next(accept: Accept): Promise<SwitchEvent> {
    return new Promise(resolve => this.#waiting.add({ accept, resolve }))
  }

  /** The first such event, in the past or from now on. */
  seen(accept: Accept): Promise<SwitchEvent> {
    const past = this.heard.find(({ event }) => accept(event))
    return past ? Promise.resolve(past.event) : this.next(accept)
  }

  /** The next such event after the one that this reader found last, in the past or from now on. */
  async following(reader: string, accept: Accept): Promise<SwitchEvent> {
    const from = this.#read.get(reader) ?? 0
    const at = this.heard.findIndex(({ event }, index) => index >= from && accept(event))
    const found = at >= 0 ? this.heard[at]!.event : await this.next(accept)
    this.#read.set(reader, at >= 0 ? at + 1 : this.heard.length)
    return found
  }

  /** The events of one leg, by name. */
  namesOf(uuid: string): string[] {
    return this.heard.filter(({ event }) => event.uuid === uuid).map(({ event }) => event.name)
  }

  /** Everything that was received, one line for each event, for a person who reads a failure. */
  story(): string {
    const start = this.heard[0]?.at ?? 0
    const words = (event: SwitchEvent) =>
      [
        event.name,
        event.uuid?.slice(0, 8),
        event.get('Application'),
        event.get('Application-Data')?.slice(0, 80),
        event.get('Application-Response'),
        event.get('Playback-File-Path'),
        event.get('Hangup-Cause'),
        event.get('DTMF-Digit'),
        event.get('Channel-Name'),
        event.name === 'BACKGROUND_JOB' ? event.body.trim() : undefined,
      ].filter(word => word !== undefined)
    const told = this.heard.filter(({ event }) => !DULL.has(event.get('Application') ?? ''))
    return told
      .map(({ at, event }) => `${String(Math.round(at - start)).padStart(6)} ${words(event).join(' ')}`)
      .join('\n')
  }

  async close(): Promise<void> {
    this.#connection.end()
    await this.#closed
  }

  #hear(event: SwitchEvent): void {
    this.heard.push({ at: this.#clock.monotonic(), event })
    for (const waiting of [...this.#waiting]) {
      if (!waiting.accept(event)) continue
      this.#waiting.delete(waiting)
      waiting.resolve(event)
    }
  }
}

/** Commands are latin1 on the wire: one character, one octet. */
const octets = (text: string) => Buffer.from(text, 'utf8').toString('latin1') as ApiText
