/**
 * A whole installation in memory for one test: simulated FreeSWITCH, virtual time, memory stores, real flows.
 * A test states what people hear and do. It fails when it ends with a call still up, a flow running, a timer pending
 * or a reservation without a caller. `simulate(t)` creates it for tests, dial-in.ts for the keyboard.
 */
import assert from 'node:assert/strict'
import { MemoryAgents, memoryRoster } from '../agent/memory-roster.ts'
import type { Roster } from '../agent/roster.ts'
import { sleep } from '../base/clock.ts'
import { ms, type Duration } from '../base/duration.ts'
import { SwitchhookError } from '../base/errors.ts'
import type { EventData, EventName } from '../events/catalogue.ts'
import { logEvents, type Events } from '../events/events.ts'
import { openLog, silentLog, type Log } from '../base/log.ts'
import { memoryNodeTable } from '../cluster/memory-node-table.ts'
import { memorySwitchRuns } from '../cluster/memory-switch-runs.ts'
import { memoryCallStore } from '../journal/memory-call-store.ts'
import type { CallStore } from '../journal/call-store.ts'
import { ident, soundName, type Ident } from '../esl/safe-text.ts'
import { Catalogue, type AnyFlow } from '../flow/catalogue.ts'
import type { CallbackFlow, Flow } from '../flow/define.ts'
import type { Needs, Params } from '../flow/params.ts'
import type { CallRecord, LiveCall } from '../record/call-record.ts'
import type { CallbackTable } from '../queue/callbacks/callback-table.ts'
import { memoryCallStarts } from '../campaign/memory-call-starts.ts'
import type { CallStarts } from '../queue/callbacks/call-starts.ts'
import { memoryCallbacks } from '../queue/callbacks/memory-callbacks.ts'
import { memoryQueueStore } from '../queue/memory-store.ts'
import type { AuditStart } from '../operations/audit.ts'
import type { QueueStore } from '../queue/store.ts'
import type { AgentStateRow } from '../store/agent-states.ts'
import { Actor } from './actor.ts'
import { SimulatedAgent, type AgentOptions } from './simulated-agent.ts'
import { SimulatedCallback, type CallbackOptions } from './simulated-callbacks.ts'
import { SimulatedLeads, type LeadOptions, type SimulatedLead } from './simulated-leads.ts'
import { SimulatedNode, type SharedParts } from './simulated-node.ts'
import { SimulatedSwitch } from './switch/simulated-switch.ts'
import { VirtualClock } from './virtual-clock.ts'

export interface SimulateOptions {
  /** Length of sounds by name ('4s'), or 'missing' for a file that does not exist. All others last 2 s. */
  sounds?: Readonly<Record<string, Duration | 'missing'>>
  /** Names of the queues. Default: sales, support, operator. */
  queues?: readonly string[]
  /** The setting WRAP_UP_AFTER_DIAL. Default: false. */
  wrapUpAfterDial?: boolean
  /** The setting EVENTS_COMPAT. Default: none. */
  dialects?: SharedParts['dialects']
  /** The setting CPS. Default: 1000. */
  cps?: number
  /** The setting MAX_CALLS. Default: 1000. */
  maxCalls?: number
  /** What dials campaigns on each node (simulated-node.ts). Default: nothing; `lead` dials one call. */
  dialler?: SharedParts['dialler']
  /**
   * The test breaks something that reconciliation corrects. Without it, and without a node that was killed, the test
   * fails when reconciliation had to correct anything. Default: false.
   */
  reconciles?: boolean
  /** Prints the log of the nodes at level debug. Default: false. */
  verbose?: boolean
  /** Receives the log of the nodes instead; `verbose` has no effect then. */
  log?: Log
}

/** The number that callers dial. */
const DIALLED = '+4930123000'
/** The addresses of the two nodes in the dialplan, in its order. */
const NODES = { a: '127.0.0.1:8084', b: '127.0.0.1:8085' } as const
export type NodeName = keyof typeof NODES
/** Time after which an unanswered SQL statement fails. */
const STATEMENT_MS = 5_000
/** Time that close() lets pass: for the linger of the last connection, and for a wrap-up that no test awaits. */
const AFTERWARDS_MS = 15_000

/**
 * An installation in memory: one simulated FreeSWITCH, node 'a', and node 'b' when a test opens it.
 *
 * @example
 * const sim = simulate(t)
 * const alice = sim.agent('alice')
 * await alice.ready()
 * const caller = sim.call(queueEntry, { params: { queue: 'sales' } })
 * await caller.talksWith('alice')
 */
export class Simulation {
  /** Virtual time: it moves only while a test awaits something. */
  readonly clock = new VirtualClock()
  /** The simulated FreeSWITCH; `sim.switch.disk.becomes('full')` and other faults are here. */
  readonly switch: SimulatedSwitch
  /** Hears what the nodes tell; `told` has it. */
  readonly events: Events
  /** The agents in their store, which all nodes share. */
  readonly roster: Roster
  /** The queues in their store, which all nodes share. */
  readonly queueStore: QueueStore
  /** The promised callbacks, which all nodes share. */
  readonly callbacks: CallbackTable = memoryCallbacks(() => this.reachDatabase())
  /** The calls that start, which all nodes share. */
  readonly starts: CallStarts
  /** The records of all calls that have ended, without FreeSWITCH's last event of each (9 kB). */
  readonly records: CallRecord[] = []
  /** What agents did, as the nodes have written it: the same row comes from every node. */
  readonly agentStates: AgentStateRow[] = []
  /** The row of each live call, by uuid. */
  readonly rows = new Map<string, () => LiveCall>()
  /** The changes that flows have made by operations, oldest first. */
  readonly audited: AuditStart[] = []
  /** All agents that `agent` created. */
  readonly agents: SimulatedAgent[] = []
  readonly #told: { readonly name: EventName; readonly data: object }[] = []
  readonly #flows = new Map<string, AnyFlow>()
  readonly #leads: SimulatedLeads
  readonly #log: Log
  /** Node 'a', once it is open. */
  readonly ready: Promise<SimulatedNode>
  /** The owner and the journal of each call. */
  readonly callStore: CallStore
  /** The running nodes, by name. */
  readonly nodes = new Map<string, SimulatedNode>()
  /** State of PostgreSQL. 'away': every statement fails at once. 'silent': every statement fails after 5 s. */
  database: 'here' | 'away' | 'silent' = 'here'
  /** Number of nodes that were killed. */
  deaths = 0
  readonly #shared: SharedParts
  readonly #reconciles: boolean
  #called = 0

  constructor(options: SimulateOptions, calls: CallStore = memoryCallStore()) {
    this.callStore = calls
    this.#reconciles = options.reconciles ?? false
    this.#log = options.log ?? (options.verbose ? openLog('debug') : silentLog)
    this.switch = new SimulatedSwitch({
      clock: this.clock,
      sounds: Object.fromEntries(Object.entries(options.sounds ?? {}).map(([name, value]) => [soundName(name), value])),
    })
    this.switch.installEntry(Object.values(NODES))
    const agents = new MemoryAgents()
    const log = logEvents(this.#log)
    this.events = {
      tell: (name, data, telling) => {
        if (telling?.again === true) return
        log.tell(name, data)
        this.#told.push({ name, data })
      },
    }
    this.starts = memoryCallStarts(options.cps ?? 1_000, () => this.clock.now())
    this.roster = memoryRoster(agents, this.events)
    this.queueStore = memoryQueueStore(agents, this.events)
    this.#leads = new SimulatedLeads(this)
    this.#shared = {
      switch: this.switch,
      clock: this.clock,
      log: this.#log,
      events: this.events,
      roster: this.roster,
      queueStore: this.queueStore,
      calls,
      catalogue: new Catalogue(this.#flows),
      leads: this.#leads,
      audit: {
        begin: async row => {
          this.audited.push(row)
          return { end: async () => {} }
        },
      },
      callbacks: this.callbacks,
      starts: this.starts,
      nodeNamed: name => this.nodes.get(name),
      table: memoryNodeTable(() => this.clock.now()),
      runs: memorySwitchRuns(),
      processes: new Map(),
      wrapUpAfterDial: options.wrapUpAfterDial ?? false,
      dialects: options.dialects ?? [],
      maxCalls: options.maxCalls ?? 1_000,
      dialler: options.dialler,
      rows: {
        open: async () => {
          await this.reachDatabase()
          return new Map([...this.rows].map(([uuid, look]) => [uuid, look().core]))
        },
        lost: async uuid => {
          await this.reachDatabase()
          this.rows.delete(uuid)
        },
      },
      agentStates: { put: row => void this.agentStates.push(row) },
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
    this.ready.catch(() => {}) // every user of `ready` awaits the same promise and rejects with its error
  }

  /**
   * Places a call that runs this flow. `from` is the caller's number (default: a different one for each call), `params`
   * are the flow's parameters, `speaks` is the caller's voice (default 'silence'), `user` the user of FreeSWITCH whose
   * telephone calls with its password (default: a call from outside).
   */
  call<N extends Needs>(
    flow: Flow<N>,
    options: { from?: string; user?: string; params?: Params<N>; speaks?: 'human' | 'machine' | 'silence' } = {},
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
        ...(options.user === undefined ? {} : { user: options.user }),
      })
    })
  }

  /**
   * Adds an agent with a telephone. The agent is not ready before `agent.ready()`, and serves every queue by default.
   */
  agent(name: string, options: AgentOptions = {}): SimulatedAgent {
    const agent = new SimulatedAgent(this, name, options)
    this.agents.push(agent)
    return agent
  }

  /** Dials a lead for a campaign and starts the flow when the lead answers. */
  lead(flow: AnyFlow, options: LeadOptions = {}): SimulatedLead {
    const name = `flow-${++this.#called}`
    this.#flows.set(name, flow)
    return this.#leads.dial(ident(name), options)
  }

  /** Promises a callback, which this flow makes. Resolves the customer's part; the telephone rings in its turn. */
  callback(flow: CallbackFlow, options: CallbackOptions = {}): SimulatedCallback {
    return new SimulatedCallback(this, flow, options, options.number ?? `+4940555${2000 + ++this.#called}`)
  }

  /**
   * Registers a flow under a name, so that the dialplan and other flows reach it. Returns the name. Throws for a name
   * that is not an identifier.
   */
  install<N extends Needs>(name: string, flow: Flow<N> | AnyFlow): Ident {
    this.#flows.set(name, flow as AnyFlow)
    return ident(name)
  }

  /** Lets virtual time pass ('45s'), with everything that happens in it. */
  advance(duration: Duration): Promise<void> {
    return this.clock.advance(ms(duration))
  }

  /** What the nodes have told of this event (src/events/catalogue.ts) up to now, oldest first. */
  told<N extends EventName>(name: N): EventData<N>[] {
    return this.#told.flatMap(one => (one.name === name ? [one.data as EventData<N>] : []))
  }

  /** The names of all events that the nodes have told about a call, in their order. */
  toldOf(uuid: string): EventName[] {
    return this.#told.flatMap(({ name, data }) => ('uuid' in data && data.uuid === uuid ? [name] : []))
  }

  /** One line for each thing that a person heard or did, with the seconds since the first. */
  transcript(): string {
    const began = this.switch.transcript[0]?.at ?? 0
    return this.switch.transcript
      .map(
        ({ at, who, what }) =>
          `${((at - began) / 1_000).toFixed(1).padStart(8)}s  ${who} ${what.replace(/^hears (moh\/)/, 'hears music $1')}`,
      )
      .join('\n')
  }

  /**
   * Advances virtual time until the promise settles or the predicate returns something true, and returns that value.
   * `what` names the expectation. Fails with AssertionError and the transcript after `within`, when the promise
   * rejects, or when no timer is left that could change anything.
   *
   * @example
   * await sim.until('two calls have ended', () => sim.records.length === 2, '1m')
   */
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

  /** An AssertionError that states what is wrong and contains the transcript. */
  failure(what: string): assert.AssertionError {
    return new assert.AssertionError({ message: `${what}. What happened:\n${this.transcript()}` })
  }

  /**
   * Closes the simulation; `simulate` calls it. Throws AssertionError when a call, a flow, a journal, a timer, a
   * reservation or a command that the simulation does not know is left over.
   */
  async close(): Promise<void> {
    await this.until('node a opens', this.ready)
    await this.clock.advance(AFTERWARDS_MS)
    const left = this.switch.leftovers().filter(one => !one.includes('inbound'))
    for (const node of this.nodes.values()) {
      left.push(...(await this.clock.hold(node.queues.check())))
      if (node.flows.running > 0) left.push(`${node.flows.running} flows are still running`)
      const { corrected } = node.reconciler
      if (corrected > 0 && !this.#reconciles && this.deaths === 0)
        left.push(`${corrected} differences that reconciliation had to correct`)
    }
    for (const [uuid, { node }] of await this.callStore.all())
      left.push(`the journal of call ${uuid}, whose last owner was node ${node}`)
    for (const unknown of this.switch.unknown) left.push(`the simulated FreeSWITCH does not know: ${unknown}`)
    for (const name of [...this.nodes.keys()] as NodeName[]) {
      const hung = await this.until(`node ${name} closes`, this.stop(name))
      for (const step of hung) left.push(`node ${name} did not finish closing: ${step}`)
    }
    this.switch.close()
    await this.clock.advance(AFTERWARDS_MS)
    for (const timer of this.clock.pending()) left.push(`a timer is pending: in ${timer.inMs} ms ${timer.stack}`)
    if (left.length > 0)
      throw new assert.AssertionError({
        message: `the test left behind:\n  ${left.join('\n  ')}\nWhat happened:\n${this.transcript()}`,
      })
  }

  /** Opens a node. 'b' is the second node of the dialplan: FreeSWITCH offers a call to it when 'a' is gone. */
  async open(name: NodeName): Promise<SimulatedNode> {
    const node = await SimulatedNode.open(this.#shared, name, NODES[name])
    this.nodes.set(name, node)
    return node
  }

  /**
   * Stops a node as a deploy does: it hands its calls to the other node and closes. Resolves with the steps of the
   * shutdown that timed out; there should be none.
   */
  async stop(name: NodeName): Promise<readonly string[]> {
    const node = this.nodes.get(name)
    this.nodes.delete(name)
    return (await node?.close()) ?? []
  }

  /** Kills a node as SIGKILL does. FreeSWITCH offers its calls to the other node, which takes them over. */
  kill(name: NodeName): void {
    this.deaths++
    this.nodes.get(name)?.kill()
    this.nodes.delete(name)
  }

  /**
   * As store/sql.ts does: rejects with SwitchhookError SERVICE at once when `database` is 'away', after 5 s when
   * 'silent'.
   */
  async reachDatabase(): Promise<void> {
    if (this.database === 'silent') await sleep(this.clock, STATEMENT_MS)
    if (this.database !== 'here') throw new SwitchhookError('SERVICE', `PostgreSQL is ${this.database}`)
  }

  async #open(queues: readonly string[]): Promise<SimulatedNode> {
    for (const name of queues) await this.queueStore.put({ name, strategy: 'longest-idle-agent' })
    return this.open('a')
  }
}
