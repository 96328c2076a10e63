/**
 * An observer at a FreeSWITCH, beside the code under test. It receives only the events of legs that the rows check,
 * with FreeSWITCH's own time of each event, because the observer itself may be late on a busy machine. FreeSWITCH drops
 * all other events before it copies them.
 */
import { systemClock } from '../../../src/base/clock.ts'
import { auth, api, bgapi, subscribe, type Command } from '../../../src/esl/command.ts'
import type { ApiText } from '../../../src/esl/api.ts'
import { Connection } from '../../../src/esl/connection.ts'
import type { SwitchEvent } from '../../../src/esl/event.ts'
import { connectTcp } from '../../../src/esl/tcp.ts'
import { newUuid } from '../../../src/esl/safe-text.ts'

const LEG_EVENTS = ['CHANNEL_CREATE', 'CHANNEL_ANSWER', 'CHANNEL_BRIDGE', 'CHANNEL_UNBRIDGE', 'CHANNEL_HANGUP'] as const
/** The applications that a person hears, and the one that connects a leg to a node. */
const APPLICATIONS = ['playback', 'play_and_get_digits', 'say', 'record', 'socket'] as const

/** What happened to one leg, in a few words. */
export interface Heard {
  /** Milliseconds since the epoch, by the switch's clock. */
  readonly at: number
  readonly name: string
  readonly uuid: string
  readonly app: string
  readonly data: string
  readonly cause: string
  /** The other leg of a bridge. */
  readonly other: string
  /** The number that was dialled, and the one that is shown. */
  readonly to: string
  readonly from: string
  /** The Call-ID of SIP: the same at both ends. */
  readonly callId: string
  readonly outbound: boolean
}

type Accept = (heard: Heard) => boolean

export class Ear {
  readonly heard: Heard[] = []
  readonly closed: Promise<void>
  readonly #connection: Connection
  readonly #jobs = new Map<string, (answer: string) => void>()
  readonly #listeners = new Set<(heard: Heard) => void>()

  private constructor(connection: Connection, closed: Promise<void>) {
    this.#connection = connection
    this.closed = closed
  }

  /** `sounds`: also the sounds and questions of each leg. `applications`: these applications instead. */
  static async open(
    port: number,
    password: string,
    { sounds, applications = sounds ? APPLICATIONS : [] }: { sounds: boolean; applications?: readonly string[] },
  ): Promise<Ear> {
    const wire = await connectTcp('127.0.0.1', port)
    // eslint-disable-next-line prefer-const -- used by what is built before it
    let ear: Ear | undefined
    let asked = () => {}
    let gone = () => {}
    const authRequest = new Promise<void>(resolve => (asked = resolve))
    const closed = new Promise<void>(resolve => (gone = resolve))
    const connection = new Connection(wire, systemClock, {
      authRequest: () => asked(),
      event: event => ear?.hear(event),
      closed: () => gone(),
    })
    await authRequest
    const answer = await connection.send(auth(password))
    if (!answer.text.startsWith('+OK')) throw new Error(`the switch refused the password: ${answer.text}`)
    ear = new Ear(connection, closed)
    const wanted = [...LEG_EVENTS, 'BACKGROUND_JOB']
    for (const name of wanted) connection.post(`filter Event-Name ${name}\n\n` as string as Command)
    for (const app of applications) connection.post(`filter Application ${app}\n\n` as string as Command)
    await connection.send(
      subscribe(...LEG_EVENTS, 'BACKGROUND_JOB', ...(applications.length > 0 ? (['CHANNEL_EXECUTE'] as const) : [])),
    )
    return ear
  }

  async api(text: string): Promise<string> {
    return (await this.#connection.send(api(octets(text)))).body.trim()
  }

  /** Resolves with the result of a command that takes some time. */
  async job(text: string): Promise<string> {
    const id = newUuid()
    const done = new Promise<string>(resolve => this.#jobs.set(id, resolve))
    await this.#connection.send(bgapi(octets(text), id))
    return done
  }

  /** Every event from now on. */
  on(listener: (heard: Heard) => void): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  /** The first such event, in the past or from now on. */
  seen(accept: Accept): Promise<Heard> {
    const past = this.heard.find(accept)
    if (past) return Promise.resolve(past)
    return new Promise(resolve => {
      const listening = this.on(heard => {
        if (!accept(heard)) return
        listening[Symbol.dispose]()
        resolve(heard)
      })
    })
  }

  /** As much of the story as fits, for a person who reads a failure. */
  story(uuid: string): string {
    const mine = this.heard.filter(heard => heard.uuid === uuid)
    const start = mine[0]?.at ?? 0
    const words = ({ name, app, data, cause }: Heard) =>
      [name, app, data.slice(0, 60), cause].filter(word => word !== '').join(' ')
    return [`at ${Math.round(start)}`, ...mine.map(one => `${Math.round(one.at - start)} ${words(one)}`)].join(' · ')
  }

  close(): Promise<void> {
    this.#connection.end()
    return this.closed
  }

  private hear(event: SwitchEvent): void {
    if (event.name === 'BACKGROUND_JOB') {
      const id = event.raw('Job-UUID') ?? ''
      this.#jobs.get(id)?.(event.body.trim())
      return void this.#jobs.delete(id)
    }
    const heard: Heard = {
      at: Number(event.raw('Event-Date-Timestamp')) / 1_000,
      name: event.name,
      uuid: event.uuid ?? '',
      app: event.get('Application') ?? '',
      data: event.get('Application-Data') ?? '',
      cause: event.get('Hangup-Cause') ?? '',
      other: event.get('Other-Leg-Unique-ID') ?? '',
      to: event.get('Caller-Destination-Number') ?? '',
      from: event.get('Caller-Caller-ID-Number') ?? '',
      callId: event.variable('sip_call_id') ?? '',
      outbound: event.get('Call-Direction') === 'outbound',
    }
    this.heard.push(heard)
    for (const listener of [...this.#listeners]) listener(heard)
  }
}

/** Commands are latin1 on the wire: one character, one octet. */
const octets = (text: string) => Buffer.from(text, 'utf8').toString('latin1') as ApiText
