/**
 * What a node with the role listener does: it takes calls at its port, runs their flows, and limits how many calls it
 * accepts.
 */
import type { RosterMirror } from '../agent/roster-mirror.ts'
import type { Roster } from '../agent/roster.ts'
import type { Clock, Timer } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import { RETRY } from '../base/retry.ts'
import { Admission } from '../call/admission.ts'
import { LEG_PATH } from '../call/arrival.ts'
import { Door } from '../call/entry.ts'
import { CallContext, type CallSettings, type Telephones } from '../call/call-context.ts'
import type { CallStore } from '../journal/call-store.ts'
import type { Events } from '../events/events.ts'
import type { NodeLease } from '../cluster/node-lease.ts'
import type { Switchboard } from '../switch/switchboard.ts'
import type { Listener } from '../esl/listener.ts'
import type { Knock } from '../esl/tcp.ts'
import type { Wire } from '../esl/wire.ts'
import type { Catalogue } from '../flow/catalogue.ts'
import { shedRecord, type CallRecords } from '../record/call-record.ts'
import type { CampaignLeads } from '../flow/lead.ts'
import { colleaguesOf } from '../flow/colleagues.ts'
import { Flows } from '../flow/run.ts'
import { openQueues } from '../queue/queue.ts'
import type { Queues } from '../queue/queues.ts'
import type { CallbackTable } from '../queue/callbacks/callback-table.ts'
import type { CallStarts } from '../queue/callbacks/call-starts.ts'
import type { QueueStore } from '../queue/store.ts'
import { CallActs } from './call-acts.ts'
import { CallingBack } from './calling-back.ts'
import type { Step } from './closing.ts'
import { flowOperations, type OperationParts } from './flow-operations.ts'
import { PortGate } from './port-gate.ts'
import { NodeDeaths } from './node-deaths.ts'
import { warmUp } from './warm-up.ts'
import { otherNodes, type OtherNodes } from './other-nodes.ts'

/** What the role listener needs beside the parts that every node has. */
export interface ListenerSettings {
  readonly catalogue: Catalogue
  readonly settings: CallSettings
  /** The key that every connection must carry (DOOR_KEY); undefined: none is needed. */
  readonly key?: string | undefined
  readonly maxCalls: number
  /** How many warm-up calls the node serves before it opens the port. */
  readonly warmUp: number
  /** What the operations of flows need. */
  readonly operations: OperationParts
  /** The CPU time that this process has used so far, milliseconds. */
  cpuMs(): number
  /** As AdmissionOptions.tickMs. */
  readonly tickMs?: number
}

export interface ListeningOptions extends ListenerSettings {
  readonly node: string
  readonly clock: Clock
  readonly log: Log
  readonly events: Events
  readonly switchboard: Switchboard
  readonly records: CallRecords
  readonly roster: Roster
  readonly mirror: RosterMirror
  readonly queueStore: QueueStore
  readonly calls: CallStore
  readonly leads: CampaignLeads
  /** The promised callbacks. */
  readonly callbacks: CallbackTable
  /** The limit of calls per second, for callbacks. */
  readonly starts: CallStarts
  readonly lease: NodeLease
  readonly telephones: Telephones
  /** The listener; its port is still closed. */
  readonly listener: Listener
  /** Tries a connection to this address (host:port) and resolves with the result. */
  knock(address: string): Promise<Knock>
}

/** How long the drain waits for journal writes before it hands a call over without them. */
const GIVE_MS = 2_500
/**
 * How long after its lease lapsed a node offers its calls to the other nodes. Other nodes count the lease as valid for
 * a second longer: until then none of them acts for these calls, so every connection that the node closes is current.
 * Closing an old connection would take a call away from its new owner.
 */
const OFFER_MS = 500
/**
 * A node that notices the lapse later than this was suspended: other nodes may own its calls, and it asks the store
 * when that is back.
 */
const LATE_MS = 400

const UNSURE = 'the owners of the calls on this node could not be read'

export class Listening {
  readonly admission: Admission
  readonly door: Door
  readonly context: CallContext
  readonly flows: Flows
  readonly queues: Queues
  readonly acts: CallActs
  readonly callingBack: CallingBack
  readonly #options: ListeningOptions
  readonly #deaths: NodeDeaths
  #gate: PortGate | null = null
  #offering: Timer | null = null
  /** False from a lapse of the lease until the node knows which calls it still owns. */
  #sure = true
  /** Connections that are not a call yet, and how many of them were admitted. */
  #knocking = 0
  #admitted = 0
  #stopped = false

  constructor(options: ListeningOptions) {
    const {
      node,
      clock,
      log,
      events,
      catalogue,
      switchboard,
      records,
      roster,
      mirror,
      queueStore,
      calls,
      leads,
      lease,
      settings,
      telephones,
      key,
      maxCalls,
      cpuMs,
      tickMs,
    } = options
    this.#options = options
    this.callingBack = new CallingBack({
      ...{
        table: options.callbacks,
        starts: options.starts,
        queueStore,
        roster,
        mirror,
        switchboard,
        calls,
        clock,
        log,
        events,
        node,
      },
      ...{ gateway: settings.gateway, callerId: settings.callerId, country: options.operations.country },
      places: () => this.queues.callbackPlaces(),
      may: () => lease.holds() && !this.#stopped,
    })
    const callbacks = this.callingBack.caller
    this.queues = openQueues({ store: queueStore, roster, mirror, clock, log, node, callbacks })
    const load = () => ({ calls: this.flows.live + this.#admitted, coming: this.#knocking - this.#admitted })
    const takesOver = () => this.door.takesOver
    this.admission = new Admission({ clock, log, maxCalls, load, cpuMs, takesOver, ...(tickMs && { tickMs }) })
    // when this is the only listener node, no other node can have taken a call: it goes on, whatever state Redis is in
    const peers = {
      holds: () => (lease.holds() && this.#sure) || !otherNodes(lease).listener,
      addressOf: (name: string) => (name === node ? (settings.address ?? null) : addressOf(lease, name)),
    }
    this.door = new Door({
      clock,
      log,
      switchboard,
      key,
      calls,
      node,
      peers,
      admits: () => this.#admits(),
      shed: arrival =>
        void records
          .ended(shedRecord(arrival, clock.now()))
          .catch((error: Error) =>
            log.error(
              { uuid: arrival.uuid, error: error.message },
              'a call was sent to the overflow, but its record could not be written',
            ),
          ),
      start: (leg, taken) => {
        if (this.#admitted > 0) this.#admitted--
        this.#deaths.came(taken)
        this.flows.start(leg, taken)
      },
    })
    const colleagues = colleaguesOf({ queues: this.queues, roster, clock })
    this.context = new CallContext({
      ...{ clock, log, events, door: this.door, switchboard, settings, telephones, colleagues },
      operate: flowOperations({ ...options, acts: () => this.acts }),
    })
    this.#deaths = new NodeDeaths({ node, lease, log })
    this.flows = new Flows({
      catalogue,
      context: this.context,
      queues: this.queues,
      leads,
      callbacks: this.callingBack.calls,
      records,
      calls,
      node,
    })
    this.acts = new CallActs({ context: this.context, flows: this.flows, catalogue, roster })
    lease.on('lapsed', ({ lateMs }) => {
      this.#sure = false
      this.#offering?.cancel()
      if (lateMs >= LATE_MS) this.door.stoodStill()
      else this.#offering = clock.after(OFFER_MS, () => this.#offer())
    })
    lease.on('regained', () => void this.#back())
  }

  /** Takes a connection that FreeSWITCH has opened for a leg. */
  knock(wire: Wire): void {
    this.#knocking++
    void this.door.accept(wire).finally(() => {
      if (--this.#knocking === 0) this.#admitted = 0
    })
  }

  #admits(): boolean {
    const admits = this.admission.admits()
    if (admits) this.#admitted++
    return admits
  }

  /** Serves the warm-up calls, then opens the port. */
  async start(): Promise<void> {
    const { listener, lease, knock, clock, log } = this.#options
    await warmUp(this.#options.warmUp, { clock, log })
    this.#gate = await PortGate.open({ listener, admission: this.admission, lease, knock, clock, log })
    this.callingBack.start()
  }

  /** Closes the port, and dials nobody for a call from now on. The calls of this node go on. */
  stop(): void {
    this.#stopped = true
    this.context.stopDialling()
    this.#offering?.cancel()
    this.#gate?.close()
    this.#options.listener.stopListening()
    this.admission[Symbol.dispose]()
  }

  /**
   * The drain: hands over every call after its journal is written. FreeSWITCH offers it to the next node within 20 ms;
   * conversations go on.
   */
  closing(to: OtherNodes): Step {
    const { lease, log } = this.#options
    const here = [...this.door.legs.values()].filter(leg => leg.phase !== 'ended' && leg.phase !== 'moved')
    const calls = here.filter(leg => leg.arrival.path !== LEG_PATH)
    const talking = calls.filter(leg => leg.phase === 'talking').length
    const waiting = calls.length - talking
    const nobody =
      waiting === 0 || to.listener
        ? {}
        : { next: 'there is no other node: these callers hear the apology of the dialplan' }
    return {
      name: 'hand-over of calls',
      withinMs: GIVE_MS,
      run: async () => {
        // a call that another node has taken over must not be handed over: that would take it away from that node
        if (!lease.holds())
          await this.door.revalidate().catch((error: Error) => log.warn({ error: error.message }, UNSURE))
        await this.flows.drain()
        return { given: waiting, leftTalking: talking, ...nobody }
      },
    }
  }

  /** The node still has no lease: Redis cannot be reached, by this node or by all. */
  #offer(): void {
    const { lease, log } = this.#options
    if (lease.holds() || !otherNodes(lease).listener) return
    const calls = this.door.offerAll()
    log.warn(
      { calls },
      'this node could not renew its lease: FreeSWITCH offers its calls to the other nodes, and brings back those that they refuse',
    )
  }

  /**
   * The lease is back: the node first reads which calls it still owns. Only then it sends commands and takes calls
   * again.
   */
  async #back(): Promise<void> {
    const { lease, clock, log } = this.#options
    try {
      await this.door.revalidate(() => (this.#sure = true))
    } catch (error) {
      log.warn({ error: (error as Error).message }, UNSURE)
      clock.after(RETRY.ownersOfCalls.pauseMs, () => lease.holds() && void this.#back())
    }
  }

  /** Stops, and closes the queues. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.stop()
    this.#deaths[Symbol.dispose]()
    await this.callingBack[Symbol.asyncDispose]()
    await this.queues[Symbol.asyncDispose]()
  }
}

function addressOf(lease: NodeLease, node: string): string | null {
  return lease.peers().find(peer => peer.node === node)?.address ?? null
}
