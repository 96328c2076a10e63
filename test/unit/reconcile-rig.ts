/**
 * The surroundings of reconciliation, in virtual time: a simulated FreeSWITCH, memory stores, and two nodes: `a` drives
 * the calls and may die, `b` reconciles. There are no flows: the test writes the journal entries that a flow would have
 * written.
 */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { MemoryAgents, memoryRoster } from '../../src/agent/memory-roster.ts'
import { SwitchError } from '../../src/base/errors.ts'
import { Emitter } from '../../src/base/emitter.ts'
import { silentLog, type Log } from '../../src/base/log.ts'
import { Door } from '../../src/call/entry.ts'
import type { EventName } from '../../src/events/catalogue.ts'
import type { Events } from '../../src/events/events.ts'
import { lineOf, type NoteOf } from '../../src/journal/entries.ts'
import { memoryCallStore } from '../../src/journal/memory-call-store.ts'
import { Switch, Switchboard } from '../../src/switch/switchboard.ts'
import { EventLink } from '../../src/esl/events.ts'
import type { Commands } from '../../src/esl/client.ts'
import type { ApiText } from '../../src/esl/api.ts'
import type { Wire } from '../../src/esl/wire.ts'
import type { Ident, Uuid } from '../../src/esl/safe-text.ts'
import { Reconciler, type ReconcileParts } from '../../src/recovery/reconcile.ts'
import type { CallRecord } from '../../src/flow/run.ts'
import { memoryQueueStore } from '../../src/queue/memory-store.ts'
import { connectionCommands } from '../../src/testing/commands.ts'
import { SimulatedSwitch, VirtualClock, type Person } from '../../src/testing/index.ts'

const ADDRESS = { a: '127.0.0.1:8084', b: '127.0.0.1:8085' } as const
type Name = keyof typeof ADDRESS

/** Which nodes are alive, as `name` sees it. */
export class FakePeers extends Emitter<{ gone: string; regained: null }> {
  readonly alive: Set<string>
  readonly self: string

  constructor(self: string, alive: Set<string>) {
    super()
    this.self = self
    this.alive = alive
  }

  holds(): boolean {
    return this.alive.has(this.self)
  }
  isAlive(node: string): boolean {
    return this.alive.has(node)
  }
  peers() {
    return [...this.alive]
      .filter(node => node !== this.self)
      .map(node => ({ node, address: ADDRESS[node as Name] ?? null, roles: ['listener'] }))
  }
}

export class ReconcileRig {
  readonly clock = new VirtualClock()
  readonly switch: SimulatedSwitch
  readonly calls = memoryCallStore()
  readonly agents = new MemoryAgents()
  readonly roster = memoryRoster(this.agents)
  readonly queueStore = memoryQueueStore(this.agents)
  readonly records: CallRecord[] = []
  readonly presumed: { uuid: string; cause: string | null }[] = []
  /** Open rows, by call. */
  readonly open = new Set<string>()
  readonly lost: string[] = []
  /** The warnings in the log. */
  readonly warnings: { fields: Record<string, unknown>; text: string }[] = []
  /** Every command that `b` sent to FreeSWITCH. */
  readonly commands: string[] = []
  /** The events that reconciliation told. */
  readonly told: { name: EventName; data: object }[] = []
  readonly heard: Events = {
    tell: (name, data, telling) => void (telling?.again === true || this.told.push({ name, data })),
  }
  readonly alive = new Set<string>(['a', 'b'])
  readonly nodes = new FakePeers('b', this.alive)
  readonly doors = new Map<Name, Door>()
  readonly switchboard = new Switchboard()
  readonly reconcilers: Reconciler[] = []
  events!: EventLink
  home!: Switch

  constructor(trackCalls: boolean) {
    this.switch = new SimulatedSwitch({ clock: this.clock, trackCalls })
    this.switch.installEntry(Object.values(ADDRESS))
  }

  readonly log: Log = {
    ...silentLog,
    warn: ((fields: Record<string, unknown>, text: string) => void this.warnings.push({ fields, text })) as Log['warn'],
  }

  async start(): Promise<void> {
    const { clock, log } = this
    const { password } = this.switch
    await this.queueStore.put({ name: 'sales', strategy: 'longest-idle-agent' })
    this.events = new EventLink({ name: 'fs', open: async () => this.#connect(), password, clock, log: silentLog })
    const facts = await this.events.start()
    const link = await connectionCommands(this.switch.connect(), { password, clock })
    const commands: Commands = { ...link, run: text => (this.commands.push(text), link.run(text)) }
    this.home = new Switch({ name: 'fs', commands, events: this.events, facts, clock, log })
    this.switchboard.add(this.home)
    for (const name of ['a', 'b'] as const) this.openDoor(name)
  }

  #connect(): Wire {
    try {
      return this.switch.connect()
    } catch (error) {
      throw new SwitchError('LINK_DOWN', (error as Error).message)
    }
  }

  openDoor(name: Name): void {
    const { clock, calls, switchboard } = this
    const door = new Door({ clock, log: silentLog, switchboard, calls, node: name, start() {} })
    this.doors.set(name, door)
    this.switch.listeners.set(ADDRESS[name], wire => void door.accept(wire))
  }

  /** The Reconciler of node b; or of another one beside it. */
  reconciler(parts: Partial<ReconcileParts> = {}): Reconciler {
    const { clock, log, calls, switchboard, roster, queueStore } = this
    const door = this.doors.get('b')!
    const one = new Reconciler({
      clock,
      log,
      events: this.heard,
      calls,
      switchboard,
      roster,
      queueStore,
      node: 'b',
      address: ADDRESS.b,
      nodes: this.nodes,
      records: { ended: async record => void this.records.push(record) },
      leads: { presume: async (uuid, cause) => void this.presumed.push({ uuid, cause }) },
      rows: {
        open: async () => new Map([...this.open].map(call => [call, null])),
        lost: async uuid => void (this.open.delete(uuid) && this.lost.push(uuid)),
      },
      legs: () => door.legs.values(),
      mine: uuid => door.legs.has(uuid as Uuid),
      ...parts,
    })
    this.reconcilers.push(one)
    return one
  }

  /** A person calls, and the first node that takes the call answers it. */
  async caller(flow = 'welcome', variables: Record<string, string> = {}): Promise<Person> {
    const person = this.switch.world.call({
      from: '+493012345',
      name: `caller-${flow}`,
      to: `switchhook-${flow}`,
      variables,
    })
    await this.clock.advance(50)
    for (const door of this.doors.values())
      void door.legs.get(person.uuid as Uuid)?.conversation?.execute('answer' as Ident)
    await this.clock.advance(50)
    return person
  }

  /** A person on a telephone that was dialled, parked. */
  async answered(name: string, variables: Record<string, string> = {}): Promise<Person> {
    const place = this.switch.world.at(`user/${name}`, { answers: '100ms' })
    const set = Object.entries(variables)
      .map(([key, value]) => `${key}=${value}`)
      .join(',')
    const done = this.home.commands.run(`originate {${set}}user/${name} &park()` as ApiText)
    await this.clock.runUntil(done, 5_000)
    await this.clock.advance(50)
    return place.last!
  }

  /** The two talk, as after `join`. */
  async talk(caller: Person, other: Person): Promise<void> {
    const back = 'transfer_after_bridge=switchhook-welcome:XML:switchhook'
    for (const command of [
      `uuid_setvar_multi ${caller.uuid} socket_resume=false;${back}`,
      `uuid_bridge ${caller.uuid} ${other.uuid}`,
    ])
      await this.home.commands.run(command as ApiText)
    await this.clock.runUntil(() => caller.talksWith === other, 2_000)
    await this.clock.advance(300)
  }

  /** The entries that node a's flow writes. */
  async notes(uuid: string, ...notes: NoteOf[]): Promise<void> {
    const owner = (await this.calls.owner(uuid))!
    assert.ok(
      await this.calls.append(
        uuid,
        owner,
        notes.map(note => lineOf({ k: 'note', at: this.clock.now(), note })),
      ),
    )
  }

  /** The process of a node has ended, and its peers have seen its lease lapse. */
  async dies(name: Name): Promise<void> {
    this.switch.listeners.delete(ADDRESS[name])
    this.switch.dropConnections(({ address, outbound }) => outbound && address === ADDRESS[name])
    await this.clock.advance(100)
    this.lapses(name)
  }

  /** It is suspended or cut off: its connections stay. */
  lapses(name: Name): void {
    this.alive.delete(name)
    this.nodes.emit('gone', name)
  }

  async talking(name: string, call: string): Promise<number> {
    const now = this.clock.now()
    await this.roster.put(
      {
        name,
        endpoint: `user/${name}`,
        wrapUpMs: 10_000,
        ringForMs: 20_000,
        queues: [{ queue: 'sales', level: 1, position: 1 }],
      },
      now,
    )
    await this.roster.setStatus(name, 'ready', now)
    const epoch = (await this.roster.reserve(name, call, now, 10_000))!
    await this.roster.advance(name, epoch, 'ringing', now)
    await this.roster.advance(name, epoch, 'talking', now)
    return epoch
  }

  async state(name: string): Promise<string | undefined> {
    return (await this.roster.get(name, this.clock.now()))?.state
  }

  async owner(uuid: string): Promise<string | undefined> {
    return (await this.calls.owner(uuid))?.node
  }

  async close(): Promise<void> {
    for (const one of this.reconcilers) await one[Symbol.asyncDispose]()
    await this.events.close()
    await this.switch.close()
    await this.clock.advance(20_000)
    assert.deepEqual(this.clock.pending(), [], 'no timer is left')
    assert.deepEqual(this.switch.unknown, [], 'the switch knew everything')
  }
}

/** Everything is closed at the end of the test, and the test fails when something is left behind. */
export async function openRig(t: TestContext, { trackCalls = false } = {}): Promise<ReconcileRig> {
  const rig = new ReconcileRig(trackCalls)
  await rig.start()
  t.after(() => rig.close())
  return rig
}
