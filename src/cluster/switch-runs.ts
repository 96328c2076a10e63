/**
 * Which runs (Core-UUIDs) of which switches the nodes of an installation command, so that a node can tell three things apart of which its
 * own switches know nothing: a leg of an earlier run of theirs, which is over; one of a switch that only other nodes command, of which
 * nothing can be said here; and one of which nobody has ever told.
 */
import { hostname } from 'node:os'
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'

/** The switches that this node commands, as switch/switchboard.ts has them. */
export interface CommandedSwitches {
  readonly switches: readonly CommandedSwitch[]
  /** The switch of which this is the present run. */
  runs(core: string): unknown
  /** Set by SwitchRuns. */
  isElsewhere: (core: string | undefined) => Promise<boolean>
}

interface CommandedSwitch {
  readonly name: string
  readonly up: boolean
  readonly facts: { readonly core: string; readonly startedAt?: number }
  /** When this run of it ended, ms since the epoch; null when it is not an earlier run of this switch. */
  endOf(core: string): number | null
}

export interface SwitchRun {
  readonly core: string
  /** Its event socket as anybody on the network would name it: 'host:port', with the machine in front of a loopback address. */
  readonly at: string
  /** When a node heard it last, ms since the epoch. */
  readonly heard: number
}

/** Shared by all nodes. Both methods reject when the memory cannot be had. */
export interface SwitchRunTable {
  /** Adds runs, or says that they were heard again. */
  note(runs: readonly SwitchRun[]): Promise<void>
  /** Those that were heard after `since`, ms since the epoch; the others are forgotten. */
  all(since: number): Promise<readonly SwitchRun[]>
}

/** Longer than any call, and than the journal of one (12 h). */
const KEPT_MS = 24 * 3_600_000
/** The clocks of two nodes may differ by so much. */
const SKEW_MS = 60_000
/** A run that nobody has told of is looked for in the table, but not more often than this. */
const AGAIN_MS = 1_000

const OTHERS =
  'another node commands a FreeSWITCH that this node does not: calls and agents there cannot be looked after from here; FREESWITCH must name every switch on every node'

export interface SwitchRunsOptions {
  readonly switchboard: CommandedSwitches
  readonly table: SwitchRunTable
  readonly clock: Clock
  readonly log: Log
  /** This machine, for event sockets on loopback. Default: its host name. */
  readonly machine?: string
}

export class SwitchRuns {
  readonly #options: SwitchRunsOptions
  readonly #machine: string
  #known: ReadonlyMap<string, SwitchRun> = new Map()
  #readAt = -Infinity
  /** Event sockets of others that the log has named. */
  readonly #told = new Set<string>()

  constructor(options: SwitchRunsOptions) {
    this.#options = options
    this.#machine = options.machine ?? hostname()
    options.switchboard.isElsewhere = core => this.isElsewhere(core)
  }

  /** Tells the others which runs are commanded here, and reads theirs. Rejects when the table is away. */
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
   * Is this a run of a switch that only other nodes command? Then nothing may be decided about its legs here. Of a leg whose run is not
   * known (undefined) that is so as soon as there is any such switch. Rejects when the table is away.
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
    // two switches under one name: an earlier run of ours was heard last before the present one began
    return here.up && here.facts.startedAt !== undefined && run.heard > here.facts.startedAt + SKEW_MS
  }

  #placeOf({ name }: CommandedSwitch): string {
    return /^(127\.|localhost:|::1:|\[::1\])/.test(name) ? `${this.#machine}/${name}` : name
  }
}
