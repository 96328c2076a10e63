/**
 * Reconciliation: compares the stores with what exists on every FreeSWITCH, and corrects the differences. It is the
 * main mechanism of correctness. Events only make it faster; any event may be lost, with a link, a node, a FreeSWITCH
 * or a store. Opened by the node.
 *
 * It runs after events that may leave many differences (start, a link is back, FreeSWITCH restarted, a node is gone,
 * this node regained its lease), and every 30 s. This one timer polls on purpose: some differences come without an
 * event.
 */
import type { Clock, Timer } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import { RETRY } from '../base/retry.ts'
import type { Phase } from '../call/leg.ts'
import type { Life } from '../switch/queries.ts'
import type { ChannelList } from '../switch/channel-list.ts'
import type { Owner } from '../journal/call-store.ts'
import type { Switch } from '../switch/switchboard.ts'
import type { Uuid } from '../esl/safe-text.ts'
import { StaleRecords, type StaleRecordsParts } from './stale-records.ts'
import { OrphanedCalls, type Nodes, type OrphanedCallsParts } from './orphaned-calls.ts'
import { GracePeriods, turnOf } from './grace.ts'
import { answers } from './liveness.ts'
import { checkUnownedChannels } from './unowned-channels.ts'

const EVERY_MS = 30_000
/** The event of a leg's end may arrive while the leg is asked for. */
const TOLD_MS = 1_000
/**
 * A channel that lingers after its hang-up is gone within this time. A row without a channel that is older is a zombie.
 */
const LINGERS_MS = 60_000
/** When this node has just taken a call, its entry in the call store may not be written yet. */
const TAKEN_MS = 2_000

/** A leg of this node: call/leg.ts. */
export interface HeldLeg {
  readonly uuid: Uuid
  readonly home: Switch | null
  readonly phase: Phase
  end(cause: string, at?: number): void
}

export interface ReconcileParts extends Omit<OrphanedCallsParts, 'staleRecords' | 'nodes'>, StaleRecordsParts {
  readonly nodes: Nodes & { on(what: 'gone' | 'regained', listener: (node: unknown) => void): Disposable }
  readonly rows: StaleRecordsParts['rows']
  /**
   * Publishes which runs of FreeSWITCH this node commands, and reads those of the other nodes: cluster/switch-runs.ts.
   * Absent where there are no other nodes.
   */
  readonly runs?: { refresh(): Promise<void> } | undefined
  /** The legs of this node's listener. */
  legs(): Iterable<HeldLeg>
  /** The call store has lost a call that this node drives: writes it again. */
  remember?(uuid: string): Promise<void>
  readonly clock: Clock
  readonly log: Log
}

/** The numbers of differences that one reconciliation found and corrected. */
export interface Reconciled {
  /** Orphaned calls: closed, in a talk whose end is awaited, fetched. */
  readonly finished: number
  readonly watched: number
  readonly fetched: number
  /** Legs of this node that had ended on FreeSWITCH. */
  readonly lost: number
  /** Unowned channels: transferred to the listener or hung up. */
  readonly unownedChannels: number
  /** Records, places and reservations of calls that have ended. */
  readonly swept: number
  /** Rows in FreeSWITCH's channel list whose channel does not exist. */
  readonly zombies: number
}

interface Seen {
  readonly owners: ReadonlyMap<string, Owner>
  /** Nailed-up legs. */
  readonly nailed: ReadonlySet<string>
  readonly legs: readonly HeldLeg[]
}

const NOTHING: Reconciled = { finished: 0, watched: 0, fetched: 0, lost: 0, unownedChannels: 0, swept: 0, zombies: 0 }

export class Reconciler implements AsyncDisposable {
  readonly #parts: ReconcileParts
  readonly #grace: GracePeriods
  readonly #staleRecords: StaleRecords
  readonly #orphanedCalls: OrphanedCalls
  readonly #listening: Disposable[] = []
  #timer: Timer | null = null
  #running: Promise<Reconciled> | null = null
  #next: Promise<Reconciled> | null = null
  #closed = false
  #corrected = 0
  #zombies = 0
  /** Reconciliations in a row during which a link went down. */
  #cuts = 0

  constructor(parts: ReconcileParts) {
    this.#parts = parts
    this.#grace = new GracePeriods(parts.clock)
    this.#staleRecords = new StaleRecords(parts, this.#grace)
    this.#orphanedCalls = new OrphanedCalls(
      { ...parts, staleRecords: this.#staleRecords, mine: uuid => parts.mine(uuid) },
      this.#grace,
    )
  }

  /** The number of differences that it has corrected since it was started. */
  get corrected(): number {
    return this.#corrected
  }

  /** Runs the first reconciliation and arms the next ones. The listener must be open: calls may come back. */
  start(): Promise<Reconciled> {
    const { nodes, switchboard } = this.#parts
    this.#listening.push(
      nodes.on('gone', node => void this.look(`node ${String(node)} is gone`)),
      nodes.on('regained', () => void this.look('this node regained its lease')),
    )
    for (const one of switchboard.switches) this.#listening.push(one.on('back', () => void this.#linkIsBack()))
    return this.look('start')
  }

  /** At once, unless a link went down during the last reconciliation: then at the end of its delay. */
  async #linkIsBack(): Promise<void> {
    if (this.#running) await this.#running
    if (this.#cuts === 0) await this.look('a link is back')
  }

  /** Runs one reconciliation at a time. Resolves with the result of one that began after this call; never rejects. */
  look(why: string): Promise<Reconciled> {
    if (this.#closed) return Promise.resolve(NOTHING)
    if (!this.#running) return this.#begin(why)
    return (this.#next ??= this.#running.then(() => {
      this.#next = null
      return this.#closed ? NOTHING : this.#begin(why)
    }))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    this.#timer?.cancel()
    for (const one of this.#listening) one[Symbol.dispose]()
    await this.#running
    this.#orphanedCalls.close()
    this.#timer?.cancel()
  }

  #begin(why: string): Promise<Reconciled> {
    this.#timer?.cancel()
    const running: Promise<Reconciled> = this.#run(why).finally(() => (this.#running = null))
    return (this.#running = running)
  }

  async #run(why: string): Promise<Reconciled> {
    const { clock, log } = this.#parts
    const begun = clock.monotonic()
    let again = EVERY_MS
    try {
      this.#grace.begin()
      const losses = this.#losses()
      const found = await this.#look()
      again = Math.min(EVERY_MS, this.#grace.end())
      this.#cuts = this.#losses() === losses ? 0 : this.#cuts + 1
      if (this.#cuts > 0) again = Math.min(EVERY_MS, RETRY.reconciliation.pauseMs * 2 ** (this.#cuts - 1))
      const { watched: _, zombies: __, ...done } = found
      const ms = Math.round(clock.monotonic() - begun)
      const corrected = Object.values(done).reduce((sum, count) => sum + count, 0)
      this.#corrected += corrected
      if (corrected > 0) log.info({ why, ...found, ms }, 'reconciliation corrected differences')
      return found
    } catch (error) {
      log.warn(
        { why, error: (error as Error).message },
        'reconciliation failed; differences between the stores and FreeSWITCH stay until it is retried',
      )
      again = RETRY.reconciliation.pauseMs
      return NOTHING
    } finally {
      if (!this.#closed) this.#timer = clock.after(again, () => void this.look('timer'))
    }
  }

  #losses(): number {
    return this.#parts.switchboard.switches.reduce((sum, one) => sum + one.losses, 0)
  }

  async #look(): Promise<Reconciled> {
    const { nodes, calls, switchboard } = this.#parts
    if (!nodes.holds()) return NOTHING // without a lease this node decides nothing
    await this.#parts.runs?.refresh()
    const owners = await calls.all()
    const orphaned = await this.#orphanedCalls.look(owners)
    const { swept, nailed } = await this.#staleRecords.look(owners)
    const found = { lost: 0, unownedChannels: 0, zombies: 0 }
    const legs = [...this.#parts.legs()].filter(({ phase }) => phase !== 'ended' && phase !== 'moved')
    for (const one of switchboard.switches) {
      if (!answers(one)) continue
      const here = legs.filter(({ home }) => home === one)
      const listing = (await one.list()) ?? new Map()
      const lives = await one.livesAll([...new Set([...listing.keys(), ...here.map(({ uuid }) => uuid)])])
      found.lost += this.#endLost(one, here, lives)
      found.zombies += this.#count(listing, lives)
      found.unownedChannels += await this.#unownedChannels(one, listing, { owners, nailed, legs })
    }
    this.#warn(found.zombies)
    await this.#remember(owners, legs)
    return { ...orphaned, swept, ...found }
  }

  /** Ends the legs that this node holds and FreeSWITCH does not have. */
  #endLost(home: Switch, legs: readonly HeldLeg[], lives: ReadonlyMap<Uuid, Life>): number {
    let lost = 0
    for (const leg of legs) {
      if (lives.get(leg.uuid) !== 'no' || leg.phase === 'ended' || leg.phase === 'moved') continue
      const end = home.ended(leg.uuid)
      if (!end && !this.#grace.lasted(`lost ${leg.uuid}`, TOLD_MS)) continue
      leg.end(end?.cause ?? 'LOST', end?.at)
      lost++
    }
    return lost
  }

  #count(listing: ChannelList, lives: ReadonlyMap<Uuid, Life>): number {
    const old = this.#parts.clock.now() - LINGERS_MS
    const without = [...listing.values()].filter(({ uuid, createdAt }) => lives.get(uuid) === 'no' && createdAt < old)
    return without.filter(({ uuid }) => this.#grace.lasted(`zombie ${uuid}`, LINGERS_MS)).length
  }

  #warn(zombies: number): void {
    const more = zombies > this.#zombies
    this.#zombies = zombies
    if (!more) return
    this.#parts.log.warn(
      { zombies },
      'FreeSWITCH lists channels that do not exist; they count against its max-sessions until it is restarted',
    )
  }

  #unownedChannels(home: Switch, listing: ChannelList, { owners, nailed, legs }: Seen): Promise<number> {
    const { node, nodes, log } = this.#parts
    const here = new Set<string>(legs.map(({ uuid }) => uuid))
    const others = nodes.peers().map(peer => peer.node)
    const known = {
      isOwned: (uuid: string) => owners.has(uuid),
      isAwaited: (uuid: string) => here.has(uuid) || nailed.has(uuid),
      turn: (uuid: string) => turnOf(uuid, node, others),
      holds: () => nodes.holds(),
    }
    return checkUnownedChannels(home, listing, known, this.#grace, log)
  }

  async #remember(owners: ReadonlyMap<string, Owner>, legs: readonly HeldLeg[]): Promise<void> {
    const { remember, mine } = this.#parts
    if (!remember) return
    for (const { uuid } of legs) {
      if (!owners.has(uuid) && mine(uuid) && this.#grace.lasted(`forgotten ${uuid}`, TAKEN_MS)) await remember(uuid)
    }
  }
}
