/**
 * Orphaned calls: the owner node is gone, or no longer knows the call. Used by reconcile.ts. No takeover happens here:
 * only a listener takes calls over, because FreeSWITCH decides which node drives a call, and a takeover here, in the
 * moment in which FreeSWITCH offers the call to a node, would tear the call from that node. So two nodes may do each of
 * these things, and stop when the owner changes.
 *
 *   ended     its record is written, and its agents are released (close-calls.ts)
 *   talking   its end is awaited; every node receives the event. An agent who leaves a conference, in which the caller
 *             talks on, is released
 *   driven    it lives, and its owner must not drive it: that node is stopped, or cut off from the others, and still
 *             holds the connection. The call is transferred to a node that may drive it ("fetched").
 */
import type { Log } from '../base/log.ts'
import { SwitchError } from '../base/errors.ts'
import { uuidOf } from '../switch/channel-list.ts'
import { isSame, type CallStore, type Owner } from '../journal/call-store.ts'
import type { Switch, Switchboard } from '../switch/switchboard.ts'
import * as build from '../esl/api.ts'
import { ident, varValue, type Ident, type Uuid } from '../esl/safe-text.ts'
import { membersOf } from '../call/conference.ts'
import { closeCall, type CloseCallParts, type Over } from './close-calls.ts'
import { firstEntryOf, openTalksIn, type KnownEnd } from '../record/record-from-journal.ts'
import { turnOf, type GracePeriods } from './grace.ts'
import { answers, livenessOf } from './liveness.ts'

/** The nodes of the cluster, as this node sees them: cluster/local-node-lease.ts. */
export interface Nodes {
  /** Does this node hold its lease, so that it may act upon calls now? */
  holds(): boolean
  isAlive(node: string): boolean
  /** The nodes that are alive; each of them reconciles. `address`: of its listener. */
  peers(): readonly { readonly node: string; readonly address?: string | null; readonly roles: readonly string[] }[]
}

export interface OrphanedCallsParts extends CloseCallParts {
  readonly node: string
  /** 'host:port' at which FreeSWITCH reaches this node's listener; null: it has no listener, or no single address. */
  readonly address: string | null
  readonly nodes: Nodes
  readonly calls: CallStore
  readonly switchboard: Switchboard
  /** Does this node drive the call, or write its record? */
  mine(uuid: string): boolean
  /**
   * Is this node taking over calls of a dead node? Calls that it has not accepted yet look as if the dead node held
   * them. Absent: no.
   */
  takesOver?(): boolean
  /**
   * Has the process of a node that is not alive ended? Then FreeSWITCH offers its calls to another node. Absent: the
   * process may still hold its connections.
   */
  hasEnded?(node: string): Promise<boolean>
  readonly log: Log
}

/** When a node's lease has just lapsed, FreeSWITCH may be offering the call to another node, which takes 30 ms. */
const ON_ITS_WAY_MS = 1_000
/**
 * When the process has ended, FreeSWITCH is certainly offering the call. A connection that finds the queue of a
 * listener full is retried after 1, 2, 4 and 8 s (esl/tcp.ts, BACKLOG).
 */
const BROUGHT_MS = 15_000
/** All nodes receive the end of a call in the same moment; this is longer than that moment. */
const UNHEARD_MS = 500
/** When a call of this node has ended, its flow may still be writing the record. */
const OURS_MS = 5_000
/**
 * Extensions of the dialplan that offer a call to nodes. A call in another one (the fallback, or transferred out) is
 * not fetched.
 */
const TO_A_DOOR = /^switchhook-(?!sorry$)/

/** Numbers of orphaned calls: closed now (or whose agents were released), watched in a talk, and fetched now. */
export interface Orphaned {
  readonly finished: number
  readonly watched: number
  readonly fetched: number
}

/** `agents`: the legs of agents who talk with the caller, each with what listens for its end. */
interface Watch extends Disposable {
  readonly owner: Owner
  readonly agents: Map<Uuid, Disposable>
}

const LEFT = 'an agent who left a conference could not be released; reconciliation retries'

export class OrphanedCalls {
  readonly #parts: OrphanedCallsParts
  readonly #grace: GracePeriods
  /** Calls in a talk whose end is awaited. */
  readonly #watched = new Map<string, Watch>()
  /**
   * Runs of FreeSWITCH that ended before this process began and for which `sofia recover` was requested; once for each.
   */
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
    let [fetched, freed] = [0, 0]
    await Promise.all(
      orphanedCalls.map(async ([name, owner]) => {
        const uuid = uuidOf(name)
        const where = uuid && liveness.get(uuid)
        if (!uuid || !where) return
        if (typeof where !== 'string') {
          fetched += Number(await this.#lives(uuid, owner, where, ended.has(owner.node)))
          if (this.#watched.has(uuid)) freed += await this.#agentsOf(uuid, where)
          return
        }
        const end = await this.#endOf(uuid, where)
        if (end !== 'unknown' && this.#mayFinish(uuid, owner, end)) over.push({ uuid, owner, end })
      }),
    )
    return { finished: freed + (await this.#finish(over)), watched: this.#watched.size, fetched }
  }

  close(): void {
    for (const uuid of this.#watched.keys()) this.#forget(uuid)
  }

  /**
   * Those of these nodes whose process has ended. Not asked for an earlier process of this node's name: this node's own
   * port is open.
   */
  async #processesEnded(nodes: readonly string[]): Promise<ReadonlySet<string>> {
    const { hasEnded = async () => false, node } = this.#parts
    const others = [...new Set(nodes)].filter(name => name !== node)
    const ended = await Promise.all(others.map(hasEnded))
    return new Set(others.filter((_, at) => ended[at]))
  }

  /** Resolves with true when the call was fetched. `isBrought`: FreeSWITCH is offering it to another node. */
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
    const flow = firstEntryOf(lines)?.arrival.path
    if (!isSame(now, owner) || flow === undefined || !nodes.holds()) return false
    const address = this.#door()
    log.warn(
      { uuid, from_node: owner.node, to: address },
      'a call is fetched from a node that holds it and may no longer drive it',
    )
    if (address === null) return home.attempt(build.uuidTransfer(uuid, ident(flow)))
    if (!(await home.attempt(build.uuidSetvar(uuid, 'switchhook_home' as Ident, varValue(address))))) return false
    return nodes.holds() && home.attempt(build.uuidTransferHome(uuid, ident(flow)))
  }

  /** The address of a listener that can take the call over: this node's, or else that of another node. */
  #door(): string | null {
    const { address, nodes } = this.#parts
    return address ?? nodes.peers().find(peer => peer.address && peer.roles.includes('listener'))?.address ?? null
  }

  /**
   * How a call that is on no FreeSWITCH ended; null: it ended, unknown how; 'unknown': it is not certain that it ended.
   */
  async #endOf(uuid: Uuid, liveness: 'no' | 'unknown'): Promise<KnownEnd | null | 'unknown'> {
    const { switchboard, calls } = this.#parts
    for (const one of switchboard.switches) {
      const end = one.ended(uuid)
      if (end) return end
    }
    const core = firstEntryOf(await calls.read(uuid))?.arrival.core
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

  /**
   * FreeSWITCH restarted while no node was connected: requests `sofia recover` first, so that it brings back the calls
   * that it can.
   */
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

  /** Milliseconds until it is this node's turn; 0 for a call that this node owns, as no other node looks after it. */
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
      if (this.#turn(uuid, owner) > 0) return // the next reconciliation closes it if the other node does not
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
    const agents = new Map<Uuid, Disposable>()
    const stop = () => [watch, ...agents.values()].forEach(one => one[Symbol.dispose]())
    this.#watched.set(uuid, { owner, agents, [Symbol.dispose]: stop })
  }

  /**
   * The agents who talk with this caller by the journal: those whose legs have ended are released when the caller is in
   * a conference (after any other talk the caller returns to a node). The ends of the others are awaited. Resolves with
   * the number of agents who were released.
   */
  async #agentsOf(uuid: Uuid, home: Switch): Promise<number> {
    const talks = openTalksIn(await this.#parts.calls.read(uuid))
    let freed = 0
    for (const { leg, agent } of talks) {
      const watch = this.#watched.get(uuid)
      if (!watch) return freed
      if ((await home.lives(leg)) === 'no') freed += await this.#agentLeft(uuid, home, agent)
      else if (!watch.agents.has(leg))
        watch.agents.set(
          leg,
          home.watch(
            leg,
            event => event.name === 'CHANNEL_HANGUP' && void this.#agentLeft(uuid, home, agent),
            () => void this.#agentLeft(uuid, home, agent),
          ),
        )
    }
    return freed
  }

  /** An error is left to the next reconciliation. */
  async #agentLeft(uuid: Uuid, home: Switch, agent: string): Promise<number> {
    const { nodes, staleRecords, log } = this.#parts
    try {
      const members = await membersOf(home, uuid)
      return members.includes(uuid) && nodes.holds() ? await staleRecords.freeAgent(agent, uuid) : 0
    } catch (error) {
      log.warn({ uuid, agent, error: (error as Error).message }, LEFT)
      return 0
    }
  }

  #forget(uuid: string): void {
    this.#watched.get(uuid)?.[Symbol.dispose]()
    this.#watched.delete(uuid)
  }

  /** Hundreds of calls may end at once: those that end while others are being closed are closed together. */
  async #finishEnded(): Promise<void> {
    this.#finishing = true
    try {
      while (this.#ended.length > 0) await this.#finish(this.#ended.splice(0))
    } catch (error) {
      this.#parts.log.warn({ error: (error as Error).message }, 'orphaned calls could not be closed; they are retried')
    } finally {
      this.#finishing = false
    }
  }

  async #finish(over: readonly Over[]): Promise<number> {
    return over.length === 0 || !this.#parts.nodes.holds() ? 0 : closeCall(over, this.#parts)
  }
}

/**
 * Null: FreeSWITCH cannot be asked now. 'leaving': the leg is in the fallback or was transferred out, where no node
 * drives it.
 */
async function placeOf(uuid: Uuid, home: Switch): Promise<'talking' | 'leaving' | 'driven' | null> {
  try {
    if ((await home.joinedWith(uuid)) || (await membersOf(home, uuid)).includes(uuid)) return 'talking'
    return (await home.variable(uuid, 'destination_number')).match(TO_A_DOOR) ? 'driven' : 'leaving'
  } catch (error) {
    if (!(error instanceof SwitchError)) throw error
    return null
  }
}
