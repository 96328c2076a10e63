/**
 * Connections of a process that stood still: FreeSWITCH opened them long ago, and has brought the calls to other nodes since. Such a
 * connection is neither taken nor closed: closing would tear the call from whoever has it. When nobody has it, the dead man's switch
 * of the dialplan brings it to another node.
 */
import { sleep, type Clock } from '../base/clock.ts'
import { SwitchhookError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { Arrival } from '../journal/arrival.ts'
import type { CallStore } from '../journal/call-store.ts'
import type { PeerAddresses } from './unclaimed-legs.ts'

/** What waited in the kernel comes within moments of the awakening, and by then the lease is renewed unless Redis is away. */
const DOUBT_MS = 2_000
/** How often this node looks whether it is among its peers again. */
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

  /** This process stood still, and moves again. */
  begin(): void {
    this.#until = this.#options.clock.monotonic() + DOUBT_MS
  }

  /** May a connection that comes now be an old one? For two seconds after this process moved again; never because Redis is away. */
  get any(): boolean {
    this.#holds() // who looks at the lease notices that this process stood still
    return this.#options.clock.monotonic() < this.#until
  }

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
          'a connection is older than this process remembers: its call is elsewhere',
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
