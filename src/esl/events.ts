/**
 * The event link: one inbound connection per switch for events and queries, read with lazy headers (esl/event.ts; four
 * times faster than decoding every header).
 *
 *   down   connects again with growing pauses (base/retry.ts)
 *   up     logged in and subscribed; a ping every 2 s
 *
 * It emits 'up' and 'down'. FreeSWITCH does not repeat events, so the listener of 'up' must query what happened
 * meanwhile. Used by node/switches.ts and switch/switchboard.ts.
 */
import { afterReading, sleep, type Clock, type Timer } from '../base/clock.ts'
import { SwitchError, SwitchhookError } from '../base/errors.ts'
import { Emitter } from '../base/emitter.ts'
import type { Log } from '../base/log.ts'
import { Outage } from '../base/outage.ts'
import * as say from './api.ts'
import type { ApiText } from './api.ts'
import { api, auth, bgapi, sendEvent, subscribe, subscribeTo } from './command.ts'
import { Connection, type Reply } from './connection.ts'
import type { SwitchEvent } from './event.ts'
import { TooLarge } from './frame.ts'
import { Pauses, RETRY } from '../base/retry.ts'
import { refusedAddress } from './refused-address.ts'
import type { Wire } from './wire.ts'
import type { Uuid } from './safe-text.ts'

/**
 * A ping finds a frozen FreeSWITCH and a half-open link, which TCP does not. A ping without an answer after 2 s closes
 * the link.
 */
const PING_MS = 2_000
/** Limit for the login. A peer that accepts and never asks for a password is not an event socket. */
const LOGIN_MS = 5_000

/** Only events that Switchhook uses: FreeSWITCH matches every event against every listener under one lock. */
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
  /** host:port, for logs and errors. */
  name: string
  open(): Promise<Wire>
  password: string
  clock: Clock
  log: Log
}

export interface LinkFacts {
  /** Core-UUID: changes when FreeSWITCH restarts, which ends all its legs. */
  core: string
  version: string
  /** Absolute path of the recordings folder on FreeSWITCH's machine. */
  recordings: string
  /** After so many milliseconds without any audio FreeSWITCH counts a telephone as dead; absent: not known. */
  mediaTimeoutMs?: number
  /** Start of this run of FreeSWITCH by this node's clock, ms since the epoch. */
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
   * Runs a query that takes FreeSWITCH microseconds, and returns its answer. Several may be in flight, unlike on the
   * command link; not too many, because FreeSWITCH sends no events between them. Rejects with SWITCH_REFUSED,
   * LINK_DOWN, and TooLarge (PROTOCOL) when the answer exceeds a frame; the link stays up then.
   */
  async ask(text: ApiText): Promise<string> {
    const { body } = await this.#say(api(text))
    if (body.startsWith('-')) throw new SwitchError('SWITCH_REFUSED', `${this.name} answered '${body.trim()}'`)
    return body
  }

  /**
   * Submits a longer command; the event BACKGROUND_JOB with `job` carries its answer. Rejects with SWITCH_REFUSED or
   * LINK_DOWN.
   */
  async submit(text: ApiText, job: Uuid): Promise<void> {
    const { text: answer } = await this.#say(bgapi(text, job))
    if (answer.startsWith('-')) throw new SwitchError('SWITCH_REFUSED', `${this.name} answered '${answer}'`)
  }

  /** Sends an event to the other clients of this FreeSWITCH. Rejects with LINK_DOWN, and SWITCH_REFUSED. */
  async fire(...event: Parameters<typeof sendEvent>): Promise<void> {
    const { text: answer } = await this.#say(sendEvent(...event))
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

  /**
   * Resolves when the link is up for the first time; it then reconnects by itself. Rejects with SwitchError when the
   * first attempt fails.
   */
  async start(): Promise<LinkFacts> {
    const facts = await this.#connect()
    this.#running ??= this.#stayUp()
    return facts
  }

  /** After a rejected `start`: keeps trying to connect as after a loss, and emits `up` when it is connected. */
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
    const pauses = new Pauses(RETRY.switchLink)
    let refused = false
    while (!stop.aborted) {
      try {
        if (this.#connection) await this.next('down', stop)
        await sleep(clock, refused ? RETRY.refusedSwitchLink.pauseMs : pauses.next(), stop)
        await this.#connect()
        pauses.reset()
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
    gone.catch(() => {}) // may have no waiter: 'down' then reports the loss
    const closing = () => {
      lost(this.#closing.signal.reason as Error)
      connection.destroy()
    }
    this.#closing.signal.addEventListener('abort', closing, { once: true })
    const connection: Connection = new Connection(wire, clock, {
      authRequest: () => asked(),
      event: event => this.emit('event', event),
      turnedAway: () => connection.destroy(new SwitchError('SWITCH_REFUSED', refusedAddress(name))),
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
        new SwitchError('LINK_DOWN', `${name} accepts connections but does not answer like an event socket`),
      ),
    )
    try {
      await Promise.race([authRequested, gone])
      return await this.#logIn(connection, answer)
    } finally {
      late.cancel()
      this.#closing.signal.removeEventListener('abort', closing) // else one listener per connection would accumulate
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
    // subscribe first, so that no event is missed while the facts are queried
    const global = (variable: string) =>
      answer(api(say.globalVariable(variable as Parameters<typeof say.globalVariable>[0])))
    const [, , core, version, recordings, mediaTimeout] = await Promise.all([
      answer(subscribe(...WANTED)),
      answer(subscribeTo('sofia::register', 'sofia::unregister', 'sofia::expire', 'vm::maintenance')),
      answer(api(say.coreUuid)),
      answer(api(say.status)),
      global('recordings_dir'),
      global('switchhook_media_timeout'),
    ])
    this.#connection = connection
    this.#outage.end()
    this.#ping(connection)
    const facts = {
      core: core.text,
      version: /Version ([^\s)]+)/.exec(version.body)?.[1] ?? 'unknown',
      recordings: recordings.text.startsWith('/') ? recordings.text : '/tmp',
      ...(/^\d+$/.test(mediaTimeout.text) && { mediaTimeoutMs: Number(mediaTimeout.text) }),
      startedAt: this.#options.clock.now() - upFor(version.body),
    }
    this.emit('up', facts)
    return facts
  }

  /** A skipped answer rejects its query; a skipped event would otherwise go unnoticed. */
  #skipped(contentType: string, octets: number): void {
    if (contentType === 'api/response') return
    this.#options.log.warn(
      { switch: this.name, contentType, octets },
      'event skipped: it exceeds the size limit; the state of its leg is queried later',
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
          () => {}, // the connection closed: its handler reports that
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

/** Milliseconds from the answer to `status`: 'UP 0 years, 0 days, 2 hours, …'. */
function upFor(status: string): number {
  const parts = (status.split('\n', 1)[0] ?? '').matchAll(/(\d+) (year|day|hour|minute|second|millisecond)s?\b/g)
  return [...parts].reduce((sum, [, count, unit]) => sum + Number(count) * (UNIT_MS.get(unit!) ?? 365 * 86_400_000), 0)
}
