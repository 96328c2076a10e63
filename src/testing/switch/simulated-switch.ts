/** FreeSWITCH 1.10.12 at the wire of its event socket: channels, dialplan, people, and two kinds of connections. */
import type { Duration } from '../../base/duration.ts'
import { SwitchError } from '../../base/errors.ts'
import { listenTcp } from '../../esl/tcp.ts'
import type { Wire } from '../../esl/wire.ts'
import type { Application } from './apps/application.ts'
import { APPLICATIONS } from './apps/index.ts'
import { Channel } from './channel.ts'
import { Dialplan, type EntryOptions } from './dialplan.ts'
import { Disk } from './disk.ts'
import { EventFaults } from './event-faults.ts'
import { SwitchEvent, type EventParts } from './event.ts'
import { FreezableClock } from './freezable-clock.ts'
import { Heart } from './heartbeat.ts'
import { Listener } from './listener.ts'
import { Network, type Accept } from './network.ts'
import type { SimulatedSwitchOptions, TranscriptLine } from './options.ts'
import type { Direction, Profile } from './profile.ts'
import type { Recording } from './recording.ts'
import { Schedule } from './schedule.ts'
import type { SoundLength } from './sounds.ts'
import { Tracking } from './tracking.ts'
import { uuids } from './uuids.ts'
import { Watchers } from './watchers.ts'
import { World } from './world.ts'

export class SimulatedSwitch {
  readonly clock: FreezableClock
  readonly world: World
  /** Faults of events on their way. */
  readonly faults: EventFaults
  /** Calls that outlive the switch. */
  readonly tracking: Tracking
  readonly heart: Heart
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
  /** Where recordings are written. */
  readonly disk = new Disk(this)
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
  #dead = false
  #doors: { close(): Promise<void> }[] = []

  constructor(options: SimulatedSwitchOptions) {
    this.clock = new FreezableClock(options.clock)
    this.faults = new EventFaults(this.clock)
    this.tracking = new Tracking(this, options.trackCalls !== false)
    this.heart = new Heart(this)
    this.newUuid = uuids(options.seed ?? 1)
    this.coreUuid = this.newUuid()
    this.startedAt = this.clock.now()
    this.network = new Network(options.network === 'tcp')
    this.schedule = new Schedule(this.clock)
    this.sounds = new Map(Object.entries(options.sounds ?? {}))
    this.usualSound = options.usualSound ?? '2s'
    this.password = options.password ?? 'ClueCon'
    this.world = new World(this)
    if (options.heartbeat !== false) this.heart.start()
  }

  /** Who listens where in memory: 'host:port' → a function that gets the application's end of the wire and listens to it at once. */
  get listeners(): Map<string, Accept> {
    return this.network.listeners
  }

  /** The application's end of a fresh connection to the inbound port. Throws SwitchError LINK_DOWN when there is no switch, as esl/tcp.ts rejects. */
  connect(): Wire {
    if (this.#dead)
      throw new SwitchError('LINK_DOWN', 'cannot connect: connect ECONNREFUSED: the simulated switch is dead')
    const [ours, theirs] = this.network.pair()
    void new Listener(this, ours, 'inbound', undefined, true)
    return theirs
  }

  /** Opens the inbound port over TCP; gives back its number. */
  async listen(options: { host?: string; port: number }): Promise<number> {
    const door = await listenTcp({
      host: options.host ?? '127.0.0.1',
      port: options.port,
      onWire: wire => (this.#dead ? wire.destroy() : void new Listener(this, wire, 'inbound', undefined, true)),
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
    const found = this.channels.get(uuid)
    return found?.down ? undefined : found
  }

  createChannel(uuid: string, name: string, direction: Direction, profile: Profile): Channel {
    const channel = new Channel(this, uuid, name, direction, profile)
    this.channels.set(uuid, channel)
    return channel
  }

  /** The session goes when nobody holds it: connections that linger do. */
  destroyWhenFree(channel: Channel): void {
    if (
      channel.state !== 'CS_DESTROY' ||
      channel.listeners.size > 0 ||
      channel.locks > 0 ||
      this.channels.get(channel.uuid) !== channel
    )
      return
    channel.fire('CHANNEL_DESTROY')
    channel.running = 'CS_DESTROY'
    channel.fire('CHANNEL_STATE')
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
    for (const listener of channel.listeners) if (listener.narrow) listener.offer(event)
    this.watchers.poke(channel)
  }

  nowMicros(): number {
    return Math.round(this.clock.now() * 1_000)
  }

  nextSequence(): number {
    return ++this.#sequence
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
    this.network.accept(address, how)
  }

  /** Breaks connections (RST), all or those that are meant; gives back how many. */
  dropConnections(
    meant: (connection: { address: string; uuid: string | undefined; outbound: boolean }) => boolean = () => true,
  ): number {
    const doomed = [...this.listening].filter(l =>
      meant({ address: l.address, uuid: l.channel?.uuid, outbound: l.outbound }),
    )
    for (const listener of doomed) listener.wire.destroy()
    return doomed.length
  }

  /** New connections deliver at most so many bytes at a time. */
  slice(bytes: number): void {
    this.network.slice(bytes)
  }

  /** As SIGSTOP: connections are accepted, nothing is read, said or done, and time goes on. */
  freeze(): void {
    this.clock.freeze()
    for (const listener of this.listening) listener.wire.pause()
  }

  /** As SIGCONT: what was due is done at once, then what came in is read. */
  thaw(): void {
    this.clock.thaw()
    for (const listener of this.listening) listener.wire.resume()
  }

  /** Makes a zombie of a leg: its row stays and counts, but no command finds it and no event ever comes. `channels.delete` takes it away. */
  zombify(uuid: string): void {
    const channel = this.channels.get(uuid)!
    const { partner } = channel
    channel.locks++
    this.tracking.untrack(channel)
    channel.vanish()
    this.schedule.cancel(uuid)
    partner?.pulse.poke()
  }

  /**
   * As kill -9: channels, tasks and connections are gone without a word. Far ends of tracked legs stay on the line and hear nothing, the
   * others are gone. `restart` begins a new life with a new Core-UUID, and `sofia recover` brings the tracked legs back.
   */
  kill(): void {
    this.#dead = true
    this.heart.stop()
    this.clock.forget()
    for (const channel of this.channels.values()) channel.vanish()
    this.watchers.stop()
    for (const listener of [...this.listening]) listener.vanish()
    this.channels.clear()
    this.schedule.clear()
  }

  restart(options: { heartbeat?: boolean } = {}): void {
    this.#dead = false
    this.coreUuid = this.newUuid()
    this.startedAt = this.clock.now()
    this.#sequence = 0
    this.heart.forget()
    if (options.heartbeat !== false) this.heart.start()
  }

  /** Ends everything for good. */
  async close(): Promise<void> {
    this.kill()
    this.tracking.end()
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
}
