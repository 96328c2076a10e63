/**
 * A node among its peers. Its lease lasts 4 s and is renewed every second; it keeps silent about its calls when it could not renew for
 * 3 s, on a clock that only grows and counted from before it asked. A node that was frozen finds that passed. So the others have what
 * it held within 6 s of its death or its silence: the lease, a renewal to notice, and a second in which FreeSWITCH may be quicker.
 * One name, one process: who comes under the name of a living node is refused. Who comes after a dead one has the name at once when
 * it lapsed or its process is known to be gone, else as soon as it has missed a renewal. The dead one, if it was only frozen, is told.
 */
import { randomBytes } from 'node:crypto'
import { sleep, type Timer } from '../base/clock.ts'
import { SwitchhookError } from '../base/errors.ts'
import { Emitter } from '../base/events.ts'
import { Outage } from '../base/outage.ts'
import { isDead, thisMachine } from './machine.ts'
import { Peers } from './peers.ts'
import type { NodeLeaseEvents, NodeLeaseOptions } from './node-lease-options.ts'
import { nameTaken, type Claim, type Lease, type Peer, type LeaseAnswer } from './node-table.ts'

const LASTS_MS = 4_000
const RENEW_MS = 1_000
/** After a renewal that failed. */
const RETRY_MS = 500
/** Our word ends a second before the table's does: nobody acts for us while we still do. */
const OWN_MS = 3_000
/** In so long a living node has renewed, unless something kept it from the table. */
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
   * Announces this node, and keeps it announced. Takes 3 s when it is not clear whether who has the name is alive.
   * Rejects with SERVICE when the table is away, with SettingError when another process uses the name.
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
      log.warn({ node: this.node, before: holder.incarnation }, 'this node takes over the name of one that died')
    }
    this.#mustBeOpen()
    this.#renewIn(RENEW_MS)
    this.#listening = table.onChange(() => void this.#renew())
  }

  /** Whether this node counts as alive. Ask in the same turn as you act. */
  holds(): boolean {
    if (this.#options.clock.monotonic() < this.#until) return true
    if (this.#state === 'held') this.#lapse()
    return false
  }

  /** Is this node's door open, as it stands in the table? */
  get open(): boolean {
    return this.#open
  }

  /** How often its lease ran out: a second look at `holds` sees that it was away in between. */
  get lapses(): number {
    return this.#lapses
  }

  /** Says whether this node's door is open. Rejects with SERVICE when the table is away; the next renewal says it then. */
  async setOpen(open: boolean): Promise<void> {
    this.#open = open
    await this.refresh()
  }

  /** True when this node may close its door: another node is alive and open. The table lets only one of several close. Rejects with SERVICE. */
  async mayClose(): Promise<boolean> {
    if (this.#state !== 'held') return false
    const { leases } = await this.#ask('stay', { closes: true })
    this.#open = leases.get(this.node)?.open ?? true
    return !this.#open
  }

  /** The others who are alive, as last read. */
  peers(): readonly Peer[] {
    return this.#peers.alive()
  }

  /** Of this node what `holds` says, of others as last read. A node that this process never saw is dead. */
  isAlive(node: string): boolean {
    return node === this.node ? this.holds() : this.#peers.has(node)
  }

  /** When a node renewed last, as last read: ms since the epoch by the table's clock. Null when it left, or lapsed a minute ago. */
  lastSeen(node: string): number | null {
    const until = this.#peers.until(node)
    return until === null ? null : until - LASTS_MS
  }

  /** Renews at once, and resolves with whether this node counts as alive now. Rejects with SERVICE when the table is away. */
  async refresh(): Promise<boolean> {
    this.holds() // a lapse is noticed before it is mended
    if (this.#state === 'held' || this.#state === 'lapsed') await this.#ask('stay')
    return this.holds()
  }

  /** Leaves; the others know at once. Never rejects. */
  async close(): Promise<void> {
    if (this.#state === 'over') return
    this.#stop()
    const { table, log } = this.#options
    try {
      await table.leave(this.node, this.incarnation)
    } catch (error) {
      log.warn(
        { node: this.node, error: (error as Error).message },
        'this node could not say that it leaves: the others will see it lapse',
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
      this.#renewIn(RETRY_MS)
    }
  }

  #renewIn(ms: number): void {
    this.#renewing?.cancel()
    if (this.#state !== 'over') this.#renewing = this.#options.clock.after(ms, () => void this.#renew())
  }

  /** Who acts for this node does not move: when it does again, it must find the lease passed, before the others act. */
  #standsStill(): void {
    if (this.#state !== 'held') return
    this.#options.log.error(
      { node: this.node },
      'the event loop of this node has stood still for too long: its lease ends',
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
    // An answer may come when what it promises is over: then the next one counts.
    if (!this.holds()) {
      this.#state = 'lapsed'
      return
    }
    this.#state = 'held'
    this.#publish()
    if (before !== 'lapsed') return
    this.#options.log.warn({ node: this.node }, 'this node counts as alive again')
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
      'this node no longer counts as alive: its lease ran out before it could be renewed',
    )
    this.emit('lapsed', { forGood: false, lateMs: this.#options.clock.monotonic() - this.#until })
  }

  #replaced(by: Lease): void {
    this.#stop()
    const { incarnation, host, pid } = by
    this.#lapses++
    this.#publish()
    this.#options.log.error({ node: this.node, incarnation, host, pid }, 'another process has the name of this node')
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
      throw new SwitchhookError('SERVICE', `the node '${this.node}' was closed before it had come`)
  }
}
