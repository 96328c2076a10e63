/**
 * A node among its peers. Its lease lasts 4 s and is renewed every second; it keeps silent about its calls when it could not renew for
 * 3 s, on a clock that only grows and counted from before it asked. A node that was frozen finds that passed. So the others have what
 * it held within 6 s of its death or its silence: the lease, a renewal to notice, and a second in which FreeSWITCH may be quicker.
 * One name, one process: who comes under the name of a living node is refused. Who comes after a dead one has the name at once when
 * it lapsed or its process is known to be gone, else as soon as it has missed a renewal. The dead one, if it was only frozen, is told.
 */
import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { sleep, type Clock, type Timer } from '../base/clock.ts'
import { SettingError, SwitchhookError } from '../base/errors.ts'
import { Emitter } from '../base/events.ts'
import type { Log } from '../base/log.ts'
import { Outage } from '../base/outage.ts'
import { Neighbours } from './neighbours.ts'
import type { Claim, Lease, Peer, PresenceTable, Standing } from './presence-table.ts'

const LASTS_MS = 4_000
const RENEW_MS = 1_000
/** After a renewal that failed. */
const RETRY_MS = 500
/** Our word ends a second before the table's does: nobody acts for us while we still do. */
const OWN_MS = 3_000
/** In so long a living node has renewed, unless something kept it from the table. */
const MISSED_MS = RENEW_MS + 1_000

/** This process's machine, and which of its processes run. */
export interface Machine {
  readonly host: string
  readonly pid: number
  isRunning(pid: number): boolean
}

const thisMachine: Machine = {
  host: hostname(),
  pid: process.pid,
  isRunning(pid) {
    try {
      return process.kill(pid, 0)
    } catch (error) {
      return (error as NodeJS.ErrnoException).code !== 'ESRCH'
    }
  },
}

export interface PresenceOptions {
  readonly table: PresenceTable
  readonly node: string
  /** Where this node's door is for other nodes' legs, 'host:port'; null when it has none. */
  readonly address: string | null
  readonly roles: readonly string[]
  readonly clock: Clock
  readonly log: Log
  readonly machine?: Machine
}

export type PresenceEvents = {
  /** This node no longer counts as alive and must not act. `forGood`: another process has its name; it never regains. */
  lapsed: { readonly forGood: boolean }
  regained: null
  /** The name of a peer that lapsed or left, or died and came again (then 'came' follows). */
  gone: string
  came: Peer
}

export class Presence extends Emitter<PresenceEvents> {
  readonly node: string
  readonly incarnation = randomBytes(6).toString('hex')
  readonly #options: PresenceOptions
  readonly #neighbours: Neighbours
  readonly #outage: Outage
  #state: 'outside' | 'held' | 'lapsed' | 'over' = 'outside'
  #until = -Infinity
  #renewing: Timer | undefined
  #listening: Disposable | undefined

  constructor(options: PresenceOptions) {
    super()
    this.node = options.node
    this.#options = options
    const { node, clock, log } = options
    this.#outage = new Outage({ what: 'the table of nodes', fields: { node }, clock, log })
    this.#neighbours = new Neighbours(options.node, MISSED_MS, LASTS_MS)
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
      if (!this.#isDead(holder)) await sleep(clock, MISSED_MS)
      this.#mustBeOpen()
      const second = await this.#ask('come', holder)
      if (!second.held) throw taken(second.leases.get(this.node)!)
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

  /** The others who are alive, as last read. */
  peers(): readonly Peer[] {
    return this.#neighbours.alive()
  }

  /** Of this node what `holds` says, of others as last read. A node that this process never saw is dead. */
  isAlive(node: string): boolean {
    return node === this.node ? this.holds() : this.#neighbours.has(node)
  }

  /** When a node renewed last, as last read: ms since the epoch by the table's clock. Null when it left, or lapsed a minute ago. */
  lastSeen(node: string): number | null {
    const until = this.#neighbours.until(node)
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
      log.warn({ node: this.node, error: (error as Error).message }, 'this node could not say that it leaves: the others will see it lapse')
    }
  }

  async #renew(): Promise<void> {
    try {
      this.#renewIn(RENEW_MS)
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

  async #ask(mode: Claim['mode'], instead?: Lease): Promise<Standing> {
    const { table, address, roles, clock, machine = thisMachine } = this.#options
    const { node, incarnation } = this
    const asked = clock.monotonic()
    const record = { node, incarnation, address, roles, host: machine.host, pid: machine.pid }
    const standing = await table.hold({ record, lastsMs: LASTS_MS, mode, instead })
    if (this.#state === 'over') return standing
    const { came, gone } = this.#neighbours.read(standing, asked)
    if (standing.held) this.#hold(asked)
    else if (mode === 'stay') this.#replaced(standing.leases.get(node)!)
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
    if (before !== 'lapsed') return
    this.#options.log.warn({ node: this.node }, 'this node counts as alive again')
    this.emit('regained', null)
  }

  #lapse(): void {
    this.#state = 'lapsed'
    this.#options.log.warn({ node: this.node }, 'this node no longer counts as alive: its lease ran out before it could be renewed')
    this.emit('lapsed', { forGood: false })
  }

  #replaced(by: Lease): void {
    this.#stop()
    const { incarnation, host, pid } = by
    this.#options.log.error({ node: this.node, incarnation, host, pid }, 'another process has the name of this node')
    this.emit('lapsed', { forGood: true })
  }

  #stop(): void {
    this.#state = 'over'
    this.#until = -Infinity
    this.#renewing?.cancel()
    this.#listening?.[Symbol.dispose]()
  }

  #isDead({ host, pid }: Lease): boolean {
    const { machine = thisMachine } = this.#options
    return host === machine.host && !machine.isRunning(pid)
  }

  #mustBeOpen(): void {
    if (this.#state === 'over') throw new SwitchhookError('SERVICE', `the node '${this.node}' was closed before it had come`)
  }
}

const taken = ({ node, incarnation, host, pid }: Lease): SettingError =>
  new SettingError([
    `NODE_NAME: a node called '${node}' is running (incarnation ${incarnation}, process ${pid} on ${host}): each needs a name of its own`,
  ])
