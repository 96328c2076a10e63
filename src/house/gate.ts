/** The port of the door: closed while this node may take nothing, open again as soon as it may. */
import type { Clock, Timer } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { Admission } from '../call/admission.ts'
import type { Listener } from '../esl/listener.ts'

/** Somebody else has the port: so long until it is tried again. */
const AGAIN_MS = 500

export interface GateOptions {
  listener: Listener
  admission: Pick<Admission, 'on' | 'state'>
  clock: Clock
  log: Log
}

export class Gate {
  readonly #options: GateOptions
  readonly #listening: Disposable
  #retry: Timer | null = null
  #failed = false
  #over = false

  private constructor(options: GateOptions) {
    this.#options = options
    this.#listening = options.admission.on('state', () => this.#follow())
  }

  /** Opens the port. Rejects with SwitchError LINK_DOWN when somebody else has it. */
  static async open(options: GateOptions): Promise<Gate> {
    await options.listener.resume()
    const gate = new Gate(options)
    gate.#follow()
    return gate
  }

  /** For good, at once. Connections that are open stay. */
  close(): void {
    this.#over = true
    this.#retry?.cancel()
    this.#listening[Symbol.dispose]()
    this.#options.listener.stopListening()
  }

  #follow(): void {
    const { listener, admission } = this.#options
    this.#retry?.cancel()
    // a turn later: who has been connected by the kernel already comes in first, for closing would throw them out
    if (admission.state === 'closed') this.#retry = this.#options.clock.after(0, () => admission.state === 'closed' && listener.pause())
    else void this.#reopen()
  }

  async #reopen(): Promise<void> {
    const { listener, clock, log } = this.#options
    try {
      await listener.resume()
      if (this.#failed) log.info({ port: listener.port }, 'the port could be opened again')
      this.#failed = false
    } catch (error) {
      const why = { port: listener.port, error: (error as Error).message }
      if (!this.#failed) log.error(why, 'the port cannot be opened again: no calls come to this node')
      this.#failed = true
      this.#retry?.cancel()
      if (!this.#over) this.#retry = clock.after(AGAIN_MS, () => this.#follow())
    }
  }
}
