/**
 * The simulated FreeSWITCH 1.10.12, as seen over its event socket: channels, dialplan, people, inbound and outbound
 * connections. Simulation, the demo and tests create it. `make contract` compares it with a real FreeSWITCH.
 */
import type { Duration } from '../../base/duration.ts'
import { SwitchError } from '../../base/errors.ts'
import { listenTcp } from '../../esl/tcp.ts'
import type { Wire } from '../../esl/wire.ts'
import type { Application } from './apps/application.ts'
import { APPLICATIONS } from './apps/index.ts'
import type { Conference } from './conference.ts'
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
import { Throttle } from './throttle.ts'
import { Tracking } from './tracking.ts'
import { uuids } from './uuids.ts'
import { Watchers } from './watchers.ts'
import { World } from './world.ts'

export class SimulatedSwitch {
  readonly clock: FreezableClock
  /** How far its clock is ahead of everybody else's; a test sets it before the first call. */
  clockAheadMs = 0
  readonly world: World
  /** Faults in the delivery of events. */
  readonly faults: EventFaults
  /** Legs that can be recovered after a crash. */
  readonly tracking: Tracking
  readonly heart: Heart
  readonly dialplan = new Dialplan()
  readonly network: Network
  readonly schedule: Schedule
  readonly watchers = new Watchers()
  readonly throttle: Throttle
  readonly sounds: Map<string, SoundLength>
  readonly usualSound: Duration
  readonly password: string
  /** Applications, by name. */
  readonly applications: ReadonlyMap<string, Application> = APPLICATIONS
  /** Name of a gateway (a trunk) → its state. */
  readonly gateways = new Map<string, 'UP' | 'DOWN'>([['carrier', 'UP']])
  /** Every channel until its CHANNEL_DESTROY, by uuid: the rows of `show channels`. */
  readonly channels = new Map<string, Channel>()
  /** Every connection of the event socket. */
  readonly listening = new Set<Listener>()
  /** Connections that subscribed to more than one channel: every event is offered to them. */
  readonly wide = new Set<Listener>()
  /** Commands and applications that Switchhook used and the simulation does not know. A test must end with none. */
  readonly unknown: string[] = []
  readonly transcript: TranscriptLine[] = []
  /** The disk of the recordings. */
  readonly disk = new Disk(this)
  readonly conferences = new Map<string, Conference>()
  /** How many legs have ever entered one. */
  conferenceMembers = 0
  /** Every recording that was started, ended ones included. */
  readonly recordings: Recording[] = []
  readonly globals = new Map<string, string>([
    ['domain', '127.0.0.1'],
    ['recordings_dir', '/var/lib/freeswitch/recordings'],
    ['switchhook_media_timeout', '300000'],
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
    this.throttle = new Throttle(this.clock)
    this.sounds = new Map(Object.entries(options.sounds ?? {}))
    this.usualSound = options.usualSound ?? '2s'
    this.password = options.password ?? 'ClueCon'
    this.world = new World(this)
    if (options.heartbeat !== false) this.heart.start()
  }

  /**
   * Listeners in memory: 'host:port' → a function that receives the node's end of the connection and must call its
   * listen() at once.
   */
  get listeners(): Map<string, Accept> {
    return this.network.listeners
  }

  /**
   * The client's end of a new connection to the inbound port; `from` is the node that opens it. Throws SwitchError
   * LINK_DOWN after `kill`, as esl/tcp.ts rejects.
   */
  connect(from?: string): Wire {
    if (this.#dead)
      throw new SwitchError('LINK_DOWN', 'cannot connect: connect ECONNREFUSED: the simulated FreeSWITCH is dead')
    const [ours, theirs] = this.network.pair()
    void new Listener(this, ours, from === undefined ? 'inbound' : `inbound ${from}`, undefined, true)
    return theirs
  }

  /** Opens the inbound port over TCP. Returns the port number. */
  async listen(options: { host?: string; port: number }): Promise<number> {
    const door = await listenTcp({
      host: options.host ?? '127.0.0.1',
      port: options.port,
      onWire: wire => (this.#dead ? wire.destroy() : void new Listener(this, wire, 'inbound', undefined, true)),
    })
    this.#doors.push(door)
    return door.port
  }

  /** Adds the extensions of the project's dialplan/ for every flow: entry, retry, home, apology. */
  installEntry(hosts: readonly string[], options: EntryOptions = {}): void {
    this.dialplan.installEntry(hosts, options)
  }

  /** A live channel, as uuid_exists sees it: undefined once it has hung up, though its row may remain. */
  locate(uuid: string): Channel | undefined {
    const found = this.channels.get(uuid)
    return found?.down ? undefined : found
  }

  createChannel(uuid: string, name: string, direction: Direction, profile: Profile): Channel {
    const channel = new Channel(this, uuid, name, direction, profile)
    this.channels.set(uuid, channel)
    return channel
  }

  /** Destroys an ended session when no connection (linger) and no originate holds it. */
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
    return Math.round((this.clock.now() + this.clockAheadMs) * 1_000)
  }

  nextSequence(): number {
    return ++this.#sequence
  }

  /** Refuses FreeSWITCH's connections to 'host:port' until `allow`. */
  refuse(address: string): void {
    this.network.refuse(address)
  }

  allow(address: string): void {
    this.network.allow(address)
  }

  /** Adds a broken listener. 'closes': it accepts and closes. 'silent': it accepts and never writes. */
  accept(address: string, how: 'closes' | 'silent'): void {
    this.network.accept(address, how)
  }

  /** Breaks connections with RST: all, or those that `meant` accepts. Returns how many. */
  dropConnections(
    meant: (connection: { address: string; uuid: string | undefined; outbound: boolean }) => boolean = () => true,
  ): number {
    const doomed = [...this.listening].filter(l =>
      meant({ address: l.address, uuid: l.channel?.uuid, outbound: l.outbound }),
    )
    for (const listener of doomed) listener.wire.destroy()
    return doomed.length
  }

  /** New connections deliver at most `bytes` bytes at a time. */
  slice(bytes: number): void {
    this.network.slice(bytes)
  }

  /** Like SIGSTOP: connections are accepted, but nothing is read, written or done while time passes. */
  freeze(): void {
    this.clock.freeze()
    for (const listener of this.listening) listener.wire.pause()
  }

  /** Like SIGCONT: all due timers run at once, then the received bytes are read. */
  thaw(): void {
    this.clock.thaw()
    for (const listener of this.listening) listener.wire.resume()
  }

  /**
   * Turns a leg into a zombie: its row stays and counts, but no command finds it and it sends no more events.
   * `channels.delete` removes it.
   */
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
   * Like kill -9: channels, tasks and connections end without any event. Far ends of tracked legs stay on the line in
   * silence, the others end. After `restart` (with a new Core-UUID) `sofia recover` recovers the tracked legs.
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

  /** Starts FreeSWITCH again after `kill`, with a new Core-UUID and without channels. */
  restart(options: { heartbeat?: boolean } = {}): void {
    this.#dead = false
    this.coreUuid = this.newUuid()
    this.startedAt = this.clock.now()
    this.#sequence = 0
    this.heart.forget()
    if (options.heartbeat !== false) this.heart.start()
  }

  /** Closes everything, including tracked legs and TCP ports. */
  async close(): Promise<void> {
    this.kill()
    this.tracking.end()
    await Promise.all(this.#doors.map(door => door.close()))
    this.#doors = []
  }

  /** One text for each channel, task and connection that a test left over. */
  leftovers(): string[] {
    const channels = [...this.channels.values()].filter(channel => !channel.down)
    return [
      ...channels.map(channel => channel.describe()),
      ...this.schedule.pending(),
      ...[...this.listening].map(listener => listener.describe()),
    ]
  }
}
