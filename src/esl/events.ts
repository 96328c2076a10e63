/**
 * We listen to FreeSWITCH: one link per switch that carries events only, read by our own lazy reader (four times faster than
 * decoding every header). It comes back by itself after a loss, and says so: whatever happened in between must be asked for.
 */
import type { Clock, Timer } from '../base/clock.ts'
import { sleep } from '../base/clock.ts'
import { SwitchError, SwitchhookError } from '../base/errors.ts'
import { Emitter } from '../base/events.ts'
import type { Log } from '../base/log.ts'
import * as say from './api.ts'
import { api, auth, subscribe } from './command.ts'
import { Connection } from './connection.ts'
import type { SwitchEvent } from './event.ts'
import type { Wire } from './wire.ts'

/** First and longest pause between two attempts to connect; the pause doubles. */
const RETRY_MS = { first: 200, longest: 5_000 } as const
/** FreeSWITCH refuses after one wrong password: more than one try per 5 s is hammering. */
const REFUSED_RETRY_MS = 5_000
/** An application-level ping finds a frozen switch and a half-open link, which TCP does not (2 s, two in a row). */
const PING_MS = 2_000
/** A port that accepts and never asks for a password is no event socket. */
const LOGIN_MS = 5_000

/** Exactly what the house awaits: FreeSWITCH matches every event against every listener under one lock. */
const WANTED = [
  'CHANNEL_CREATE', 'CHANNEL_PROGRESS', 'CHANNEL_PROGRESS_MEDIA', 'CHANNEL_ANSWER', 'CHANNEL_BRIDGE', 'CHANNEL_UNBRIDGE',
  'CHANNEL_HANGUP', 'CHANNEL_HANGUP_COMPLETE', 'BACKGROUND_JOB', 'HEARTBEAT',
] as const

export interface EventLinkOptions {
  /** host:port, for people. */
  name: string
  open(): Promise<Wire>
  password: string
  clock: Clock
  log: Log
}

export interface LinkFacts {
  /** Changes when the switch was started anew: all its legs are gone then. */
  core: string
  version: string
  /** Absolute folder for recordings on the switch's machine. */
  recordings: string
}

export class EventLink extends Emitter<{ event: SwitchEvent; up: LinkFacts; down: Error; closed: void }> {
  readonly name: string
  #options: EventLinkOptions
  #connection: Connection | null = null
  #closing = new AbortController()
  #running: Promise<void> | null = null
  #pinging: Timer | null = null

  constructor(options: EventLinkOptions) {
    super()
    this.name = options.name
    this.#options = options
  }

  get up(): boolean {
    return this.#connection !== null
  }

  /** Resolves when the link is up for the first time; rejects with SwitchError when the first attempt fails. Stays up by itself after. */
  async start(): Promise<LinkFacts> {
    const facts = await this.#connect()
    this.#running ??= this.#stayUp()
    return facts
  }

  async close(): Promise<void> {
    this.#closing.abort(new SwitchError('LINK_DOWN', 'the event link was closed'))
    this.#pinging?.cancel()
    this.#connection?.end()
    this.emit('closed', undefined)
    await this.#running
  }

  async #stayUp(): Promise<void> {
    const { clock, log } = this.#options
    const stop = this.#closing.signal
    let pause: number = RETRY_MS.first
    while (!stop.aborted) {
      try {
        if (this.#connection) await this.next('down', stop)
        await sleep(clock, pause, stop)
        await this.#connect()
        pause = RETRY_MS.first
      } catch (error) {
        if (stop.aborted) return
        if (!(error instanceof SwitchhookError)) throw error
        log.warn({ switch: this.name, error: error.message }, 'the event link is not back yet')
        pause = error.code === 'SWITCH_REFUSED' ? REFUSED_RETRY_MS : Math.min(pause * 2, RETRY_MS.longest)
      }
    }
  }

  async #connect(): Promise<LinkFacts> {
    const { open, clock, log, name } = this.#options
    const wire = await open()
    let asked = () => {}
    const authRequested = new Promise<void>((resolve, reject) => {
      asked = resolve
      this.#closing.signal.addEventListener('abort', () => reject(this.#closing.signal.reason), { once: true })
    })
    let lost: (error: Error) => void = () => {}
    const gone = new Promise<never>((_, reject) => (lost = reject))
    gone.catch(() => {}) // whoever waits for it has been told; a link that closes while nobody waits is reported by 'down'
    const connection: Connection = new Connection(wire, clock, {
      authRequest: () => asked(),
      event: event => this.emit('event', event),
      closed: error => {
        const why = error instanceof SwitchError ? error : new SwitchError('LINK_DOWN', `${name} closed the event link${error ? `: ${error.message}` : ''}`, { cause: error })
        lost(why)
        if (this.#connection !== connection) return
        this.#connection = null
        this.#pinging?.cancel()
        if (!this.#closing.signal.aborted) log.warn({ switch: name, error: why.message }, 'the event link is down')
        this.emit('down', why)
      },
    })
    const answer = (command: Parameters<Connection['send']>[0]) => Promise.race([connection.send(command), gone])
    const late = clock.after(LOGIN_MS, () => connection.destroy(new SwitchError('LINK_DOWN', `${name} accepts connections but does not answer as an event socket does`)))
    try {
      await Promise.race([authRequested, gone])
      return await this.#logIn(connection, answer)
    } finally {
      late.cancel()
    }
  }

  async #logIn(connection: Connection, answer: Connection['send']): Promise<LinkFacts> {
    const { password, name } = this.#options
    const accepted = await answer(auth(password))
    if (!accepted.text.startsWith('+OK')) {
      connection.destroy()
      throw new SwitchError('SWITCH_REFUSED', `${name} refused the password (it answered '${accepted.text}'): FREESWITCH_PASSWORD must be the one of its event_socket.conf.xml`)
    }
    // subscribe first: what happens while the facts are asked for is then already on its way
    const [, core, version, recordings] = await Promise.all([
      answer(subscribe(...WANTED)),
      answer(api(say.coreUuid)),
      answer(api(say.status)),
      answer(api(say.globalVariable('recordings_dir' as Parameters<typeof say.globalVariable>[0]))),
    ])
    this.#connection = connection
    this.#ping(connection)
    const facts = { core: core.text, version: /Version ([^\s)]+)/.exec(version.body)?.[1] ?? 'unknown', recordings: recordings.text.startsWith('/') ? recordings.text : '/tmp' }
    this.emit('up', facts)
    return facts
  }

  #ping(connection: Connection): void {
    let answered = true
    const beat = () => {
      if (!answered) return connection.destroy(new SwitchError('LINK_DOWN', `${this.name} has not answered for ${PING_MS} ms`))
      answered = false
      connection.send(api(say.coreUuid)).then(
        () => (answered = true),
        () => {}, // the connection closed: its own handler has said so
      )
      this.#pinging = this.#options.clock.after(PING_MS, beat)
    }
    this.#pinging = this.#options.clock.after(PING_MS, beat)
  }
}
