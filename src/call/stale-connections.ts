/**
 * Connections of a process that was suspended: FreeSWITCH opened them long ago, and has connected the calls to other
 * nodes since. Such a connection is neither taken nor closed: closing it would take the call from its owner. When no
 * node has the call, the watchdog of the dialplan transfers it to another node. Used by Door (call/entry.ts).
 */
import { sleep, type Clock } from '../base/clock.ts'
import { SwitchhookError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { Arrival } from '../journal/arrival.ts'
import type { CallStore } from '../journal/call-store.ts'
import type { PeerAddresses } from './unclaimed-legs.ts'

/**
 * Connections that waited in the kernel arrive within moments after the process runs again; by then the lease is
 * renewed unless Redis is away.
 */
const SUSPECT_MS = 2_000
/** How often this node checks whether it has its lease again. */
const LOOK_MS = 50

export interface StaleConnectionsOptions {
  clock: Clock
  log: Log
  node: string
  calls?: CallStore | undefined
  peers?: PeerAddresses | undefined
}

export class StaleConnections {
  readonly #options: StaleConnectionsOptions
  #until = 0

  constructor(options: StaleConnectionsOptions) {
    this.#options = options
  }

  /** This process was suspended and runs again. */
  begin(): void {
    this.#until = this.#options.clock.monotonic() + SUSPECT_MS
  }

  /**
   * May a connection that arrives now be an old one? For two seconds after this process runs again; never because
   * Redis is away.
   */
  get any(): boolean {
    this.#holds() // reading the lease detects that this process was suspended
    return this.#options.clock.monotonic() < this.#until
  }

  /**
   * True when another node has the call of this connection; without the store, when the leg is not waiting for a node.
   */
  async isStale(arrival: Arrival): Promise<boolean> {
    const { calls, clock, peers, node, log } = this.#options
    while (!this.#holds() && clock.monotonic() < this.#until) await sleep(clock, LOOK_MS)
    try {
      const owner = this.#holds() ? await calls?.owner(arrival.parent ?? arrival.uuid) : null
      if (owner?.node === node) return false
      const stale = owner ? (peers?.addressOf(owner.node) ?? null) !== null : arrival.idle === false
      if (stale)
        log.info(
          { uuid: arrival.uuid, with: owner?.node },
          'stale connection was left alone: another node has its call',
        )
      return stale
    } catch (error) {
      if (!(error instanceof SwitchhookError)) throw error
      return arrival.idle === false
    }
  }

  #holds(): boolean {
    return this.#options.peers?.holds() ?? true
  }
}
