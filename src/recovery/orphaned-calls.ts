/**
 * Calls whose node is gone, or does not know them any more. Nobody takes one here: only a door takes calls, for only FreeSWITCH says
 * who drives them, and a call that was taken in the moment in which it comes to a door would be torn from that one. So everything that
 * is done to an orphan may be done by two nodes, and ends when its owner is another.
 *
 *   over             its record is written, and whoever was promised to it is free
 *   two people talk  their end is waited for; every node hears it
 *   lives, driven by nobody that may: its node is stopped, or cut off from the others, and holds its connections. It is fetched.
 */
import type { Log } from '../base/log.ts'
import { SwitchError } from '../base/errors.ts'
import { uuidOf } from '../switch/channel-list.ts'
import { isSame, type CallStore, type Owner } from '../journal/call-store.ts'
import type { Switch, Switchboard } from '../switch/switchboard.ts'
import * as build from '../esl/api.ts'
import { ident, varValue, type Ident, type Uuid } from '../esl/safe-text.ts'
import { closeCall, type CloseCallParts, type Over } from './close-calls.ts'
import { beginOf, type KnownEnd } from '../record/record-from-journal.ts'
import { turnOf, type GracePeriods } from './grace.ts'
import { answers, livenessOf } from './liveness.ts'

/** What a node knows of itself and of the others: cluster/local-node-lease.ts. */
export interface Nodes {
  /** May this node decide anything about calls in this moment? */
  holds(): boolean
  isAlive(node: string): boolean
  /** Those that are alive; every one of them reconciles. `address`: of its door. */
  peers(): readonly { readonly node: string; readonly address?: string | null; readonly roles: readonly string[] }[]
}

export interface OrphanedCallsParts extends CloseCallParts {
  readonly node: string
  /** 'host:port' at which the switches reach this node's door; null: it has none, or they are told no single address. */
  readonly address: string | null
  readonly nodes: Nodes
  readonly calls: CallStore
  readonly switchboard: Switchboard
  /** Does this node drive it, or write down how it ended? */
  mine(uuid: string): boolean
  /** Are calls of a dead node coming to this one's door? Those that were not accepted yet look as if a node held them. Absent: no. */
  takesOver?(): boolean
  /** Has the process of a node that is not alive ended? Then FreeSWITCH brings its calls to another door. Absent: it may hold its connections. */
  hasEnded?(node: string): Promise<boolean>
  readonly log: Log
}

/** A call whose node has just lapsed may be on its way to another door, which takes 30 ms. */
const ON_ITS_WAY_MS = 1_000
/** When the process has ended it is on its way for sure, and whoever finds a queue full there is asked again after 1, 2, 4 and 8 s (esl/tcp.ts, BACKLOG). */
const BROUGHT_MS = 15_000
/** The end of a call is told to everybody in the same moment; this is longer than that moment. */
const UNHEARD_MS = 500
/** A call of our own that is over is being written down by its flow. */
const OURS_MS = 5_000
/** Extensions of the dialplan that bring a call to a door. Whoever is elsewhere (in the apology, or transferred out) is not ours to fetch. */
const TO_A_DOOR = /^switchhook-(?!sorry$)/

export interface Orphaned {
  readonly finished: number
  readonly watched: number
  readonly fetched: number
}

export class OrphanedCalls {
  readonly #parts: OrphanedCallsParts
  readonly #grace: GracePeriods
  /** Talks whose end is waited for. */
  readonly #watched = new Map<string, { readonly owner: Owner } & Disposable>()
  /** Runs of switches that ended before this process began: asked once to bring back what they can. */
  readonly #revived = new Set<string>()
  #ended: Over[] = []
  #finishing = false

  constructor(parts: OrphanedCallsParts, grace: GracePeriods) {
    this.#parts = parts
    this.#grace = grace
  }

  async look(owners: ReadonlyMap<string, Owner>): Promise<Orphaned> {
    const { nodes, node, mine, switchboard } = this.#parts
    const orphanedCalls = [...owners].filter(([uuid, owner]) =>
      owner.node === node ? !mine(uuid) : !nodes.isAlive(owner.node),
    )
    for (const [uuid, watch] of this.#watched) {
      if (!isSame(owners.get(uuid), watch.owner)) this.#forget(uuid)
    }
    if (orphanedCalls.length === 0) return { finished: 0, watched: this.#watched.size, fetched: 0 }
    const liveness = await livenessOf(
      switchboard,
      orphanedCalls.map(([uuid]) => uuid),
    )
    const ended = await this.#processesEnded(orphanedCalls.map(([, owner]) => owner.node))
    const over: Over[] = []
    let fetched = 0
    await Promise.all(
      orphanedCalls.map(async ([name, owner]) => {
        const uuid = uuidOf(name)
        const where = uuid && liveness.get(uuid)
        if (!uuid || !where) return
        if (typeof where !== 'string')
          return void (fetched += Number(await this.#lives(uuid, owner, where, ended.has(owner.node))))
        const end = await this.#endOf(uuid, where)
        if (end !== 'unknown' && this.#mayFinish(uuid, owner, end)) over.push({ uuid, owner, end })
      }),
    )
    return { finished: await this.#finish(over), watched: this.#watched.size, fetched }
  }

  close(): void {
    for (const uuid of this.#watched.keys()) this.#forget(uuid)
  }

  /** Which of these nodes' processes have ended. (Of an earlier one of our own name it is not asked: our port is open.) */
  async #processesEnded(nodes: readonly string[]): Promise<ReadonlySet<string>> {
    const { hasEnded = async () => false, node } = this.#parts
    const others = [...new Set(nodes)].filter(name => name !== node)
    const ended = await Promise.all(others.map(hasEnded))
    return new Set(others.filter((_, at) => ended[at]))
  }

  /** True when it was fetched. `isBrought`: FreeSWITCH is bringing it to another door. */
  async #lives(uuid: Uuid, owner: Owner, home: Switch, isBrought: boolean): Promise<boolean> {
    const { nodes, calls, log } = this.#parts
    const place = await placeOf(uuid, home)
    if (place === null) return false
    if (place !== 'driven') {
      this.#watch(uuid, owner, home)
      return false
    }
    if (
      !this.#grace.lasted(
        `driven ${uuid} ${owner.epoch}`,
        (isBrought ? BROUGHT_MS : ON_ITS_WAY_MS) + this.#turn(uuid, owner),
      )
    )
      return false
    if (this.#parts.takesOver?.()) {
      this.#grace.soon(ON_ITS_WAY_MS)
      return false
    }
    const [now, lines] = await Promise.all([calls.owner(uuid), calls.read(uuid)])
    const flow = beginOf(lines)?.arrival.path
    if (!isSame(now, owner) || flow === undefined || !nodes.holds()) return false
    const address = this.#door()
    log.warn(
      { uuid, from_node: owner.node, to: address },
      'a call is fetched from a node that holds it and may not drive it',
    )
    if (address === null) return home.attempt(build.uuidTransfer(uuid, ident(flow)))
    if (!(await home.attempt(build.uuidSetvar(uuid, 'switchhook_home' as Ident, varValue(address))))) return false
    return nodes.holds() && home.attempt(build.uuidTransferHome(uuid, ident(flow)))
  }

  /** Where a call can be driven: here, or else at a node that takes calls. */
  #door(): string | null {
    const { address, nodes } = this.#parts
    return address ?? nodes.peers().find(peer => peer.address && peer.roles.includes('listener'))?.address ?? null
  }

  /** How a call that no switch has ended, null when nobody knows. */
  async #endOf(uuid: Uuid, liveness: 'no' | 'unknown'): Promise<KnownEnd | null | 'unknown'> {
    const { switchboard, calls } = this.#parts
    for (const one of switchboard.switches) {
      const end = one.ended(uuid)
      if (end) return end
    }
    const core = beginOf(await calls.read(uuid))?.arrival.core
    if (await switchboard.isElsewhere(core)) return 'unknown'
    if (core === undefined) return liveness === 'no' ? null : 'unknown'
    const present = switchboard.switches.find(one => one.facts.core === core)
    if (present)
      return liveness === 'no' || (answers(present) && (await present.livesAll([uuid])).get(uuid) === 'no')
        ? null
        : 'unknown'
    const past = switchboard.switches.find(one => one.endOf(core) !== null)
    if (past) return answers(past) ? { at: past.endOf(core)!, cause: 'SWITCH_CRASH' } : 'unknown'
    if (liveness === 'unknown') return 'unknown'
    return this.#before(core)
  }

  /** Its switch was started anew while nobody of us was there: what it can bring back is brought back first. */
  #before(core: string): KnownEnd | null | 'unknown' {
    const { switches } = this.#parts.switchboard
    if (!this.#revived.has(core)) {
      this.#revived.add(core)
      for (const one of switches) one.revive()
      return 'unknown'
    }
    const since = Math.min(...switches.map(one => one.facts.startedAt ?? Infinity))
    return switches.length === 1 && since < Infinity ? { at: since, cause: 'SWITCH_CRASH' } : null
  }

  #mayFinish(uuid: Uuid, owner: Owner, end: KnownEnd | null): boolean {
    const own = owner.node === this.#parts.node ? OURS_MS : end === null ? UNHEARD_MS : 0
    return this.#grace.lasted(`over ${uuid} ${owner.epoch}`, own + this.#turn(uuid, owner))
  }

  /** Nobody else looks after a call that is still written down under our own name. */
  #turn(uuid: string, owner: Owner): number {
    const { node, nodes } = this.#parts
    if (owner.node === node) return 0
    return turnOf(
      uuid,
      node,
      nodes.peers().map(peer => peer.node),
    )
  }

  #watch(uuid: Uuid, owner: Owner, home: Switch): void {
    if (this.#watched.has(uuid)) return
    const over = (end: KnownEnd) => {
      this.#forget(uuid)
      if (this.#turn(uuid, owner) > 0) return // the next look finds it, should the node whose turn it is not be there
      this.#ended.push({ uuid, owner, end })
      if (!this.#finishing) void this.#finishEnded()
    }
    const watch = home.watch(
      uuid,
      event => {
        if (event.name === 'CHANNEL_HANGUP') over({ ...home.ended(uuid)!, facts: event })
      },
      over,
    )
    this.#watched.set(uuid, { owner, [Symbol.dispose]: () => watch[Symbol.dispose]() })
  }

  #forget(uuid: string): void {
    this.#watched.get(uuid)?.[Symbol.dispose]()
    this.#watched.delete(uuid)
  }

  /** Hundreds may hang up at once: what ends while others are being put away is put away together. */
  async #finishEnded(): Promise<void> {
    this.#finishing = true
    try {
      while (this.#ended.length > 0) await this.#finish(this.#ended.splice(0))
    } catch (error) {
      this.#parts.log.warn({ error: (error as Error).message }, 'calls that ended could not be put away yet')
    } finally {
      this.#finishing = false
    }
  }

  async #finish(over: readonly Over[]): Promise<number> {
    return over.length === 0 || !this.#parts.nodes.holds() ? 0 : closeCall(over, this.#parts)
  }
}

/** Null: it cannot be said now. A leg in the fallback is on its way out: nobody drives it and nobody shall. */
async function placeOf(uuid: Uuid, home: Switch): Promise<'talking' | 'leaving' | 'driven' | null> {
  try {
    const partner = await home.ask(build.uuidGetvar(uuid, 'bridge_to' as Ident))
    if (uuidOf(partner.trim())) return 'talking'
    // a field of the leg when no variable has the name (switch_channel.c, switch_channel_get_variable_dup)
    return (await home.ask(build.uuidGetvar(uuid, 'destination_number' as Ident))).trim().match(TO_A_DOOR)
      ? 'driven'
      : 'leaving'
  } catch (error) {
    if (!(error instanceof SwitchError)) throw error
    return null
  }
}
