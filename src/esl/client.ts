/**
 * We command FreeSWITCH: few commands with small answers, through esl-lite.
 *
 * esl-lite 3.2.0 keeps a command that was in flight when its link dropped, or that timed out, and sends it again after it has
 * reconnected: a lost `originate` would ring a telephone twice. So a client of esl-lite lives for one connection here: it is ended
 * as soon as its link drops or a command times out, and a fresh one is opened. It tells of a lost link only through its logger
 * (socket.ts: 'Socket completed', 'Socket failed'), before it connects again; 'Authenticating' a second time is the second line.
 */
import { FreeSwitchClient } from 'esl-lite'
import { type Clock, sleep } from '../base/clock.ts'
import { SwitchError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import * as say from './api.ts'
import type { ApiText } from './api.ts'
import { utf8 } from './event.ts'
import type { Uuid } from './words.ts'

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
const RETRY_MS = { first: 200, longest: 5_000 } as const

export interface CommandLinkOptions {
  name: string
  host: string
  port: number
  password: string
  clock: Clock
  log: Log
  /** How long an answer may take. Default ANSWER_MS. */
  answerMs?: number
}

/** esl-lite shows its `send` to subclasses only. */
class OneConnection extends FreeSwitchClient {
  hand(command: string, job: Uuid, answerMs: number): Promise<unknown> {
    return this.send(command, { 'job-uuid': job }, undefined, answerMs)
  }
}

export class CommandLink implements Commands {
  readonly #options: CommandLinkOptions
  #client: OneConnection | null = null
  #closing = new AbortController()
  #staying: Promise<void> = Promise.resolve()

  constructor(options: CommandLinkOptions) {
    this.#options = options
  }

  /** Resolves when the first connection stands. Rejects with SwitchError LINK_DOWN otherwise. */
  async start(): Promise<void> {
    await this.#connect()
  }

  get #answerMs(): number {
    return this.#options.answerMs ?? ANSWER_MS
  }

  async run(text: ApiText): Promise<string> {
    const client = this.#current()
    const outcome = await client.bgapi(utf8(text), this.#answerMs)
    if (outcome instanceof Error) throw this.#failed(client, outcome, text)
    const answer = String(outcome.body.response ?? '')
    if (answer.startsWith('-')) throw new SwitchError('SWITCH_REFUSED', `${this.#options.name} answered '${answer.trim()}'`)
    return answer
  }

  async submit(text: ApiText, job: Uuid): Promise<void> {
    const client = this.#current()
    const outcome = await client.hand(`bgapi ${utf8(text)}`, job, this.#answerMs)
    if (outcome instanceof Error) throw this.#failed(client, outcome, text)
  }

  async close(): Promise<void> {
    this.#closing.abort(new SwitchError('LINK_DOWN', 'the command link was closed'))
    this.#client?.end()
    this.#client = null
    await this.#staying
  }

  #current(): OneConnection {
    if (this.#client === null) throw new SwitchError('LINK_DOWN', `the command link to ${this.#options.name} is down`)
    return this.#client
  }

  #failed(client: OneConnection, error: Error, text: ApiText): SwitchError {
    const verb = text.split(' ', 1)[0]
    if (error.name === 'FreeSwitchFailedCommandError') return new SwitchError('SWITCH_REFUSED', `${this.#options.name} refused ${verb}: ${error.message}`, { cause: error })
    this.#drop(client, error.message) // whatever it still holds must never be sent
    return error.name === 'FreeSwitchTimeoutError'
      ? new SwitchError('SWITCH_TIMEOUT', `${this.#options.name} did not answer ${verb} within ${this.#answerMs} ms`, { cause: error })
      : new SwitchError('SWITCH_TIMEOUT', `the command link to ${this.#options.name} broke during ${verb}: whether it ran is unknown`, { cause: error })
  }

  async #connect(): Promise<void> {
    const { host, port, password, name } = this.#options
    let authenticated = 0
    const client: OneConnection = new OneConnection({
      host,
      port,
      password,
      logger: listeningLogger(message => {
        const lost = message.startsWith('Socket completed') || message.startsWith('Socket failed')
        const again = message === 'Authenticating' && ++authenticated > 1
        if (lost || again) this.#drop(client, lost ? 'the connection is gone' : 'it came back by itself')
      }),
    })
    const answer = await client.bgapi(say.coreUuid, this.#answerMs)
    if (answer instanceof Error || this.#closing.signal.aborted) {
      client.end()
      throw new SwitchError('LINK_DOWN', `cannot command ${name}: ${answer instanceof Error ? answer.message : 'closed'}`)
    }
    this.#client = client
  }

  #drop(client: OneConnection, why: string): void {
    client.end()
    if (this.#client !== client) return
    this.#client = null
    if (this.#closing.signal.aborted) return
    this.#options.log.warn({ switch: this.#options.name, error: why }, 'the command link is down')
    this.#staying = this.#comeBack()
  }

  async #comeBack(): Promise<void> {
    const stop = this.#closing.signal
    for (let pause: number = RETRY_MS.first; !stop.aborted; pause = Math.min(pause * 2, RETRY_MS.longest)) {
      try {
        await sleep(this.#options.clock, pause, stop)
        await this.#connect()
        return
      } catch (error) {
        if (!(error instanceof SwitchError)) throw error // SwitchError: not there yet, or closing
      }
    }
  }
}

type EslLogger = ConstructorParameters<typeof FreeSwitchClient>[0]['logger']

/** The few methods of a pino logger that esl-lite calls; every message goes to `heard`. */
function listeningLogger(heard: (message: string) => void): EslLogger {
  const line = (_fields: unknown, message?: string) => heard(message ?? '')
  const logger = { trace: line, debug: line, info: line, warn: line, error: line, fatal: line, child: () => logger }
  return logger as unknown as EslLogger
}
