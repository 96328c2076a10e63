/**
 * One node of a simulation: the real listener (Door), calls, queues and flows over memory stores. A test can kill it,
 * as SIGKILL kills a process. Simulation opens it.
 */
import type { Roster } from '../agent/roster.ts'
import type { Clock } from '../base/clock.ts'
import { retry } from '../base/retry.ts'
import type { Log } from '../base/log.ts'
import { Door } from '../call/entry.ts'
import { CallContext, type Telephones } from '../call/call-context.ts'
import { RosterMirror } from '../agent/roster-mirror.ts'
import type { CallStore } from '../journal/call-store.ts'
import { Switch, Switchboard } from '../switch/switchboard.ts'
import { EventLink } from '../esl/events.ts'
import type { Wire } from '../esl/wire.ts'
import type { Ident } from '../esl/safe-text.ts'
import type { Catalogue } from '../flow/catalogue.ts'
import type { CampaignLeads } from '../flow/lead.ts'
import { Flows, type CallRecords } from '../flow/run.ts'
import { watchRegistrations } from '../directory/registrations.ts'
import { agentTelephones } from '../directory/telephones.ts'
import { openQueues, type Queues } from '../queue/queue.ts'
import type { QueueStore } from '../queue/store.ts'
import { connectionCommands } from './commands.ts'
import { KillableProcess } from './killable-process.ts'
import type { SimulatedSwitch } from './switch/simulated-switch.ts'

/** The parts that all nodes of a simulation share. */
export interface SharedParts {
  readonly switch: SimulatedSwitch
  readonly clock: Clock
  readonly log: Log
  readonly roster: Roster
  readonly queueStore: QueueStore
  readonly calls: CallStore
  readonly catalogue: Catalogue
  readonly leads: CampaignLeads
  readonly records: CallRecords
  /** The setting WRAP_UP_AFTER_DIAL. */
  readonly wrapUpAfterDial: boolean
  /** The running nodes, by name. */
  readonly nodes: ReadonlyMap<string, SimulatedNode>
}

export class SimulatedNode {
  readonly name: string
  readonly address: string
  readonly switchboard: Switchboard
  readonly door: Door
  readonly calls: CallContext
  readonly queues: Queues
  readonly flows: Flows
  readonly telephones: Telephones
  readonly #shared: SharedParts
  readonly #life: KillableProcess
  readonly #wires: readonly Wire[]
  readonly #close: () => Promise<void>
  readonly #mirror: RosterMirror

  private constructor(
    shared: SharedParts,
    parts: {
      name: string
      address: string
      life: KillableProcess
      one: Switch
      wires: readonly Wire[]
      close: () => Promise<void>
    },
  ) {
    const { name, address, life } = parts
    this.name = name
    this.address = address
    this.#shared = shared
    this.#life = life
    this.#wires = parts.wires
    this.#close = parts.close
    this.switchboard = new Switchboard()
    this.switchboard.add(parts.one)
    const clock = life.clock(shared.clock)
    const { log } = shared
    const roster = life.reach(shared.roster)
    this.#mirror = new RosterMirror(roster, clock, log)
    watchRegistrations({ switchboard: this.switchboard, mirror: this.#mirror, roster, clock, log })
    this.telephones = agentTelephones({ mirror: this.#mirror, roster, wrapUp: shared.wrapUpAfterDial, clock, log })
    const calls = life.reach(shared.calls)
    this.queues = openQueues({
      store: life.reach(shared.queueStore),
      roster,
      mirror: this.#mirror,
      clock,
      log,
      node: name,
    })
    const peers = { holds: () => !life.dead, addressOf: (node: string) => shared.nodes.get(node)?.address ?? null }
    this.door = new Door({
      clock,
      log,
      switchboard: this.switchboard,
      calls,
      node: name,
      peers,
      start: (leg, taken) => this.flows.start(leg, taken),
    })
    this.calls = new CallContext({
      clock,
      log,
      door: this.door,
      switchboard: this.switchboard,
      settings: { ringForMs: 20_000, gateway: 'carrier' as Ident, detect: {}, address },
      telephones: this.telephones,
    })
    const leads = life.reach(shared.leads)
    this.flows = new Flows({
      catalogue: shared.catalogue,
      context: this.calls,
      queues: this.queues,
      leads,
      records: recordsOf(life.reach(shared.records), clock),
      calls,
      node: name,
    })
    shared.switch.listeners.set(address, wire => void this.door.accept(wire))
  }

  /** Opens a node that listens at `address` ('host:port') and connects to the simulated FreeSWITCH. */
  static async open(shared: SharedParts, name: string, address: string): Promise<SimulatedNode> {
    const life = new KillableProcess()
    const clock = life.clock(shared.clock)
    const { log } = shared
    const { password } = shared.switch
    const wires = [shared.switch.connect(), shared.switch.connect()] as const
    let opened = false
    const open = async () => {
      if (opened) return shared.switch.connect()
      opened = true
      return wires[0]
    }
    const events = new EventLink({ name: 'simulated', open, password, clock, log })
    const facts = await events.start()
    const commands = await connectionCommands(wires[1], { password, clock })
    const one = new Switch({ name: 'simulated', commands, events, facts, clock, log })
    const close = async () => {
      await events.close()
      await commands.close()
    }
    return new SimulatedNode(shared, { name, address, life, one, wires, close })
  }

  /** Like SIGKILL: its connections break and its work stops. FreeSWITCH offers its calls to the next node. */
  kill(): void {
    this.#life.die()
    this.#shared.switch.listeners.delete(this.address)
    for (const wire of this.#wires) wire.destroy()
    this.#shared.switch.dropConnections(({ address, outbound }) => outbound && address === this.address)
  }

  /** Closes its connections and its queues. Its calls must be over. */
  async close(): Promise<void> {
    if (this.#life.dead) return
    await this.queues[Symbol.asyncDispose]()
    this.#mirror.close()
    await this.#close()
  }
}

/** As record/call-rows.ts does: retries every second until the database accepts the record. */
const recordsOf = (records: CallRecords, clock: Clock): CallRecords => ({
  lives: (uuid, look) => records.lives?.(uuid, look),
  moved: uuid => records.moved?.(uuid),
  ended: call => records.ended(call),
  later: call => retry(() => records.ended(call), { clock, policy: { pauseMs: 1_000, forMs: 86_400_000 } }),
})
