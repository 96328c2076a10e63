/**
 * A whole house in memory for one test: simulated switch, virtual time, memory stores, real flows. A test says what people hear and do.
 * It fails when it ends with a call still up, a flow running, a timer pending or an agent promised to nobody.
 */
import assert from 'node:assert/strict'
import { MemoryAgents, memoryRoster } from '../agent/memory-roster.ts'
import type { Roster } from '../agent/roster.ts'
import { sleep } from '../base/clock.ts'
import { ms, type Duration } from '../base/duration.ts'
import { SwitchhookError } from '../base/errors.ts'
import { openLog, silentLog, type Log } from '../base/log.ts'
import type { Call } from '../call/call.ts'
import { memoryCallStore } from '../journal/memory-call-store.ts'
import type { CallStore } from '../journal/call-store.ts'
import { ident, soundName, type Ident } from '../esl/safe-text.ts'
import { Catalogue, type AnyFlow } from '../flow/catalogue.ts'
import type { Flow } from '../flow/define.ts'
import type { Needs, Params } from '../flow/params.ts'
import type { CallRecord, LiveCall } from '../record/call-record.ts'
import { memoryQueueStore } from '../queue/memory-store.ts'
import type { QueueStore } from '../queue/store.ts'
import { Actor } from './actor.ts'
import { SimulatedAgent, type AgentOptions } from './simulated-agent.ts'
import { SimulatedLeads, type LeadOptions, type SimulatedLead } from './simulated-leads.ts'
import { SimulatedNode, type SharedHouse } from './simulated-node.ts'
import { SimulatedSwitch } from './switch/simulated-switch.ts'
import { VirtualClock } from './virtual-clock.ts'

export interface SimulateOptions {
  /** How long sounds last ('4s'), or that one is 'missing'. Others last 2 s. */
  sounds?: Readonly<Record<string, Duration | 'missing'>>
  /** Queues that exist. Default: sales, support, operator. */
  queues?: readonly string[]
  /** The setting WRAP_UP_AFTER_DIAL. Default: no. */
  wrapUpAfterDial?: boolean
  /** Shows the house's log: for finding out why. */
  verbose?: boolean
  /** Where the house writes its log; `verbose` says nothing then. */
  log?: Log
}

/** The number that callers dial. */
const DIALLED = '+4930123000'
/** The two nodes of the dialplan's list. */
const NODES = { a: '127.0.0.1:8084', b: '127.0.0.1:8085' } as const
export type NodeName = keyof typeof NODES
/** A statement that is not answered fails after so long. */
const STATEMENT_MS = 5_000
/** After the last expectation: the linger of the last connection, and a wrap-up that nobody waits for. */
const AFTERWARDS_MS = 15_000

export class Simulation {
  readonly clock = new VirtualClock()
  readonly switch: SimulatedSwitch
  readonly roster: Roster
  readonly queueStore: QueueStore
  /** Of every call that has ended; without the switch's last event, which has 9 kB. */
  readonly records: CallRecord[] = []
  /** What the row of a call says while the call lives, by uuid. */
  readonly rows = new Map<string, () => LiveCall>()
  readonly agents: SimulatedAgent[] = []
  readonly #flows = new Map<string, AnyFlow>()
  readonly #leads: SimulatedLeads
  readonly #log: Log
  /** Opened with node a. */
  readonly ready: Promise<SimulatedNode>
  /** Who drives which call, and the journals. */
  readonly callStore: CallStore
  readonly nodes = new Map<string, SimulatedNode>()
  /** Whatever is asked of the database fails at once, or after the limit of a statement, as long as it is so. */
  database: 'here' | 'away' | 'silent' = 'here'
  /** How many nodes have been killed. */
  deaths = 0
  readonly #shared: SharedHouse
  #called = 0

  constructor(options: SimulateOptions, calls: CallStore = memoryCallStore()) {
    this.callStore = calls
    this.#log = options.log ?? (options.verbose ? openLog('debug') : silentLog)
    this.switch = new SimulatedSwitch({
      clock: this.clock,
      sounds: Object.fromEntries(Object.entries(options.sounds ?? {}).map(([name, value]) => [soundName(name), value])),
    })
    this.switch.installEntry(Object.values(NODES))
    const agents = new MemoryAgents()
    this.roster = memoryRoster(agents)
    this.queueStore = memoryQueueStore(agents)
    this.#leads = new SimulatedLeads(this)
    this.#shared = {
      switch: this.switch,
      clock: this.clock,
      log: this.#log,
      roster: this.roster,
      queueStore: this.queueStore,
      calls,
      catalogue: new Catalogue(this.#flows),
      leads: this.#leads,
      nodes: this.nodes,
      wrapUpAfterDial: options.wrapUpAfterDial ?? false,
      records: {
        lives: (uuid, look) => void this.rows.set(uuid, look),
        moved: uuid => void this.rows.delete(uuid),
        ended: async row => {
          this.rows.delete(row.uuid)
          await this.reachDatabase()
          this.records.push({ ...row, end: { cause: row.end.cause } })
        },
      },
    }
    this.ready = this.#open(options.queues ?? ['sales', 'support', 'operator'])
    this.ready.catch(() => {}) // whoever waits for it sees why
  }

  /** Somebody calls, and gets this flow. */
  call<N extends Needs>(
    flow: Flow<N>,
    options: { from?: string; params?: Params<N>; speaks?: 'human' | 'machine' | 'silence' } = {},
  ): Actor {
    const name = `flow-${++this.#called}`
    this.#flows.set(name, flow as unknown as AnyFlow)
    const variables = {
      switchhook_dialled: DIALLED,
      ...Object.fromEntries(
        Object.entries(options.params ?? {})
          .filter(([, value]) => value !== undefined)
          .map(([key, value]) => [key, String(value)]),
      ),
    }
    const from = options.from ?? `+4930123${String(4000 + this.#called)}`
    return new Actor(this, 'caller', async () => {
      await this.ready
      return this.switch.world.call({
        from,
        name: this.#called === 1 ? 'caller' : `caller-${this.#called}`,
        to: `switchhook-${name}`,
        variables,
        ...(options.speaks ? { speaks: options.speaks } : {}),
      })
    })
  }

  /** An agent with a telephone; not ready until told so. Serves every queue unless told which. */
  agent(name: string, options: AgentOptions = {}): SimulatedAgent {
    const agent = new SimulatedAgent(this, name, options)
    this.agents.push(agent)
    return agent
  }

  /** Dials somebody for a campaign and gives them to its flow when they answer. */
  lead(flow: AnyFlow, options: LeadOptions = {}): SimulatedLead {
    const name = `flow-${++this.#called}`
    this.#flows.set(name, flow)
    return this.#leads.dial(ident(name), options)
  }

  /** Registers a flow under a name, for flows that others reach by the dialplan. Gives the name. */
  install(name: string, flow: AnyFlow): Ident {
    this.#flows.set(name, flow)
    return ident(name)
  }

  advance(duration: Duration): Promise<void> {
    return this.clock.advance(ms(duration))
  }

  /** What everybody heard and did, a line each. */
  transcript(): string {
    const began = this.switch.transcript[0]?.at ?? 0
    return this.switch.transcript
      .map(
        ({ at, who, what }) =>
          `${((at - began) / 1_000).toFixed(1).padStart(8)}s  ${who} ${what.replace(/^hears (moh\/)/, 'hears music $1')}`,
      )
      .join('\n')
  }

  /** Time goes on until this has happened. The failure tells the whole story. */
  async until<T>(what: string, goal: Promise<T> | (() => T), within: Duration = '30s'): Promise<T> {
    try {
      return await this.clock.runUntil(goal, ms(within))
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error
      throw this.failure(
        `expected: ${what}, within ${within} (${error instanceof Error ? error.message : String(error)})`,
      )
    }
  }

  /** An error for a test that fails: what is wrong, and the story of what happened until then. */
  failure(what: string): assert.AssertionError {
    return new assert.AssertionError({ message: `${what}. What happened:\n${this.transcript()}` })
  }

  /** Ends the house. Throws when something is left over. */
  async close(): Promise<void> {
    await this.until('the house opens', this.ready)
    await this.clock.advance(AFTERWARDS_MS)
    const left = this.switch.leftovers().filter(one => !one.includes('inbound'))
    for (const node of this.nodes.values()) {
      left.push(...(await this.clock.hold(node.queues.check())))
      if (node.flows.running > 0) left.push(`${node.flows.running} flows are still running`)
    }
    for (const [uuid, { node }] of await this.callStore.all())
      left.push(`the journal of ${uuid}, which node ${node} drove last`)
    for (const unknown of this.switch.unknown) left.push(`the switch did not know: ${unknown}`)
    for (const node of this.nodes.values()) await node.close()
    await this.clock.settle()
    this.switch.close()
    await this.clock.advance(AFTERWARDS_MS)
    for (const timer of this.clock.pending()) left.push(`a timer is pending: in ${timer.inMs} ms ${timer.stack}`)
    if (left.length > 0)
      throw new assert.AssertionError({
        message: `the test left behind:\n  ${left.join('\n  ')}\nWhat happened:\n${this.transcript()}`,
      })
  }

  /** One more node: 'b' stands second in the dialplan's list. */
  async open(name: NodeName): Promise<SimulatedNode> {
    const node = await SimulatedNode.open(this.#shared, name, NODES[name])
    this.nodes.set(name, node)
    return node
  }

  /** The process is gone: what it was doing does not go on, and its calls come to the other node. */
  kill(name: NodeName): void {
    this.deaths++
    this.nodes.get(name)?.kill()
    this.nodes.delete(name)
  }

  /** As store/sql.ts answers: rejects when the database is away, and after 5 s when it says nothing. */
  async reachDatabase(): Promise<void> {
    if (this.database === 'silent') await sleep(this.clock, STATEMENT_MS)
    if (this.database !== 'here') throw new SwitchhookError('SERVICE', `PostgreSQL is ${this.database}`)
  }

  async #open(queues: readonly string[]): Promise<SimulatedNode> {
    for (const name of queues) await this.queueStore.put({ name, strategy: 'longest-idle-agent' })
    return this.open('a')
  }
}

export type { Call }
