/**
 * Opens and closes the port of the listener. An overrun node closes its port, but only while another node is alive and
 * open. The last open node keeps its port open and serves what arrives, because no node is left behind it: callers
 * would hear the apology of the dialplan. A closed port opens again when the node has room, or when no other node is
 * open. Used by node/listening.ts.
 */
import type { Clock, Timer } from '../base/clock.ts'
import { SwitchhookError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { RETRY } from '../base/retry.ts'
import type { Admission } from '../call/admission.ts'
import type { NodeLease } from '../cluster/node-lease.ts'
import type { Listener } from '../esl/listener.ts'
import type { Knock } from '../esl/tcp.ts'

export interface PortGateOptions {
  listener: Listener
  admission: Pick<Admission, 'on' | 'state'>
  lease: Pick<NodeLease, 'setOpen' | 'mayClose' | 'peers' | 'on'>
  /**
   * Tries a connection to this address (host:port). Needed because a dead node counts as alive until its lease expires.
   */
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

  /** Opens the port and tells the other nodes. Rejects with SwitchError LINK_DOWN when another process has the port. */
  static async open(options: PortGateOptions): Promise<PortGate> {
    await options.listener.resume()
    const gate = new PortGate(options)
    gate.#tell(true)
    gate.#follow()
    return gate
  }

  /** Closes the port for good, at once. Open connections stay open. */
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

  /** The addresses of the nodes that were alive and open at the last read of the node table. */
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
        log.warn({ port: listener.port }, 'the port was closed: too many calls; FreeSWITCH offers them to other nodes')
      } else if (may) {
        this.#tell(true)
      }
    } catch (error) {
      if (!(error instanceof SwitchhookError)) throw error
      log.debug({ error: error.message }, 'the other nodes could not be asked whether this node may close its port')
    } finally {
      this.#asking = false
    }
    if (!this.#over && !this.#closed && admission.state === 'overrun')
      this.#retry = clock.after(RETRY.listenerPort.pauseMs, () => this.#follow())
  }

  async #reopen(): Promise<void> {
    const { listener, clock, log } = this.#options
    try {
      await listener.resume()
      if (this.#failed) log.info({ port: listener.port }, 'the port was opened again after failed attempts')
      else if (this.#closed) log.info({ port: listener.port }, 'the port was opened again')
      this.#failed = false
      this.#closed = false
      this.#tell(true)
    } catch (error) {
      const why = { port: listener.port, error: (error as Error).message }
      if (!this.#failed) log.error(why, 'opening the port failed; this node gets no calls, the attempt is repeated')
      this.#failed = true
      this.#retry?.cancel()
      if (!this.#over) this.#retry = clock.after(RETRY.listenerPort.pauseMs, () => this.#follow())
    }
  }

  /** When this fails, the next renewal of the lease carries the same state. */
  #tell(open: boolean): void {
    const { lease, log } = this.#options
    lease
      .setOpen(open)
      .catch((error: Error) =>
        log.debug(
          { open, error: error.message },
          'announcing the state of the port failed; the next lease renewal announces it',
        ),
      )
  }
}
