/**
 * A node's lease and its view of its peers. The lease lasts 4 s in the node table and is renewed every second.
 * A node that could not renew for 3 s fences itself: it sends no commands about its calls. The 3 s run on a monotonic
 * clock from before the renewal was sent, so a node that was frozen finds them passed. Its peers have its calls within
 * 6 s of its death or fencing: the lease (4 s), a renewal to notice it (1 s), and a second in which FreeSWITCH may be
 * quicker.
 *
 * One name belongs to one process. A process that starts under the name of a living node is refused. After a death the
 * new process gets the name at once when the lease has lapsed or the old process is known to be gone, else as soon as
 * the old one has missed a renewal. If the old process was only frozen, its next renewal tells it that it was replaced.
 *
 *   outside   not announced yet
 *   held      the lease is held
 *   lapsed    the lease ended before a renewal; the next renewal leads back to held
 *   over      closed, or replaced by another process with the same name (final)
 *
 * lease-worker.ts runs it in a thread of its own (lease-thread.ts); tests run it in theirs.
 */
import { randomBytes } from 'node:crypto'
import { sleep, type Timer } from '../base/clock.ts'
import { SwitchhookError } from '../base/errors.ts'
import { Emitter } from '../base/emitter.ts'
import { Outage } from '../base/outage.ts'
import { RETRY } from '../base/retry.ts'
import { isDead, thisMachine } from './machine.ts'
import { Peers } from './peers.ts'
import type { NodeLeaseEvents, NodeLeaseOptions } from './node-lease-options.ts'
import { nameTaken, type Claim, type Lease, type Peer, type LeaseAnswer } from './node-table.ts'

const LASTS_MS = 4_000
const RENEW_MS = 1_000
/**
 * The node fences itself one second before its lease lapses in the table: so no peer acts for it while it still acts.
 */
const OWN_MS = 3_000
/** A living node renews within this time, unless it cannot reach the table. */
const MISSED_MS = RENEW_MS + 1_000

export class LocalNodeLease extends Emitter<NodeLeaseEvents> {
  readonly node: string
  readonly incarnation = randomBytes(6).toString('hex')
  readonly #options: NodeLeaseOptions
  readonly #peers: Peers
  readonly #outage: Outage
  #state: 'outside' | 'held' | 'lapsed' | 'over' = 'outside'
  #until = -Infinity
  #lapses = 0
  #open = false
  #renewing: Timer | undefined
  #listening: Disposable | undefined

  constructor(options: NodeLeaseOptions) {
    super()
    this.node = options.node
    this.#options = options
    const { node, clock, log } = options
    this.#outage = new Outage({ what: 'the table of nodes', fields: { node }, clock, log })
    this.#peers = new Peers(options.node, MISSED_MS, LASTS_MS)
    this.#open = options.open ?? false
    this.#lapses = options.lapses ?? 0
  }

  /**
   * Announces this node in the table and keeps it there. Takes 2 s when another process has the name and may be alive.
   * Rejects with SERVICE when the table is unavailable, with SettingError when another process uses the name.
   */
  async start(): Promise<void> {
    const { table, clock, log } = this.#options
    const first = await this.#ask('come')
    if (!first.held) {
      const holder = first.leases.get(this.node)!
      if (!isDead(holder, this.#options.machine)) await sleep(clock, MISSED_MS)
      this.#mustBeOpen()
      const second = await this.#ask('come', { instead: holder })
      if (!second.held) throw nameTaken(second.leases.get(this.node)!)
      log.warn({ node: this.node, before: holder.incarnation }, 'this node took over the name of a dead process')
    }
    this.#mustBeOpen()
    this.#renewIn(RENEW_MS)
    this.#listening = table.onChange(() => void this.#renew())
  }

  /** Whether this node holds its lease and may act. Call it in the same turn in which you act. */
  holds(): boolean {
    if (this.#options.clock.monotonic() < this.#until) return true
    if (this.#state === 'held') this.#lapse()
    return false
  }

  /** Whether this node's listener is open, as the table has it. */
  get open(): boolean {
    return this.#open
  }

  /** How often the lease has lapsed: a second call of `holds` can see that the lease lapsed in between. */
  get lapses(): number {
    return this.#lapses
  }

  /**
   * Publishes whether this node's listener is open. Rejects with SERVICE when the table is unavailable; the next
   * renewal publishes it then.
   */
  async setOpen(open: boolean): Promise<void> {
    this.#open = open
    await this.refresh()
  }

  /**
   * True when this node may close its listener, because another living node is open. Of several nodes that ask, the
   * table keeps at least one open. Rejects with SERVICE.
   */
  async mayClose(): Promise<boolean> {
    if (this.#state !== 'held') return false
    const { leases } = await this.#ask('stay', { closes: true })
    this.#open = leases.get(this.node)?.open ?? true
    return !this.#open
  }

  /** The peers that were alive at the last read of the table. */
  peers(): readonly Peer[] {
    return this.#peers.alive()
  }

  /**
   * For this node the result of `holds`, for a peer the last read. A node that this process never saw counts as dead.
   */
  isAlive(node: string): boolean {
    return node === this.node ? this.holds() : this.#peers.has(node)
  }

  /**
   * When a node renewed last, by the last read: ms since the epoch of the table's clock. Null when it left, or when its
   * lease lapsed a minute ago.
   */
  lastSeen(node: string): number | null {
    const until = this.#peers.until(node)
    return until === null ? null : until - LASTS_MS
  }

  /** Renews at once and returns whether the lease is held now. Rejects with SERVICE when the table is unavailable. */
  async refresh(): Promise<boolean> {
    this.holds() // notices a lapse before the renewal ends it
    if (this.#state === 'held' || this.#state === 'lapsed') await this.#ask('stay')
    return this.holds()
  }

  /** Removes this node from the table; its peers are notified at once. Never rejects. */
  async close(): Promise<void> {
    if (this.#state === 'over') return
    this.#stop()
    const { table, log } = this.#options
    try {
      await table.leave(this.node, this.incarnation)
    } catch (error) {
      log.warn(
        { node: this.node, error: (error as Error).message },
        'this node could not leave the node table; its peers notice when its lease lapses',
      )
    }
  }

  async #renew(): Promise<void> {
    try {
      this.#renewIn(RENEW_MS)
      if (this.#options.moves?.() === false) return this.#standsStill()
      await this.refresh()
      this.#outage.end()
    } catch (error) {
      this.#outage.away((error as Error).message)
      this.#renewIn(RETRY.leaseRenewal.pauseMs)
    }
  }

  #renewIn(ms: number): void {
    this.#renewing?.cancel()
    if (this.#state !== 'over') this.#renewing = this.#options.clock.after(ms, () => void this.#renew())
  }

  /**
   * The serving thread is blocked: when it runs again, it must find the lease lapsed before a peer acts for this node.
   */
  #standsStill(): void {
    if (this.#state !== 'held') return
    this.#options.log.error(
      { node: this.node },
      'the event loop of this node was blocked for too long; the node gives up its lease',
    )
    this.#until = -Infinity
    this.#lapse()
  }

  async #ask(mode: Claim['mode'], more: Pick<Claim, 'instead' | 'closes'> = {}): Promise<LeaseAnswer> {
    const { table, address, roles, clock, machine = thisMachine, expects = () => null } = this.#options
    const { node, incarnation } = this
    const asked = clock.monotonic()
    const record = { node, incarnation, address, roles, open: this.#open, host: machine.host, pid: machine.pid }
    const standing = await table.hold({ record, lastsMs: LASTS_MS, mode, ...more, expects: expects() })
    this.emit('answered', { asked, answered: clock.monotonic(), now: standing.now, aheadMs: standing.aheadMs })
    if (this.#state === 'over') return standing
    const { came, gone } = this.#peers.read(standing, asked)
    if (standing.held) this.#hold(asked)
    else if (mode === 'stay') this.#replaced(standing.leases.get(node)!)
    this.emit('read', null)
    for (const name of gone) this.emit('gone', name)
    for (const peer of came) this.emit('came', peer)
    return standing
  }

  #hold(asked: number): void {
    this.#until = Math.max(this.#until, asked + OWN_MS)
    const before = this.#state
    // An answer may arrive after its own deadline; then the next renewal counts.
    if (!this.holds()) {
      this.#state = 'lapsed'
      return
    }
    this.#state = 'held'
    this.#publish()
    if (before !== 'lapsed') return
    this.#options.log.warn({ node: this.node }, 'lease regained; this node counts as alive again')
    this.emit('regained', null)
  }

  #publish(): void {
    this.#options.publish?.(this.#until, this.#lapses)
  }

  #lapse(): void {
    this.#state = 'lapsed'
    this.#lapses++
    this.#publish()
    this.#options.log.warn(
      { node: this.node },
      'the lease lapsed before it was renewed; this node no longer counts as alive',
    )
    this.emit('lapsed', { forGood: false, lateMs: this.#options.clock.monotonic() - this.#until })
  }

  #replaced(by: Lease): void {
    this.#stop()
    const { incarnation, host, pid } = by
    this.#lapses++
    this.#publish()
    this.#options.log.error({ node: this.node, incarnation, host, pid }, 'another process took the name of this node')
    this.emit('lapsed', { forGood: true, lateMs: 0 })
  }

  #stop(): void {
    this.#state = 'over'
    this.#until = -Infinity
    this.#renewing?.cancel()
    this.#listening?.[Symbol.dispose]()
  }

  #mustBeOpen(): void {
    if (this.#state === 'over')
      throw new SwitchhookError('SERVICE', `the node '${this.node}' was closed before it was announced`)
  }
}
