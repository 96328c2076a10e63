/**
 * The port of the door. A node that is overrun closes it, but only while another node is alive and open: the last one keeps its port open
 * and works off what comes, for behind it callers hear the apology. It opens again as soon as there is room, or nobody else is open.
 */
import type { Clock, Timer } from '../base/clock.ts'
import { SwitchhookError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { Admission } from '../call/admission.ts'
import type { NodeLease } from '../cluster/node-lease.ts'
import type { Listener } from '../esl/listener.ts'
import type { Knock } from '../esl/tcp.ts'

/** Somebody else has the port, or the other nodes could not be asked: so long until it is tried again. */
const AGAIN_MS = 500

export interface PortGateOptions {
  listener: Listener
  admission: Pick<Admission, 'on' | 'state'>
  lease: Pick<NodeLease, 'setOpen' | 'mayClose' | 'peers' | 'on'>
  /** What comes of a connection to this address (host:port)? A node that died counts as alive until its lease runs out. */
  knock(address: string): Promise<Knock>
  clock: Clock
  log: Log
}

export class PortGate {
  readonly #options: PortGateOptions
  readonly #listening: readonly Disposable[]
  #retry: Timer | null = null
  #failed = false
  #closed = false
  #asking = false
  #over = false

  private constructor(options: PortGateOptions) {
    this.#options = options
    this.#listening = [
      options.admission.on('state', () => this.#follow()),
      options.lease.on('read', () => this.#closed && this.#follow()),
    ]
  }

  /** Opens the port and tells the other nodes. Rejects with SwitchError LINK_DOWN when somebody else has it. */
  static async open(options: PortGateOptions): Promise<PortGate> {
    await options.listener.resume()
    const gate = new PortGate(options)
    gate.#tell(true)
    gate.#follow()
    return gate
  }

  /** For good, at once. Connections that are open stay. */
  close(): void {
    this.#over = true
    this.#retry?.cancel()
    for (const one of this.#listening) one[Symbol.dispose]()
    this.#options.listener.stopListening()
    this.#tell(false)
  }

  #follow(): void {
    const { admission } = this.#options
    this.#retry?.cancel()
    if (this.#over) return
    if (admission.state !== 'overrun') {
      if (this.#closed || this.#failed) void this.#reopen()
    } else if (!this.#closed) {
      if (!this.#asking) void this.#tryToClose()
    } else if (this.#others().length === 0) {
      void this.#reopen()
    }
  }

  /** The addresses of nodes that are alive and open, as far as is known. */
  #others(): string[] {
    return this.#options.lease.peers().flatMap(({ open, address }) => (open && address !== null ? [address] : []))
  }

  async #tryToClose(): Promise<void> {
    const { listener, admission, lease, knock, clock, log } = this.#options
    this.#asking = true
    try {
      const others = await Promise.all(this.#others().map(knock))
      const may = others.includes('accepts') && (await lease.mayClose())
      if (may && !this.#over && admission.state === 'overrun') {
        this.#closed = true
        listener.pause()
        log.warn({ port: listener.port }, 'the port of this node is closed: calls go to the next node')
      } else if (may) {
        this.#tell(true)
      }
    } catch (error) {
      if (!(error instanceof SwitchhookError)) throw error
      log.debug({ error: error.message }, 'the other nodes could not be asked whether this one may close its port')
    } finally {
      this.#asking = false
    }
    if (!this.#over && !this.#closed && admission.state === 'overrun')
      this.#retry = clock.after(AGAIN_MS, () => this.#follow())
  }

  async #reopen(): Promise<void> {
    const { listener, clock, log } = this.#options
    try {
      await listener.resume()
      if (this.#failed) log.info({ port: listener.port }, 'the port could be opened again')
      else if (this.#closed) log.info({ port: listener.port }, 'the port of this node is open again')
      this.#failed = false
      this.#closed = false
      this.#tell(true)
    } catch (error) {
      const why = { port: listener.port, error: (error as Error).message }
      if (!this.#failed) log.error(why, 'the port cannot be opened again: no calls come to this node')
      this.#failed = true
      this.#retry?.cancel()
      if (!this.#over) this.#retry = clock.after(AGAIN_MS, () => this.#follow())
    }
  }

  /** Whatever fails here is said with the next renewal of the lease. */
  #tell(open: boolean): void {
    const { lease, log } = this.#options
    lease
      .setOpen(open)
      .catch((error: Error) =>
        log.debug(
          { open, error: error.message },
          'the other nodes could not be told at once whether this port is open',
        ),
      )
  }
}
