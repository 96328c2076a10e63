/**
 * The command link: one inbound connection per switch for commands with small answers, through esl-lite, which keeps
 * them in order and matches the results of jobs.
 *
 *   down   connects again with growing pauses (base/retry.ts); nothing is queued or sent
 *   up     logged in
 *
 * The connection of esl-lite itself is not used. esl-lite 3.2.0 loses a message whose blank line is split between two
 * chunks. It also reconnects by itself and then sends commands again that were in flight or had timed out: a lost
 * `originate` would ring a telephone twice. So each esl-lite client gets one wire of ours (esl/esl-lite-connection.ts)
 * and ends with it. When the wire closes or goes silent, or a command times out, all pending commands reject and a new
 * client is opened. Used by node/switches.ts and switch/switchboard.ts.
 */
import { randomUUID } from 'node:crypto'
import { FreeSwitchEventEmitter, FreeSwitchResponse } from 'esl-lite'
import { type Clock, sleep } from '../base/clock.ts'
import { SwitchError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { Outage } from '../base/outage.ts'
import * as say from './api.ts'
import type { ApiText } from './api.ts'
import { utf8 } from './event.ts'
import { Pauses, RETRY } from '../base/retry.ts'
import { refusedAddress } from './refused-address.ts'
import { connectTcp } from './tcp.ts'
import { EslLiteConnection } from './esl-lite-connection.ts'
import type { Wire } from './wire.ts'
import type { Uuid } from './safe-text.ts'

/** Commands to one switch. A reply means that FreeSWITCH accepted the command, not that it succeeded. */
export interface Commands {
  /**
   * Runs a command and returns its answer. Rejects with SWITCH_REFUSED (-ERR), LINK_DOWN (not sent) or SWITCH_TIMEOUT
   * (sent, outcome unknown).
   */
  run(text: ApiText): Promise<string>
  /** Submits a long command; the event BACKGROUND_JOB with `job` carries its result. Rejects as `run` does. */
  submit(text: ApiText, job: Uuid): Promise<void>
  close(): Promise<void>
}

/** The api commands in use take milliseconds; a FreeSWITCH that needs longer than this is frozen. */
const ANSWER_MS = 5_000

export interface CommandLinkOptions {
  name: string
  host: string
  port: number
  password: string
  clock: Clock
  log: Log
  /** Longest wait for an answer, milliseconds. Default ANSWER_MS. */
  answerMs?: number
  /** Opens a wire to the switch. Default: TCP to host and port. */
  open?: () => Promise<Wire>
}

export class CommandLink implements Commands {
  readonly #options: CommandLinkOptions
  #client: OneWire | null = null
  #closing = new AbortController()
  #staying: Promise<void> = Promise.resolve()
  readonly #outage: Outage

  constructor(options: CommandLinkOptions) {
    this.#options = options
    const { name, clock, log } = options
    this.#outage = new Outage({ what: 'the command link', fields: { switch: name }, clock, log })
  }

  /**
   * Resolves when the link is up for the first time. Rejects with SwitchError: LINK_DOWN, or SWITCH_REFUSED for the
   * address or the password.
   */
  async start(): Promise<void> {
    await this.#connect()
  }

  /** After a rejected `start`: keeps trying to connect as after a loss. */
  keepTrying(why: Error): void {
    this.#outage.away(why.message)
    this.#staying = this.#comeBack()
  }

  get #answerMs(): number {
    return this.#options.answerMs ?? ANSWER_MS
  }

  async run(text: ApiText): Promise<string> {
    const client = this.#current()
    const outcome = await client.bgapi(utf8(text), this.#answerMs)
    if (outcome instanceof Error) throw this.#failed(client, outcome, text)
    const answer = String(outcome.body.response ?? '')
    if (answer.startsWith('-'))
      throw new SwitchError('SWITCH_REFUSED', `${this.#options.name} answered '${answer.trim()}'`)
    return answer
  }

  async submit(text: ApiText, job: Uuid): Promise<void> {
    const client = this.#current()
    const outcome = await client.hand(`bgapi ${utf8(text)}`, job, this.#answerMs)
    if (outcome instanceof Error) throw this.#failed(client, outcome, text, client.said(job))
  }

  async close(): Promise<void> {
    this.#closing.abort(new SwitchError('LINK_DOWN', 'the command link was closed'))
    this.#client?.part('in order')
    this.#client = null
    await this.#staying
  }

  #current(): OneWire {
    if (this.#client === null) throw new SwitchError('LINK_DOWN', `the command link to ${this.#options.name} is down`)
    return this.#client
  }

  /** `said`: the command may have reached FreeSWITCH. */
  #failed(client: OneWire, error: Error, text: ApiText, said = true): SwitchError {
    const verb = text.split(' ', 1)[0]
    if (error.name === 'FreeSwitchFailedCommandError')
      return new SwitchError('SWITCH_REFUSED', `${this.#options.name} refused ${verb}: ${error.message}`, {
        cause: error,
      })
    this.#drop(client, error.message) // commands that it still holds must never be sent
    if (!said)
      return new SwitchError('LINK_DOWN', `the command link to ${this.#options.name} broke before ${verb} was sent`, {
        cause: error,
      })
    return error.name === 'FreeSwitchTimeoutError'
      ? new SwitchError('SWITCH_TIMEOUT', `${this.#options.name} did not answer ${verb} within ${this.#answerMs} ms`, {
          cause: error,
        })
      : new SwitchError(
          'SWITCH_TIMEOUT',
          `the command link to ${this.#options.name} broke during ${verb}: it may have run`,
          { cause: error },
        )
  }

  async #connect(): Promise<void> {
    const { host, port, password, name, clock, open = () => connectTcp(host, port) } = this.#options
    const wire = await open()
    const client: OneWire = new OneWire(wire, password, clock, why => this.#drop(client, why))
    const answer = await client.bgapi(say.coreUuid, this.#answerMs)
    if (answer instanceof Error || !client.open || this.#closing.signal.aborted) {
      client.part('broken')
      if (client.refused === 'address') throw new SwitchError('SWITCH_REFUSED', refusedAddress(name))
      if (client.refused === 'password')
        throw new SwitchError(
          'SWITCH_REFUSED',
          `${name} refused the password: FREESWITCH_PASSWORD must be the one of its event_socket.conf.xml`,
        )
      throw new SwitchError(
        'LINK_DOWN',
        `cannot log in to ${name}: ${answer instanceof Error ? answer.message : 'closed'}`,
      )
    }
    this.#client = client
    this.#outage.end()
  }

  #drop(client: OneWire, why: string): void {
    client.part('broken')
    if (this.#client !== client) return
    this.#client = null
    if (this.#closing.signal.aborted) return
    this.#outage.away(why)
    this.#staying = this.#comeBack()
  }

  async #comeBack(): Promise<void> {
    const stop = this.#closing.signal
    let refused = false
    for (const pauses = new Pauses(RETRY.switchLink); !stop.aborted;) {
      try {
        await sleep(this.#options.clock, refused ? RETRY.refusedSwitchLink.pauseMs : pauses.next(), stop)
        await this.#connect()
        return
      } catch (error) {
        if (!(error instanceof SwitchError)) throw error // SwitchError: still down, or closing
        refused = error.code === 'SWITCH_REFUSED'
        if (!stop.aborted) this.#outage.away(error.message)
      }
    }
  }
}

/** One esl-lite client over one wire. A subclass, because its constructor, `connect` and `send` are protected. */
class OneWire extends FreeSwitchResponse {
  readonly #way: EslLiteConnection

  /** `lost` receives the reason when the wire closed or went silent. */
  constructor(wire: Wire, password: string, clock: Clock, lost: (why: string) => void) {
    const way = new EslLiteConnection(wire, clock, lost)
    super(way as never, password, SILENT as never)
    this.#way = way
    // esl-lite subscribes to this event of all calls, 9 kB each, and nothing here uses it
    this['registeredEventNames'].delete('CHANNEL_EXECUTE_COMPLETE')
    way.greeted = () => void this.connect() // it sends queued commands from then on: only after auth/request
    way.ask = () => void this.bgapi(say.coreUuid, ANSWER_MS)
  }

  get open(): boolean {
    return this.#way.open
  }

  get refused(): EslLiteConnection['refused'] {
    return this.#way.refused
  }

  /**
   * As esl-lite's `bgapi`, with a job UUID of ours: esl-lite asks the system for a random number for each character of
   * its own, 16 times for a command.
   */
  override async bgapi(command: string, answerMs: number): ReturnType<FreeSwitchResponse['bgapi']> {
    const [job, sent] = [randomUUID(), new FreeSwitchEventEmitter<'abort', { abort: () => void }>()]
    const outcome = this['awaitBackgroundJob'](job, answerMs, sent)
    const reply = await this.send(`bgapi ${command}`, { 'job-uuid': job }, undefined, answerMs)
    if (!(reply instanceof Error)) return outcome
    sent.emit('abort', undefined)
    return reply
  }

  hand(command: string, job: Uuid, answerMs: number): Promise<unknown> {
    return this.send(command, { 'job-uuid': job }, undefined, answerMs)
  }

  /** True when a command without a reply was written to the wire. */
  said(job: Uuid): boolean {
    return this.#way.wasSentLast(job)
  }

  /** Ends the client; pending commands reject. 'in order' ends the wire with FIN; 'broken' closes it at once. */
  part(how: 'in order' | 'broken'): void {
    if (how === 'in order') this.#way.end()
    else this.#way.destroy()
    this.end()
  }
}

/** The methods of a pino logger that esl-lite calls. They are silent: Switchhook logs the same events itself. */
const SILENT = { trace() {}, debug() {}, info() {}, warn() {}, error() {}, fatal() {}, child: () => SILENT }
