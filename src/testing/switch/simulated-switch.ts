/** FreeSWITCH 1.10.12 at the wire of its event socket: channels, dialplan, people, and two kinds of connections. */
import type { Clock, Timer } from '../../base/clock.ts'
import type { Duration } from '../../base/duration.ts'
import { listenTcp } from '../../esl/tcp.ts'
import type { Wire } from '../../esl/wire.ts'
import type { Application } from './apps/application.ts'
import { APPLICATIONS } from './apps/index.ts'
import { Channel } from './channel.ts'
import { Dialplan, type EntryOptions } from './dialplan.ts'
import { SwitchEvent, type EventParts } from './event.ts'
import { heartbeat } from './heartbeat.ts'
import { Listener } from './listener.ts'
import { Network, type Accept } from './network.ts'
import type { Direction, Profile } from './profile.ts'
import type { Recording } from './recording.ts'
import { Schedule } from './schedule.ts'
import type { SoundLength } from './sounds.ts'
import { uuids } from './uuids.ts'
import { Watchers } from './watchers.ts'
import { World } from './world.ts'

export interface SimulatedSwitchOptions {
  clock: Clock
  /** Sound name → its length, or 'missing'. Everything else exists and lasts `usualSound`. */
  sounds?: Readonly<Record<string, SoundLength>>
  /** '2s' unless said otherwise. */
  usualSound?: Duration
  /** Of the inbound port; 'ClueCon' unless said otherwise. */
  password?: string
  /** 'tcp' also reaches listeners that are not in `listeners`. */
  network?: 'memory' | 'tcp'
  /** HEARTBEAT events every 20 s. On unless said otherwise: they keep a timer alive. */
  heartbeat?: boolean
  /** Same seed, same uuids. */
  seed?: number
}

export interface TranscriptLine {
  /** Wall clock of the simulation, milliseconds. */
  readonly at: number
  readonly who: string
  readonly what: string
}

const HEARTBEAT_MS = 20_000

export class SimulatedSwitch {
  readonly clock: Clock
  readonly world: World
  readonly dialplan = new Dialplan()
  readonly network: Network
  readonly schedule: Schedule
  readonly watchers = new Watchers()
  readonly sounds: Map<string, SoundLength>
  readonly usualSound: Duration
  readonly password: string
  /** What a channel can execute. */
  readonly applications: ReadonlyMap<string, Application> = APPLICATIONS
  /** Gateway → state. */
  readonly gateways = new Map<string, 'UP' | 'DOWN'>([['carrier', 'UP']])
  /** Every channel until its CHANNEL_DESTROY, by uuid: the rows of `show channels`. */
  readonly channels = new Map<string, Channel>()
  /** Every event-socket connection. */
  readonly listening = new Set<Listener>()
  /** Those that subscribed to more than one channel: asked for every event. */
  readonly wide = new Set<Listener>()
  /** What the house used and the simulation does not know: a test must end with none. */
  readonly unknown: string[] = []
  readonly transcript: TranscriptLine[] = []
  /** Every recording that was ever started. */
  readonly recordings: Recording[] = []
  readonly globals = new Map<string, string>([
    ['domain', '127.0.0.1'],
    ['recordings_dir', '/var/lib/freeswitch/recordings'],
  ])
  coreUuid: string
  startedAt: number
  readonly newUuid: () => string
  #sequence = 0
  #sessions = 0
  #heartbeat: Timer | undefined
  #doors: { close(): Promise<void> }[] = []

  constructor(options: SimulatedSwitchOptions) {
    this.clock = options.clock
    this.newUuid = uuids(options.seed ?? 1)
    this.coreUuid = this.newUuid()
    this.startedAt = this.clock.now()
    this.network = new Network(options.network === 'tcp')
    this.schedule = new Schedule(this.clock)
    this.sounds = new Map(Object.entries(options.sounds ?? {}))
    this.usualSound = options.usualSound ?? '2s'
    this.password = options.password ?? 'ClueCon'
    this.world = new World(this)
    if (options.heartbeat !== false) this.#beat()
  }

  /** Who listens where in memory: 'host:port' → a function that gets the application's end of the wire and listens to it at once. */
  get listeners(): Map<string, Accept> {
    return this.network.listeners
  }

  /** The application's end of a fresh connection to the inbound port. */
  connect(): Wire {
    const [ours, theirs] = this.network.pair()
    void new Listener(this, ours, 'inbound', undefined, true)
    return theirs
  }

  /** Opens the inbound port over TCP; gives back its number. */
  async listen(options: { host?: string; port: number }): Promise<number> {
    const door = await listenTcp({
      host: options.host ?? '127.0.0.1',
      port: options.port,
      onWire: wire => void new Listener(this, wire, 'inbound', undefined, true),
    })
    this.#doors.push(door)
    return door.port
  }

  /** The extensions that the project's dialplan/ has, for every flow: entry, retry, apology. */
  installEntry(hosts: readonly string[], options: EntryOptions = {}): void {
    this.dialplan.installEntry(hosts, options)
  }

  /** A living channel, as uuid_exists sees it: one that has hung up is gone, though its row may stay. */
  locate(uuid: string): Channel | undefined {
    const channel = this.channels.get(uuid)
    return channel && !channel.down ? channel : undefined
  }

  createChannel(uuid: string, name: string, direction: Direction, profile: Profile): Channel {
    const channel = new Channel(this, uuid, name, direction, profile)
    this.channels.set(uuid, channel)
    return channel
  }

  /** The session goes when nobody holds it: connections that linger do. */
  destroyWhenFree(channel: Channel): void {
    if (channel.state !== 'CS_DESTROY' || channel.listeners.size > 0 || channel.locks > 0 || this.channels.get(channel.uuid) !== channel)
      return
    channel.fire('CHANNEL_DESTROY')
    this.channels.delete(channel.uuid)
    channel.variables.release()
    this.schedule.cancel(channel.uuid)
  }

  event(name: string, channel: Channel | undefined, parts: EventParts): SwitchEvent {
    return new SwitchEvent(this, name, channel, parts)
  }

  fire(name: string, channel: Channel | undefined, parts: EventParts = {}): void {
    const event = this.event(name, channel, parts)
    if (!channel) {
      for (const listener of this.listening) listener.offer(event)
      return
    }
    for (const listener of this.wide) listener.offer(event)
    for (const listener of channel.listeners) if (listener.myEvents) listener.offer(event)
    this.watchers.poke(channel)
  }

  nowMicros(): number {
    return Math.round(this.clock.now() * 1_000)
  }

  nextSequence(): number {
    return ++this.#sequence
  }

  newSessionId(): number {
    return ++this.#sessions
  }

  get sessionCount(): number {
    return this.#sessions
  }

  /** Connects to 'host:port' are refused, until `allow`. */
  refuse(address: string): void {
    this.network.refuse(address)
  }

  allow(address: string): void {
    this.network.allow(address)
  }

  /** 'closes': a listener that accepts and closes; 'silent': one that accepts and never says a word. */
  accept(address: string, how: 'closes' | 'silent'): void {
    this.listeners.set(address, wire => {
      wire.listen({ data() {}, close() {} })
      if (how === 'closes') wire.end()
    })
  }

  /** Breaks connections (RST), all or those that are meant; gives back how many. */
  dropConnections(meant: (connection: { address: string; uuid: string | undefined; outbound: boolean }) => boolean = () => true): number {
    const doomed = [...this.listening].filter(l => meant({ address: l.address, uuid: l.channel?.uuid, outbound: l.outbound }))
    for (const listener of doomed) listener.wire.destroy()
    return doomed.length
  }

  /** New connections deliver at most so many bytes at a time. */
  slice(bytes: number): void {
    this.network.slice(bytes)
  }

  /** Power cut: channels, tasks and connections are gone without a word. `restart` begins a new life with a new Core-UUID. */
  kill(): void {
    this.#heartbeat?.cancel()
    for (const channel of this.channels.values()) channel.vanish()
    this.watchers.stop()
    for (const listener of [...this.listening]) listener.vanish()
    this.channels.clear()
    this.schedule.clear()
  }

  restart(options: { heartbeat?: boolean } = {}): void {
    this.coreUuid = this.newUuid()
    this.startedAt = this.clock.now()
    this.#sequence = 0
    this.#sessions = 0
    if (options.heartbeat !== false) this.#beat()
  }

  /** Ends everything for good. */
  async close(): Promise<void> {
    this.kill()
    await Promise.all(this.#doors.map(door => door.close()))
    this.#doors = []
  }

  /** What a test left behind, in words: none when it cleaned up. */
  leftovers(): string[] {
    const channels = [...this.channels.values()].filter(channel => !channel.down)
    return [
      ...channels.map(channel => channel.describe()),
      ...this.schedule.pending(),
      ...[...this.listening].map(listener => listener.describe()),
    ]
  }

  #beat(): void {
    this.#heartbeat = this.clock.after(HEARTBEAT_MS, () => {
      this.fire('HEARTBEAT', undefined, { after: heartbeat(this) })
      this.#beat()
    })
  }
}
