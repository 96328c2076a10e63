/**
 * The doctor's connection to one FreeSWITCH: it logs in once (a wrong password is not repeated), sends commands, and
 * receives the events of test calls.
 */
import type { Clock } from '../../base/clock.ts'
import { SwitchError, SwitchhookError } from '../../base/errors.ts'
import { Emitter } from '../../base/emitter.ts'
import type { ApiText } from '../../esl/api.ts'
import { api, auth, subscribe } from '../../esl/command.ts'
import { Connection } from '../../esl/connection.ts'
import type { SwitchEvent } from '../../esl/event.ts'
import type { Wire } from '../../esl/wire.ts'

/** No command of the doctor takes longer; a FreeSWITCH that needs more time is frozen. */
const ANSWER_MS = 5_000

export class SwitchLine extends Emitter<{ event: SwitchEvent }> {
  readonly #clock: Clock
  readonly #connection: Connection
  #greeted: () => void = () => {}
  #gone: (error: Error) => void = () => {}
  readonly #closed: Promise<never>

  private constructor(wire: Wire, clock: Clock) {
    super()
    this.#clock = clock
    this.#closed = new Promise((_, reject) => (this.#gone = reject))
    this.#closed.catch(() => {}) // the next command reports it
    this.#connection = new Connection(wire, clock, {
      authRequest: () => this.#greeted(),
      event: event => this.emit('event', event),
      closed: error => this.#gone(error ?? new SwitchError('LINK_DOWN', 'it closed the connection')),
    })
  }

  /**
   * Rejects with SwitchError: LINK_DOWN when FreeSWITCH closes the connection, SWITCH_REFUSED for the password,
   * SWITCH_TIMEOUT after 5 s.
   */
  static async open(wire: Wire, password: string, clock: Clock): Promise<SwitchLine> {
    const line = new SwitchLine(wire, clock)
    try {
      await line.#within(new Promise<void>(resolve => (line.#greeted = resolve)))
      const { text } = await line.#within(line.#connection.send(auth(password)))
      if (!text.startsWith('+OK')) throw new SwitchError('SWITCH_REFUSED', text)
      return line
    } catch (error) {
      line.close()
      throw error
    }
  }

  /** Sends an API command and returns the whole answer, errors included. */
  async ask(question: ApiText): Promise<string> {
    return (await this.#within(this.#connection.send(api(question)))).body.trim()
  }

  async watch(...names: Parameters<typeof subscribe>): Promise<void> {
    await this.#within(this.#connection.send(subscribe(...names)))
  }

  close(): void {
    this.#connection.destroy()
  }

  async #within<T>(answer: Promise<T>): Promise<T> {
    let late: (error: Error) => void = () => {}
    const timeout = new Promise<never>((_, reject) => (late = reject))
    const timer = this.#clock.after(ANSWER_MS, () =>
      late(new SwitchError('SWITCH_TIMEOUT', `it has not answered for ${ANSWER_MS / 1_000} s`)),
    )
    try {
      return await Promise.race([answer, this.#closed, timeout])
    } catch (error) {
      if (error instanceof SwitchhookError && error.code !== 'CALL_MOVED') throw error
      throw new SwitchError('LINK_DOWN', 'it closed the connection', { cause: error })
    } finally {
      timer.cancel()
    }
  }
}
