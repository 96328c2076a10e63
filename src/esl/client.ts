/**
 * We command FreeSWITCH: few commands with small answers, through esl-lite, which keeps them in order and finds the results of jobs.
 *
 * Its own connection is not used. esl-lite 3.2.0 loses a message whose blank line is cut by a chunk; it connects again by itself, and
 * then sends a second time what was in flight or had timed out: a lost `originate` would ring a telephone twice. It gets a wire of ours
 * instead, and lives as long as that: when it closes, goes silent or a command times out, whoever waits is told and a fresh one is opened.
 */
import { FreeSwitchResponse } from 'esl-lite'
import { type Clock, sleep } from '../base/clock.ts'
import { SwitchError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { Outage } from '../base/outage.ts'
import * as say from './api.ts'
import type { ApiText } from './api.ts'
import { utf8 } from './event.ts'
import { REFUSED_RETRY_MS, Retry, turnedAway } from './retry.ts'
import { connectTcp } from './tcp.ts'
import { EslLiteConnection } from './esl-lite-connection.ts'
import type { Wire } from './wire.ts'
import type { Uuid } from './safe-text.ts'

/** What the house asks of the way to a switch. A reply says that a command was taken, never what became of it. */
export interface Commands {
  /** Runs a command and gives its answer. Rejects with SWITCH_REFUSED (-ERR), LINK_DOWN (not sent) or SWITCH_TIMEOUT (sent, outcome unknown). */
  run(text: ApiText): Promise<string>
  /** Hands over a long command; BACKGROUND_JOB with `job` tells its result. Same rejections. */
  submit(text: ApiText, job: Uuid): Promise<void>
  close(): Promise<void>
}

/** An api command that the house uses takes milliseconds; a switch that needs more than this is frozen. */
export const ANSWER_MS = 5_000

export interface CommandLinkOptions {
  name: string
  host: string
  port: number
  password: string
  clock: Clock
  log: Log
  /** How long an answer may take. Default ANSWER_MS. */
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

  /** Resolves when the first connection stands. Rejects with SwitchError: LINK_DOWN, SWITCH_REFUSED for an address or a password. */
  async start(): Promise<void> {
    await this.#connect()
  }

  /** After a first attempt that failed: goes on trying as after any loss. */
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

  /** `said`: it may have reached the switch. */
  #failed(client: OneWire, error: Error, text: ApiText, said = true): SwitchError {
    const verb = text.split(' ', 1)[0]
    if (error.name === 'FreeSwitchFailedCommandError')
      return new SwitchError('SWITCH_REFUSED', `${this.#options.name} refused ${verb}: ${error.message}`, {
        cause: error,
      })
    this.#drop(client, error.message) // whatever it still holds must never be sent
    if (!said)
      return new SwitchError('LINK_DOWN', `the command link to ${this.#options.name} broke before ${verb} was said`, {
        cause: error,
      })
    return error.name === 'FreeSwitchTimeoutError'
      ? new SwitchError('SWITCH_TIMEOUT', `${this.#options.name} did not answer ${verb} within ${this.#answerMs} ms`, {
          cause: error,
        })
      : new SwitchError(
          'SWITCH_TIMEOUT',
          `the command link to ${this.#options.name} broke during ${verb}: whether it ran is unknown`,
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
      if (client.refused === 'address') throw new SwitchError('SWITCH_REFUSED', turnedAway(name))
      if (client.refused === 'password')
        throw new SwitchError(
          'SWITCH_REFUSED',
          `${name} refused the password: FREESWITCH_PASSWORD must be the one of its event_socket.conf.xml`,
        )
      throw new SwitchError(
        'LINK_DOWN',
        `cannot command ${name}: ${answer instanceof Error ? answer.message : 'closed'}`,
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
    for (const retry = new Retry(); !stop.aborted;) {
      try {
        await sleep(this.#options.clock, refused ? REFUSED_RETRY_MS : retry.next(), stop)
        await this.#connect()
        return
      } catch (error) {
        if (!(error instanceof SwitchError)) throw error // SwitchError: not there yet, or closing
        refused = error.code === 'SWITCH_REFUSED'
        if (!stop.aborted) this.#outage.away(error.message)
      }
    }
  }
}

/** esl-lite over one wire of ours. It shows its constructor, `connect` and `send` to subclasses only. */
class OneWire extends FreeSwitchResponse {
  readonly #way: EslLiteConnection

  /** `lost` is called when the wire closed or went silent. */
  constructor(wire: Wire, password: string, clock: Clock, lost: (why: string) => void) {
    const way = new EslLiteConnection(wire, clock, lost)
    super(way as never, password, SILENT as never)
    this.#way = way
    // it asks for the end of every verb of every call of the switch, 9 kB each, and the house has no use for them here
    this['registeredEventNames'].delete('CHANNEL_EXECUTE_COMPLETE')
    way.greeted = () => void this.connect() // from then on it sends what is queued: not before it was asked for the password
    way.ask = () => void this.bgapi(say.coreUuid, ANSWER_MS)
  }

  get open(): boolean {
    return this.#way.open
  }

  get refused(): EslLiteConnection['refused'] {
    return this.#way.refused
  }

  hand(command: string, job: Uuid, answerMs: number): Promise<unknown> {
    return this.send(command, { 'job-uuid': job }, undefined, answerMs)
  }

  /** A command that has no reply: did it go out? */
  said(job: Uuid): boolean {
    return this.#way.wasSentLast(job)
  }

  /** Nothing is sent any more; whoever waits is told. 'broken': the switch may not even take our goodbye. */
  part(how: 'in order' | 'broken'): void {
    if (how === 'in order') this.#way.end()
    else this.#way.destroy()
    this.end()
  }
}

/** The few methods of a pino logger that esl-lite calls. What it would say, the house says itself. */
const SILENT = { trace() {}, debug() {}, info() {}, warn() {}, error() {}, fatal() {}, child: () => SILENT }
