/** A node's part in calls: the door and its port, the flows behind it, and how much of that this process takes on. */
import type { Roster } from '../agent/roster.ts'
import { cpuMs, type Clock, type Timer } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import { Admission } from '../call/admission.ts'
import { LEG_PATH } from '../call/arrival.ts'
import { Door } from '../call/entry.ts'
import { CallContext, type CallSettings, type Telephones } from '../call/call-context.ts'
import type { Leg } from '../call/leg.ts'
import type { CallStore } from '../journal/call-store.ts'
import type { NodeLease } from '../cluster/node-lease.ts'
import type { Switchboard } from '../switch/switchboard.ts'
import type { Leads } from '../campaign/leads.ts'
import type { Listener } from '../esl/listener.ts'
import type { Knock } from '../esl/tcp.ts'
import type { Wire } from '../esl/wire.ts'
import { campaignLeads } from '../flow/campaign-leads.ts'
import type { Catalogue } from '../flow/catalogue.ts'
import { shedRecord, type CallRecords } from '../record/call-record.ts'
import { Flows } from '../flow/run.ts'
import { openQueues, type Queues } from '../queue/queue.ts'
import type { QueueStore } from '../queue/store.ts'
import type { Step } from './closing.ts'
import { PortGate } from './port-gate.ts'
import { NodeDeaths } from './node-deaths.ts'
import { warmUp } from './warm-up.ts'
import { otherNodes, type OtherNodes } from './other-nodes.ts'

export interface ListeningOptions {
  node: string
  clock: Clock
  log: Log
  catalogue: Catalogue
  switchboard: Switchboard
  records: CallRecords
  roster: Roster
  queueStore: QueueStore
  calls: CallStore
  leads: Leads
  lease: NodeLease
  settings: CallSettings
  telephones: Telephones
  /** What every connection must carry; undefined: any. */
  key: string | undefined
  /** The port of the door, still closed. */
  listener: Listener
  /** What comes of a connection to this address (host:port)? */
  knock(address: string): Promise<Knock>
  maxCalls: number
  /** Calls of nobody that are served before the port opens. */
  warmUp: number
}

/** What is being written down may take so long before a call is given away without it. */
const GIVE_MS = 2_500
/**
 * A node that has been without its word for so long offers its calls to the others. Its lease lasts a second longer than its word: until then
 * nobody else acts for its calls, so no connection that is closed is an old one, whose end would tear a call from its new owner.
 */
const OFFER_MS = 500
/** Who finds out later than this has stood still: others may have the calls, and the store says so when it is back. */
const LATE_MS = 400
/** After Redis failed once more. */
const AGAIN_MS = 500

const UNSURE = 'it cannot be looked up which calls are still with this node'

export class Listening {
  readonly admission: Admission
  readonly #options: ListeningOptions
  readonly #door: Door
  readonly #context: CallContext
  readonly #flows: Flows
  readonly #queues: Queues
  readonly #deaths: NodeDeaths
  #gate: PortGate | null = null
  #offering: Timer | null = null
  /** False from a lapse until it is known which calls are still ours. */
  #sure = true
  /** Connections that have not become a call yet, and those among them that may. */
  #knocking = 0
  #admitted = 0

  constructor(options: ListeningOptions) {
    const {
      node,
      clock,
      log,
      catalogue,
      switchboard,
      records,
      roster,
      queueStore,
      calls,
      leads,
      lease,
      settings,
      telephones,
      key,
      maxCalls,
    } = options
    this.#options = options
    this.#queues = openQueues({ store: queueStore, roster, clock, log, node })
    const load = () => ({ calls: this.#flows.live + this.#admitted, coming: this.#knocking - this.#admitted })
    this.admission = new Admission({ clock, log, maxCalls, load, cpuMs, takesOver: () => this.takesOver })
    // alone in the house there is nobody else who could have taken a call: then this node goes on, whatever Redis does
    const peers = {
      holds: () => (lease.holds() && this.#sure) || !otherNodes(lease).listener,
      addressOf: (name: string) => (name === node ? (settings.address ?? null) : addressOf(lease, name)),
    }
    this.#door = new Door({
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
              'the record of a call that went to the overflow could not be written',
            ),
          ),
      start: (leg, taken) => {
        if (this.#admitted > 0) this.#admitted--
        this.#deaths.came(taken)
        this.#flows.start(leg, taken)
      },
    })
    this.#context = new CallContext({ clock, log, door: this.#door, switchboard, settings, telephones })
    this.#deaths = new NodeDeaths({ node, lease, log })
    this.#flows = new Flows({
      catalogue,
      context: this.#context,
      queues: this.#queues,
      leads: campaignLeads(leads),
      records,
      calls,
      node,
    })
    lease.on('lapsed', ({ lateMs }) => {
      this.#sure = false
      this.#offering?.cancel()
      if (lateMs >= LATE_MS) this.#door.stoodStill()
      else this.#offering = clock.after(OFFER_MS, () => this.#offer())
    })
    lease.on('regained', () => void this.#back())
  }

  /** Legs of which this process knows. */
  get legs(): ReadonlyMap<string, Leg> {
    return this.#door.legs
  }

  /** Live calls. */
  get calls(): number {
    return this.#flows.live
  }

  /** Are calls of a dead node coming to this door? */
  get takesOver(): boolean {
    return this.#door.takesOver
  }

  /** Calls of a switch that FREESWITCH does not name. */
  get unnamed(): number {
    return this.#door.callsOfUnknownSwitches
  }

  /** Is this call driven here, or its end being written down? */
  drives(uuid: string): boolean {
    return this.#flows.drives(uuid)
  }

  remember(uuid: string): Promise<void> {
    return this.#flows.remember(uuid)
  }

  /** FreeSWITCH brings a leg. */
  knock(wire: Wire): void {
    this.#knocking++
    void this.#door.accept(wire).finally(() => {
      if (--this.#knocking === 0) this.#admitted = 0
    })
  }

  #admits(): boolean {
    const admits = this.admission.admits()
    if (admits) this.#admitted++
    return admits
  }

  /** Warms up, and opens the port. */
  async start(): Promise<void> {
    const { listener, lease, knock, clock, log } = this.#options
    await warmUp(this.#options.warmUp, { clock, log })
    this.#gate = await PortGate.open({ listener, admission: this.admission, lease, knock, clock, log })
  }

  /** From this moment on nobody is dialled for a call, and the port is closed. Calls that are here go on. */
  stop(): void {
    this.#context.stopDialling()
    this.#offering?.cancel()
    this.#gate?.close()
    this.#options.listener.stopListening()
    this.admission[Symbol.dispose]()
  }

  /** Gives every call away, after its journal was written. FreeSWITCH brings it to the next node within 20 ms; who talks, talks on. */
  closing(to: OtherNodes): Step {
    const { lease, log } = this.#options
    const here = [...this.#door.legs.values()].filter(leg => leg.phase !== 'ended' && leg.phase !== 'moved')
    const calls = here.filter(leg => leg.arrival.path !== LEG_PATH)
    const talking = calls.filter(leg => leg.phase === 'talking').length
    const waiting = calls.length - talking
    const nobody =
      waiting === 0 || to.listener
        ? {}
        : { next: 'there is no other node: these callers hear the apology of the dialplan' }
    return {
      name: 'calls were given to the next node',
      withinMs: GIVE_MS,
      run: async () => {
        // what others have taken meanwhile is not given away: that would tear it from them
        if (!lease.holds())
          await this.#door.revalidate().catch((error: Error) => log.warn({ error: error.message }, UNSURE))
        await this.#flows.drain()
        return { given: waiting, leftTalking: talking, ...nobody }
      },
    }
  }

  /** Still without a lease: Redis is away, for this node or for all. */
  #offer(): void {
    const { lease, log } = this.#options
    if (lease.holds() || !otherNodes(lease).listener) return
    const calls = this.#door.offerAll()
    log.warn(
      { calls },
      'this node could not renew its lease: FreeSWITCH offers its calls to the other nodes, and brings back whom they do not take',
    )
  }

  /** Among the others again: whose calls are whose is looked up before anything is said, and only then are calls taken again. */
  async #back(): Promise<void> {
    const { lease, clock, log } = this.#options
    try {
      await this.#door.revalidate(() => (this.#sure = true))
    } catch (error) {
      log.warn({ error: (error as Error).message }, UNSURE)
      clock.after(AGAIN_MS, () => lease.holds() && void this.#back())
    }
  }

  /** Lets go of the queues. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.stop()
    this.#deaths[Symbol.dispose]()
    await this.#queues[Symbol.asyncDispose]()
  }
}

function addressOf(lease: NodeLease, node: string): string | null {
  return lease.peers().find(peer => peer.node === node)?.address ?? null
}
