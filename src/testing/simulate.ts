/**
 * A whole house in memory for one test: simulated switch, virtual time, memory stores, real flows. A test says what people hear and do.
 * It fails when it ends with a call still up, a flow running, a timer pending or an agent promised to nobody.
 */
import assert from 'node:assert/strict'
import { MemoryAgents, memoryRoster } from '../agent/memory-roster.ts'
import type { Roster } from '../agent/roster.ts'
import { ms, type Duration } from '../base/duration.ts'
import { openLog, silentLog, type Log } from '../base/log.ts'
import { Door } from '../call/arrive.ts'
import type { Call } from '../call/call.ts'
import { CallHouse } from '../call/house.ts'
import { Switch, Switchboard } from '../call/switchboard.ts'
import { EventLink } from '../esl/events.ts'
import { ident, soundName, type Ident } from '../esl/words.ts'
import { Catalogue, type AnyFlow } from '../flow/catalogue.ts'
import type { Flow } from '../flow/define.ts'
import type { Needs, Params } from '../flow/params.ts'
import { Flows, type CallRecord } from '../flow/run.ts'
import { memoryQueueStore } from '../queue/memory-store.ts'
import { openQueues, type Queues } from '../queue/queue.ts'
import type { QueueStore } from '../queue/store.ts'
import { connectionCommands } from './commands.ts'
import { Actor } from './actor.ts'
import { SimulatedAgent, type AgentOptions } from './simulated-agent.ts'
import { SimulatedLeads, type LeadOptions, type SimulatedLead } from './simulated-leads.ts'
import { SimulatedSwitch } from './switch/simulated-switch.ts'
import { VirtualClock } from './virtual-clock.ts'

/** What simulate needs of node:test's context. */
export interface TestScope {
  after(fn: () => Promise<void>): void
}

export interface SimulateOptions {
  /** How long sounds last ('4s'), or that one is 'missing'. Others last 2 s. */
  sounds?: Readonly<Record<string, Duration | 'missing'>>
  /** Queues that exist. Default: sales, support, operator. */
  queues?: readonly string[]
  /** Shows the house's log: for finding out why. */
  verbose?: boolean
}

/** The number that callers dial. */
const DIALLED = '+4930123000'
const LISTENER = '127.0.0.1:8084'
/** After the last expectation: the linger of the last connection, and a wrap-up that nobody waits for. */
const AFTERWARDS_MS = 15_000

export class Simulation {
  readonly clock = new VirtualClock()
  readonly switch: SimulatedSwitch
  readonly roster: Roster
  readonly queueStore: QueueStore
  /** Of every call that has ended; without the switch's last event, which has 9 kB. */
  readonly records: CallRecord[] = []
  readonly agents: SimulatedAgent[] = []
  readonly #flows = new Map<string, AnyFlow>()
  readonly #leads: SimulatedLeads
  readonly #log: Log
  readonly ready: Promise<House>
  #called = 0

  constructor(options: SimulateOptions) {
    this.#log = options.verbose ? openLog('debug') : silentLog
    this.switch = new SimulatedSwitch({ clock: this.clock, sounds: Object.fromEntries(Object.entries(options.sounds ?? {}).map(([name, value]) => [soundName(name), value])) })
    this.switch.installEntry([LISTENER])
    const agents = new MemoryAgents()
    this.roster = memoryRoster(agents)
    this.queueStore = memoryQueueStore(agents)
    this.#leads = new SimulatedLeads(this)
    this.ready = this.#open(options.queues ?? ['sales', 'support', 'operator'])
    this.ready.catch(() => {}) // whoever waits for it sees why
  }

  /** Somebody calls, and gets this flow. */
  call<N extends Needs>(flow: Flow<N>, options: { from?: string; params?: Params<N>; speaks?: 'human' | 'machine' | 'silence' } = {}): Actor {
    const name = `flow-${++this.#called}`
    this.#flows.set(name, flow as unknown as AnyFlow)
    const variables = { switchhook_dialled: DIALLED, ...Object.fromEntries(Object.entries(options.params ?? {}).filter(([, value]) => value !== undefined).map(([key, value]) => [key, String(value)])) }
    const from = options.from ?? `+4930123${String(4000 + this.#called)}`
    return new Actor(this, 'caller', async () => {
      await this.ready
      return this.switch.world.call({ from, name: this.#called === 1 ? 'caller' : `caller-${this.#called}`, to: `switchhook-${name}`, variables, ...(options.speaks ? { speaks: options.speaks } : {}) })
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
    return this.switch.transcript.map(({ at, who, what }) => `${((at - began) / 1_000).toFixed(1).padStart(8)}s  ${who} ${what.replace(/^hears (moh\/)/, 'hears music $1')}`).join('\n')
  }

  /** Time goes on until this has happened. The failure tells the whole story. */
  async until<T>(what: string, goal: Promise<T> | (() => T), within: Duration = '30s'): Promise<T> {
    try {
      return await this.clock.runUntil(goal, ms(within))
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error
      throw new assert.AssertionError({ message: `expected: ${what}, within ${within} (${error instanceof Error ? error.message : String(error)}). What happened:\n${this.transcript()}` })
    }
  }

  /** Ends the house. Throws when something is left over. */
  async close(): Promise<void> {
    const house = await this.until('the house opens', this.ready)
    await this.clock.advance(AFTERWARDS_MS)
    const left = [...this.switch.leftovers().filter(one => !one.includes('inbound')), ...(await this.clock.hold(house.queues.check()))]
    if (house.flows.running > 0) left.push(`${house.flows.running} flows are still running`)
    for (const unknown of this.switch.unknown) left.push(`the switch did not know: ${unknown}`)
    await house.queues[Symbol.asyncDispose]()
    await house.links.close()
    await this.clock.settle()
    this.switch.close()
    await this.clock.advance(AFTERWARDS_MS)
    for (const timer of this.clock.pending()) left.push(`a timer is pending: in ${timer.inMs} ms ${timer.stack}`)
    if (left.length > 0) throw new assert.AssertionError({ message: `the test left behind:\n  ${left.join('\n  ')}\nWhat happened:\n${this.transcript()}` })
  }

  async #open(queues: readonly string[]): Promise<House> {
    const { clock } = this
    const log = this.#log
    const password = this.switch.password
    for (const name of queues) await this.queueStore.put({ name, strategy: 'longest-idle-agent' })
    const events = new EventLink({ name: 'simulated', open: async () => this.switch.connect(), password, clock, log })
    const facts = await events.start()
    const commands = await connectionCommands(this.switch.connect(), { password, clock })
    const switchboard = new Switchboard()
    switchboard.add(new Switch({ name: 'simulated', commands, events, facts, clock, log }))
    const open = openQueues({ store: this.queueStore, roster: this.roster, clock, log, node: 'test' })
    const door: Door = new Door({ clock, log, switchboard, start: leg => flows.start(leg) })
    const house = new CallHouse({ clock, log, door, switchboard, settings: { ringForMs: 20_000, gateway: 'carrier' as Ident, detect: {} } })
    const flows: Flows = new Flows({ catalogue: new Catalogue(this.#flows), house, queues: open, leads: this.#leads, records: { begun: async () => {}, ended: async row => void this.records.push({ ...row, end: { cause: row.end.cause } }) } })
    this.switch.listeners.set(LISTENER, wire => void door.knock(wire))
    const links = { close: async () => { await events.close(); await commands.close() } }
    return { calls: house, queues: open, flows, links }
  }
}

export interface House {
  readonly calls: CallHouse
  readonly queues: Queues
  readonly flows: Flows
  readonly links: { close(): Promise<void> }
}

export type { Call }

/** `const sim = simulate(t)`: everything is gone when the test is over, and the test fails on what it left behind. */
export function simulate(t: TestScope, options: SimulateOptions = {}): Simulation {
  const simulation = new Simulation(options)
  t.after(() => simulation.close())
  return simulation
}
