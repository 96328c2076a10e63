/**
 * We listen to FreeSWITCH: one link per switch that carries events only, read by our own lazy reader (four times faster than
 * decoding every header). It comes back by itself after a loss, and says so: whatever happened in between must be asked for.
 */
import { afterReading, sleep, type Clock, type Timer } from '../base/clock.ts'
import { SwitchError, SwitchhookError } from '../base/errors.ts'
import { Emitter } from '../base/events.ts'
import type { Log } from '../base/log.ts'
import { Outage } from '../base/outage.ts'
import * as say from './api.ts'
import type { ApiText } from './api.ts'
import { api, auth, bgapi, subscribe, subscribeTo } from './command.ts'
import { Connection, type Reply } from './connection.ts'
import type { SwitchEvent } from './event.ts'
import { TooLarge } from './frame.ts'
import { REFUSED_RETRY_MS, Retry, turnedAway } from './retry.ts'
import type { Wire } from './wire.ts'
import type { Uuid } from './safe-text.ts'

/** An application-level ping finds a frozen switch and a half-open link, which TCP does not (2 s, two in a row). */
const PING_MS = 2_000
/** A port that accepts and never asks for a password is no event socket. */
const LOGIN_MS = 5_000

/** Exactly what the house awaits: FreeSWITCH matches every event against every listener under one lock. */
const WANTED = [
  'CHANNEL_CREATE',
  'CHANNEL_PROGRESS',
  'CHANNEL_PROGRESS_MEDIA',
  'CHANNEL_ANSWER',
  'CHANNEL_BRIDGE',
  'CHANNEL_UNBRIDGE',
  'CHANNEL_HOLD',
  'CHANNEL_UNHOLD',
  'CHANNEL_HANGUP',
  'CHANNEL_HANGUP_COMPLETE',
  'BACKGROUND_JOB',
  'HEARTBEAT',
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
  /** When this run of the switch began, by our clock, ms since the epoch. */
  startedAt?: number
}

export class EventLink extends Emitter<{ event: SwitchEvent; up: LinkFacts; down: Error; closed: void }> {
  readonly name: string
  #options: EventLinkOptions
  #connection: Connection | null = null
  #closing = new AbortController()
  #running: Promise<void> | null = null
  #pinging: Timer | null = null
  readonly #outage: Outage

  constructor(options: EventLinkOptions) {
    super()
    const { name, clock, log } = options
    this.name = name
    this.#options = options
    this.#outage = new Outage({ what: 'the event link', fields: { switch: name }, clock, log })
  }

  get up(): boolean {
    return this.#connection !== null
  }

  /**
   * A question that takes the switch microseconds. Many at once are fine (FreeSWITCH sends no events between two that are on their way,
   * so not too many): here they do not wait for one another, as they would on the command link. Rejects with SWITCH_REFUSED or LINK_DOWN,
   * and with TooLarge (PROTOCOL) when the answer is larger than a frame may be: the link stays up then.
   */
  async ask(text: ApiText): Promise<string> {
    const { body } = await this.#say(api(text))
    if (body.startsWith('-')) throw new SwitchError('SWITCH_REFUSED', `${this.name} answered '${body.trim()}'`)
    return body
  }

  /** Something that takes longer: BACKGROUND_JOB with `job` brings the answer. Rejections as above. */
  async submit(text: ApiText, job: Uuid): Promise<void> {
    const { text: answer } = await this.#say(bgapi(text, job))
    if (answer.startsWith('-')) throw new SwitchError('SWITCH_REFUSED', `${this.name} answered '${answer}'`)
  }

  async #say(command: Parameters<Connection['send']>[0]): Promise<Reply> {
    const connection = this.#connection
    if (!connection) throw new SwitchError('LINK_DOWN', `the event link to ${this.name} is down`)
    try {
      return await connection.send(command)
    } catch (error) {
      if (error instanceof TooLarge) throw error
      throw new SwitchError('LINK_DOWN', `the event link to ${this.name} broke: ${(error as Error).message}`, {
        cause: error,
      })
    }
  }

  /** Resolves when the link is up for the first time; rejects with SwitchError when the first attempt fails. Stays up by itself after. */
  async start(): Promise<LinkFacts> {
    const facts = await this.#connect()
    this.#running ??= this.#stayUp()
    return facts
  }

  /** After a first attempt that failed: goes on trying as after any loss. Its first `up` tells when it stands. */
  keepTrying(why: Error): void {
    this.#outage.away(why.message)
    this.#running ??= this.#stayUp()
  }

  async close(): Promise<void> {
    this.#closing.abort(new SwitchError('LINK_DOWN', 'the event link was closed'))
    this.#pinging?.cancel()
    this.#connection?.end()
    this.emit('closed', undefined)
    await this.#running
  }

  async #stayUp(): Promise<void> {
    const { clock } = this.#options
    const stop = this.#closing.signal
    const retry = new Retry()
    let refused = false
    while (!stop.aborted) {
      try {
        if (this.#connection) await this.next('down', stop)
        await sleep(clock, refused ? REFUSED_RETRY_MS : retry.next(), stop)
        await this.#connect()
        retry.reset()
        refused = false
      } catch (error) {
        if (stop.aborted) return
        if (!(error instanceof SwitchhookError)) throw error
        this.#outage.away(error.message)
        refused = error.code === 'SWITCH_REFUSED'
      }
    }
  }

  async #connect(): Promise<LinkFacts> {
    const { open, clock, name } = this.#options
    const wire = await open()
    if (this.#closing.signal.aborted) {
      wire.destroy()
      throw this.#closing.signal.reason as Error
    }
    let asked = () => {}
    const authRequested = new Promise<void>(resolve => (asked = resolve))
    let lost: (error: Error) => void = () => {}
    const gone = new Promise<never>((_, reject) => (lost = reject))
    gone.catch(() => {}) // whoever waits for it has been told; a link that closes while nobody waits is reported by 'down'
    const closing = () => {
      lost(this.#closing.signal.reason as Error)
      connection.destroy()
    }
    this.#closing.signal.addEventListener('abort', closing, { once: true })
    const connection: Connection = new Connection(wire, clock, {
      authRequest: () => asked(),
      event: event => this.emit('event', event),
      turnedAway: () => connection.destroy(new SwitchError('SWITCH_REFUSED', turnedAway(name))),
      skipped: (contentType, octets) => this.#skipped(contentType, octets),
      closed: error => {
        const why =
          error instanceof SwitchError
            ? error
            : new SwitchError('LINK_DOWN', `${name} closed the event link${error ? `: ${error.message}` : ''}`, {
                cause: error,
              })
        lost(why)
        if (this.#connection !== connection) return
        this.#connection = null
        this.#pinging?.cancel()
        if (!this.#closing.signal.aborted) this.#outage.away(why.message)
        this.emit('down', why)
      },
    })
    const answer = (command: Parameters<Connection['send']>[0]) => Promise.race([connection.send(command), gone])
    const late = afterReading(clock, LOGIN_MS, () =>
      connection.destroy(
        new SwitchError('LINK_DOWN', `${name} accepts connections but does not answer as an event socket does`),
      ),
    )
    try {
      await Promise.race([authRequested, gone])
      return await this.#logIn(connection, answer)
    } finally {
      late.cancel()
      this.#closing.signal.removeEventListener('abort', closing) // once for every connection of months
    }
  }

  async #logIn(connection: Connection, answer: Connection['send']): Promise<LinkFacts> {
    const { password, name } = this.#options
    const accepted = await answer(auth(password))
    if (!accepted.text.startsWith('+OK')) {
      connection.destroy()
      throw new SwitchError(
        'SWITCH_REFUSED',
        `${name} refused the password (it answered '${accepted.text}'): FREESWITCH_PASSWORD must be the one of its event_socket.conf.xml`,
      )
    }
    // subscribe first: what happens while the facts are asked for is then already on its way
    const [, , core, version, recordings] = await Promise.all([
      answer(subscribe(...WANTED)),
      answer(subscribeTo('sofia::register')),
      answer(api(say.coreUuid)),
      answer(api(say.status)),
      answer(api(say.globalVariable('recordings_dir' as Parameters<typeof say.globalVariable>[0]))),
    ])
    this.#connection = connection
    this.#outage.end()
    this.#ping(connection)
    const facts = {
      core: core.text,
      version: /Version ([^\s)]+)/.exec(version.body)?.[1] ?? 'unknown',
      recordings: recordings.text.startsWith('/') ? recordings.text : '/tmp',
      startedAt: this.#options.clock.now() - upFor(version.body),
    }
    this.emit('up', facts)
    return facts
  }

  /** Whoever asked is told; of an event nobody would ever hear. */
  #skipped(contentType: string, octets: number): void {
    if (contentType === 'api/response') return
    this.#options.log.warn(
      { switch: this.name, contentType, octets },
      'an event is larger than is read and was passed over: what it told is found out by asking',
    )
  }

  #ping(connection: Connection): void {
    let answered = true
    const beat = () => {
      if (!answered && !connection.skipping)
        return connection.destroy(new SwitchError('LINK_DOWN', `${this.name} has not answered for ${PING_MS} ms`))
      if (answered) {
        answered = false
        connection.send(api(say.coreUuid)).then(
          () => (answered = true),
          () => {}, // the connection closed: its own handler has said so
        )
      }
      this.#pinging = afterReading(this.#options.clock, PING_MS, beat)
    }
    this.#pinging = afterReading(this.#options.clock, PING_MS, beat)
  }
}

const UNIT_MS = new Map([
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
  ['millisecond', 1],
])

/** 'UP 0 years, 0 days, 2 hours, …' of `status` → milliseconds. */
function upFor(status: string): number {
  const parts = (status.split('\n', 1)[0] ?? '').matchAll(/(\d+) (year|day|hour|minute|second|millisecond)s?\b/g)
  return [...parts].reduce((sum, [, count, unit]) => sum + Number(count) * (UNIT_MS.get(unit!) ?? 365 * 86_400_000), 0)
}
