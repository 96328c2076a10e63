/**
 * One node of a simulation: the composition of production (node/compose.ts) over memory stores, wires in memory and
 * virtual time. A test can stop it as a deploy does, kill it as SIGKILL does, and keep it from renewing its lease.
 * Simulation opens it.
 *
 * Not in it, because it cannot run in virtual time: the definitions in PostgreSQL, the thread of the lease, the inbox
 * of the port, and the warm-up calls (real sockets). The campaign dialler needs SQL: a test may give one (`dialler`),
 * else SimulatedLeads dials.
 */
import type { Roster } from '../agent/roster.ts'
import { sleep, type Clock } from '../base/clock.ts'
import { SwitchhookError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { retry } from '../base/retry.ts'
import { Scope } from '../base/scope.ts'
import { SharedClock } from '../base/shared-clock.ts'
import type { CallContext, Telephones } from '../call/call-context.ts'
import type { Door } from '../call/entry.ts'
import { LocalNodeLease } from '../cluster/local-node-lease.ts'
import type { NodeTable } from '../cluster/node-table.ts'
import type { SwitchRunTable } from '../cluster/switch-runs.ts'
import type { Events } from '../events/events.ts'
import { soundName, type Ident } from '../esl/safe-text.ts'
import type { Wire } from '../esl/wire.ts'
import type { Catalogue } from '../flow/catalogue.ts'
import type { CallRecords, Flows } from '../flow/run.ts'
import type { CallStore } from '../journal/call-store.ts'
import type { CallActs } from '../node/call-acts.ts'
import type { Audit } from '../operations/audit.ts'
import type { CallAct } from '../operations/call-act.ts'
import { composeNode, type ComposedNode, type ListenerParts, type NodeParts } from '../node/compose.ts'
import type { Listening } from '../node/listening.ts'
import { openSwitch } from '../node/switches.ts'
import type { Queues } from '../queue/queues.ts'
import type { CallbackTable } from '../queue/callbacks/callback-table.ts'
import type { CallStarts } from '../queue/callbacks/call-starts.ts'
import type { QueueStore } from '../queue/store.ts'
import type { AgentStateRows } from '../record/agent-states.ts'
import type { Reconciler } from '../recovery/reconcile.ts'
import { Switchboard } from '../switch/switchboard.ts'
import { KillableProcess } from './killable-process.ts'
import { MemoryPort } from './memory-port.ts'
import type { MemoryWire } from './memory-wire.ts'
import type { SimulatedSwitch } from './switch/simulated-switch.ts'

/** The parts that all nodes of a simulation share. */
export interface SharedParts {
  readonly switch: SimulatedSwitch
  readonly clock: Clock
  readonly log: Log
  readonly events: Events
  readonly roster: Roster
  readonly queueStore: QueueStore
  readonly calls: CallStore
  readonly table: NodeTable
  readonly runs: SwitchRunTable
  /** The audit rows of what flows have changed. */
  readonly audit: Audit
  readonly catalogue: Catalogue
  readonly leads: NodeParts['leads']
  readonly callbacks: CallbackTable
  readonly starts: CallStarts
  readonly records: CallRecords
  readonly agentStates: AgentStateRows
  readonly rows: NonNullable<NodeParts['rows']>
  /** A node that runs. */
  nodeNamed(name: string): SimulatedNode | undefined
  /** The processes that were started, by their number. */
  readonly processes: Map<number, KillableProcess>
  /** The setting WRAP_UP_AFTER_DIAL. */
  readonly wrapUpAfterDial: boolean
  /** The setting EVENTS_COMPAT. */
  readonly dialects: NodeParts['dialects']
  /** The setting MAX_CALLS. */
  readonly maxCalls: number
  /** What dials campaigns on each node, over stores of the test. Absent: no node dials. */
  readonly dialler?: ((seat: DiallerSeat) => SimulatedDialler) | undefined
}

/** A node that opens, for what dials campaigns on it. */
export interface DiallerSeat {
  readonly node: string
  /** The process of the node: what it reaches through it ends with the node. */
  readonly life: KillableProcess
  readonly clock: SharedClock
  readonly log: Log
  readonly events: Events
  readonly switchboard: Switchboard
}

export interface SimulatedDialler {
  /** Instead of SimulatedLeads. */
  readonly leads: NodeParts['leads']
  readonly openDialling: NonNullable<NodeParts['openDialling']>
}

/** Virtual time runs a timer for each look: nothing is late in it, so a slow tick finds the same. */
const TICK_MS = 1_000
/** As node/node-requests.ts: how long a node waits for the answer of another one. */
const ANSWER_MS = 8_000
/** The event socket of the simulated FreeSWITCH. */
const SWITCH = { host: 'simulated', port: 8021 } as const

export class SimulatedNode {
  readonly name: string
  /** 'host:port' of its listener. */
  readonly address: string
  readonly switchboard = new Switchboard()
  readonly #shared: SharedParts
  readonly #life = new KillableProcess()
  /** The thread that renews the lease. */
  readonly #thread = new KillableProcess()
  readonly #wires: Wire[] = []
  #node!: ComposedNode
  #renews = true

  private constructor(shared: SharedParts, name: string, address: string) {
    this.#shared = shared
    this.name = name
    this.address = address
  }

  /** Opens a node that listens at `address` ('host:port') and connects to the simulated FreeSWITCH. */
  static async open(shared: SharedParts, name: string, address: string): Promise<SimulatedNode> {
    const node = new SimulatedNode(shared, name, address)
    await node.#open()
    return node
  }

  get door(): Door {
    return this.#listening.door
  }
  get calls(): CallContext {
    return this.#listening.context
  }
  get acts(): CallActs {
    return this.#listening.acts
  }
  get queues(): Queues {
    return this.#listening.queues
  }
  get flows(): Flows {
    return this.#listening.flows
  }
  get telephones(): Telephones {
    return this.#node.telephones
  }
  get reconciler(): Reconciler {
    return this.#node.reconciler
  }
  get #listening(): Listening {
    return this.#node.listening!
  }

  /** Like SIGKILL: its connections break and its work stops. FreeSWITCH offers its calls to the next node. */
  kill(): void {
    this.#life.die()
    this.#thread.die()
    this.#shared.switch.listeners.delete(this.address)
    for (const wire of this.#wires) wire.destroy()
    this.#shared.switch.dropConnections(({ address, outbound }) => outbound && address === this.address)
  }

  /**
   * Like SIGSTOP: FreeSWITCH still connects to it, and nothing is read or done until `resume`, which is like SIGCONT.
   */
  suspend(): void {
    this.#thread.suspend()
    this.busy()
  }

  resume(): void {
    this.#thread.resume()
    this.free()
  }

  /** One turn of its event loop lasts until `free`: nothing is read or done, and its lease is renewed. */
  busy(): void {
    this.#life.suspend()
    for (const wire of this.#connections()) wire.pause()
  }

  free(): void {
    this.#life.resume() // timers go before sockets, as in Node
    for (const wire of this.#connections()) wire.resume()
  }

  /** Like SIGTERM: hands its calls to the next node and closes everything. Returns what timed out. */
  async close(): Promise<readonly string[]> {
    if (this.#life.dead) return []
    await this.#node.close(this.#shared.clock.monotonic())
    return this.#node.hangs
  }

  /** The node cannot renew its lease until `renewsLease`: after 3 s it must send nothing. */
  losesLease(): void {
    this.#renews = false
  }

  renewsLease(): void {
    this.#renews = true
  }

  /** This node's ends of its links and of the connections of its calls. */
  #connections(): Wire[] {
    const theirs = [...this.#shared.switch.listening].filter(one => one.outbound && one.address === this.address)
    return [...this.#wires, ...theirs.map(({ wire }) => (wire as MemoryWire).far)]
  }

  async #open(): Promise<void> {
    const { switch: simulated, wrapUpAfterDial, dialects } = this.#shared
    const life = this.#life
    const scope = new Scope()
    const clock = new SharedClock(life.clock(this.#shared.clock))
    const log = life.reach(this.#shared.log)
    const events = life.reach(this.#shared.events)
    const connect = async () => {
      const wire = simulated.connect(this.name)
      this.#wires.push(wire)
      return wire
    }
    const links = { clock, log, events, scope, linked() {}, connect }
    this.switchboard.add(await openSwitch({ ...SWITCH, password: simulated.password }, links))
    const { switchboard } = this
    const dialler = this.#shared.dialler?.({ node: this.name, life, clock, log, events, switchboard }) ?? null
    this.#node = await composeNode(
      {
        node: this.name,
        clock,
        log,
        events,
        switchboard,
        roster: life.reach(this.#shared.roster),
        queueStore: life.reach(this.#shared.queueStore),
        calls: life.reach(this.#shared.calls),
        runs: life.reach(this.#shared.runs),
        records: recordsOf(life.reach(this.#shared.records), clock),
        agentStates: life.reach(this.#shared.agentStates),
        rows: life.reach(this.#shared.rows),
        leads: dialler?.leads ?? life.reach(this.#shared.leads),
        callbacks: life.reach(this.#shared.callbacks),
        starts: life.reach(this.#shared.starts),
        wrapUpAfterDial,
        dialects,
        listener: this.#listener(),
        openLease: address => this.#lease(address, clock, log),
        knock: async address => (simulated.network.accepts(address) ? 'accepts' : 'refuses'),
        async prepare() {},
        openDialling: dialler?.openDialling ?? null,
      },
      scope,
    )
  }

  #listener(): ListenerParts {
    const { switch: simulated, catalogue, maxCalls } = this.#shared
    const { address } = this
    const life = this.#life
    return {
      catalogue,
      settings: { ringForMs: 20_000, gateway: 'carrier' as Ident, holdMusic: soundName('moh/calm'), detect: {} },
      maxCalls,
      warmUp: 0,
      operations: this.#operations(),
      cpuMs: () => 0,
      tickMs: TICK_MS,
      async openPort(onWire) {
        const accept = (wire: Wire) => life.run(() => onWire(wire))
        return { listener: new MemoryPort(simulated.network, address, accept), address }
      },
    }
  }

  /** For the operations of flows. There is no PostgreSQL: those that need it fail. */
  #operations(): ListenerParts['operations'] {
    const { roster, queueStore, audit } = this.#shared
    const away = (): never => {
      throw new SwitchhookError('SERVICE', 'a simulated node has no PostgreSQL')
    }
    /** As node/node-requests.ts: a node that has died answers nothing. */
    const ask = async (name: string, act: CallAct) => {
      const { clock, nodeNamed } = this.#shared
      const silent = sleep(clock, ANSWER_MS).then(() => {
        throw new SwitchhookError('SERVICE', `the node ${name} did not answer`)
      })
      await Promise.race([nodeNamed(name)?.acts.perform(act) ?? silent, silent])
    }
    const stores = { roster: this.#life.reach(roster), queueStore: this.#life.reach(queueStore), sql: away }
    return { ...stores, audit, ask } as unknown as ListenerParts['operations']
  }

  #lease(address: string | null, clock: SharedClock, log: Log): LocalNodeLease {
    const { table: shared, processes } = this.#shared
    const pid = processes.size + 1
    processes.set(pid, this.#life)
    const reached = this.#thread.reach(shared)
    const table: NodeTable = {
      hold: async claim => {
        if (!this.#renews) throw new SwitchhookError('SERVICE', 'this node does not reach the table of nodes')
        return reached.hold(claim)
      },
      leave: (node, incarnation) => reached.leave(node, incarnation),
      onChange: listener => reached.onChange(listener),
    }
    return new LocalNodeLease({
      table,
      node: this.name,
      address,
      roles: this.#shared.dialler ? ['listener', 'dialer'] : ['listener'],
      clock: this.#thread.clock(this.#shared.clock),
      log,
      machine: { host: 'simulated', pid, isRunning: one => processes.get(one)?.dead === false },
      expects: () => clock.expected(),
    })
  }
}

/** As record/call-rows.ts does: retries every second until the database accepts the record. */
const recordsOf = (records: CallRecords, clock: Clock): CallRecords => ({
  lives: (uuid, look) => records.lives?.(uuid, look),
  moved: uuid => records.moved?.(uuid),
  ended: call => records.ended(call),
  later: call => retry(() => records.ended(call), { clock, policy: { pauseMs: 1_000, forMs: 86_400_000 } }),
})
