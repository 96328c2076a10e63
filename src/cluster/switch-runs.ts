/**
 * The runs (Core-UUIDs) of the FreeSWITCHes that the nodes of an installation command. With them a node distinguishes
 * three kinds of legs that its own FreeSWITCHes do not know:
 *
 *   a leg of an earlier run of a FreeSWITCH of this node: it has ended
 *   a leg of a FreeSWITCH that only other nodes command: this node decides nothing about it
 *   a leg of a run that no node has reported
 *
 * Reconciliation refreshes it (recovery/reconcile.ts); the switchboard answers `isElsewhere` from it.
 */
import { hostname } from 'node:os'
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'

/** The FreeSWITCHes that this node commands; switch/switchboard.ts implements this. */
interface CommandedSwitches {
  readonly switches: readonly CommandedSwitch[]
  /** The FreeSWITCH whose present run this is; falsy when there is none. */
  runs(core: string): unknown
  /** Set by SwitchRuns. */
  isElsewhere: (core: string | undefined) => Promise<boolean>
}

interface CommandedSwitch {
  readonly name: string
  readonly up: boolean
  readonly facts: { readonly core: string; readonly startedAt?: number }
  /** When this run of it ended, ms since the epoch; null when it is not an earlier run of this FreeSWITCH. */
  endOf(core: string): number | null
}

export interface SwitchRun {
  readonly core: string
  /** Its event socket, unique in the network: 'host:port', with 'machine/' in front of a loopback address. */
  readonly at: string
  /** When a node last reported it as connected, ms since the epoch. */
  readonly heard: number
}

/** The table that all nodes share. Both methods reject when it is unavailable. */
export interface SwitchRunTable {
  /** Adds runs, or updates their time. */
  note(runs: readonly SwitchRun[]): Promise<void>
  /** Returns the runs that were reported after `since`, ms since the epoch, and deletes the others. */
  all(since: number): Promise<readonly SwitchRun[]>
}

/** How long a run stays in the table. Longer than any call, and than the journal of a call (12 h). */
const KEPT_MS = 24 * 3_600_000
/** The clocks of two nodes may differ by this much. */
const SKEW_MS = 60_000
/** An unknown run causes a read of the table, at most once in this time. */
const AGAIN_MS = 1_000

const OTHERS =
  'another node commands a FreeSWITCH that this node does not: this node cannot recover its calls and agents; FREESWITCH must name every switch on every node'

export interface SwitchRunsOptions {
  readonly switchboard: CommandedSwitches
  readonly table: SwitchRunTable
  readonly clock: Clock
  readonly log: Log
  /** The name of this machine, for event sockets on loopback. Default: its host name. */
  readonly machine?: string
}

export class SwitchRuns {
  readonly #options: SwitchRunsOptions
  readonly #machine: string
  #known: ReadonlyMap<string, SwitchRun> = new Map()
  #readAt = -Infinity
  /** Event sockets of other nodes that were already logged. */
  readonly #told = new Set<string>()

  constructor(options: SwitchRunsOptions) {
    this.#options = options
    this.#machine = options.machine ?? hostname()
    options.switchboard.isElsewhere = core => this.isElsewhere(core)
  }

  /**
   * Publishes the runs that this node commands, and reads those of its peers. Rejects when the table is unavailable.
   */
  async refresh(): Promise<void> {
    const { switchboard, table, clock, log } = this.#options
    const now = clock.now()
    const ours = switchboard.switches
      .filter(one => one.up)
      .map(one => ({ core: one.facts.core, at: this.#placeOf(one), heard: now }))
    if (ours.length > 0) await table.note(ours)
    this.#known = new Map((await table.all(now - KEPT_MS)).map(run => [run.core, run]))
    this.#readAt = clock.monotonic()
    for (const run of this.#known.values()) {
      if (!this.#isElsewhere(run.core) || this.#told.has(run.at)) continue
      this.#told.add(run.at)
      log.warn({ switch: run.at, core: run.core }, OTHERS)
    }
  }

  /**
   * True when only other nodes command the FreeSWITCH of this run: then this node decides nothing about its legs. For a
   * leg whose run is not known (undefined) it is true as soon as any such FreeSWITCH exists. Rejects when the table is
   * unavailable.
   */
  async isElsewhere(core: string | undefined): Promise<boolean> {
    if (core === undefined) return [...this.#known.keys()].some(one => this.#isElsewhere(one))
    const { switchboard, clock } = this.#options
    if (!this.#known.has(core) && !switchboard.runs(core) && clock.monotonic() - this.#readAt > AGAIN_MS)
      await this.refresh()
    return this.#isElsewhere(core)
  }

  #isElsewhere(core: string): boolean {
    const { switches } = this.#options.switchboard
    const run = this.#known.get(core)
    if (!run || this.#options.switchboard.runs(core) || switches.some(one => one.endOf(core) !== null)) return false
    const here = switches.find(one => this.#placeOf(one) === run.at)
    if (!here) return true
    // One address, two FreeSWITCHes: an earlier run of this node's own was last reported before its present run began.
    return here.up && here.facts.startedAt !== undefined && run.heard > here.facts.startedAt + SKEW_MS
  }

  #placeOf({ name }: CommandedSwitch): string {
    return /^(127\.|localhost:|::1:|\[::1\])/.test(name) ? `${this.#machine}/${name}` : name
  }
}
