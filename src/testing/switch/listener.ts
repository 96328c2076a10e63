/**
 * One connection of FreeSWITCH's event socket, inbound or outbound: its subscriptions, its writes and its end. Created
 * for each connection to the inbound port and by the application `socket`.
 */
import type { Timer } from '../../base/clock.ts'
import type { Wire } from '../../esl/wire.ts'
import type { Channel } from './channel.ts'
import { obeyCommand } from './commands.ts'
import type { EventFormat, SwitchEvent } from './event.ts'
import { asksFor, type Filter } from './filters.ts'
import { PacketReader, type Packet } from './packet.ts'
import type { SimulatedSwitch } from './simulated-switch.ts'

/** A listener writes its queue after each command, and at least this often. */
const POLL_MS = 20

/** FreeSWITCH closes a connection without a first command after this time. */
const FIRST_PACKET_MS = 24_800

const GOODBYE = 'Disconnected, goodbye.\nSee you at ClueCon! http://www.cluecon.com/\n'

/** A wire encodes text as latin1, which is correct for these characters. */
const ASCII = /^[\x00-\x7f]*$/

export class Listener {
  readonly sim: SimulatedSwitch
  readonly wire: Wire
  /** 'host:port' of an outbound connection; 'inbound', or 'inbound <node>', for the inbound port. */
  readonly address: string
  /** The channel that this connection controls: its own, or the one of `myevents <uuid>`. */
  channel: Channel | undefined
  readonly outbound: boolean
  readonly full: boolean
  authorised: boolean
  connected = false
  finished = false
  running = true
  resume = false
  format: EventFormat = 'plain'
  wantsEvents = false
  myEvents = false
  /** Seconds; -1: without limit; undefined: no linger. */
  linger: number | undefined
  logLevel: number | undefined
  readonly events = new Set<string>()
  readonly subclasses = new Set<string>()
  filters: Filter[] = []

  readonly #reader = new PacketReader()
  readonly #packets: Packet[] = []
  #busy = false
  #over = false
  #queue: (string | Buffer)[] = []
  #diverted: SwitchEvent[] = []
  #poll: Timer | undefined
  #lastPoll: number
  #lingering: Timer | undefined
  #handlesEnd = false
  #expired = false
  #greeted = false
  #silence: Timer | undefined

  constructor(sim: SimulatedSwitch, wire: Wire, address: string, channel: Channel | undefined, full: boolean) {
    this.sim = sim
    this.wire = wire
    this.address = address
    this.channel = channel
    this.outbound = channel !== undefined
    this.authorised = this.outbound
    this.full = full || !this.outbound
    this.#lastPoll = sim.clock.monotonic()
    sim.listening.add(this)
    channel?.listeners.add(this)
    this.#silence = sim.clock.after(FIRST_PACKET_MS, () => this.finish())
    wire.listen({ data: chunk => this.#take(chunk), close: error => sim.clock.whenAwake(() => this.#hungUp(error)) })
    if (sim.clock.frozen) wire.pause()
    if (!this.outbound) sim.clock.whenAwake(() => wire.write('Content-Type: auth/request\n\n'))
  }

  /** True when this connection subscribed to events of its own leg only: events of other legs are not offered to it. */
  narrow = false

  #isNarrow(): boolean {
    if (this.myEvents) return this.channel !== undefined
    const [filter] = this.filters
    return (
      this.outbound && this.filters.length === 1 && filter!.name === 'Unique-ID' && filter!.value === this.channel?.uuid
    )
  }

  /** Queues the event if this connection subscribed to it. */
  offer(event: SwitchEvent): void {
    if (!this.running || !this.wantsEvents || !asksFor(this, event)) return
    const frame = event.frame(this.format)
    if (this.sim.faults.any) return this.sim.faults.pass(event, this.outbound, () => this.#queueFrame(frame))
    this.#queueFrame(frame)
  }

  #queueFrame(frame: string | Buffer): void {
    if (!this.running) return
    this.#queue.push(frame)
    this.wake()
  }

  /**
   * Queues an event that was diverted to this connection (divert_events), after those that wait already. It is written
   * once the connection has subscribed to any events.
   */
  divert(event: SwitchEvent): void {
    if (!this.running) return
    this.#diverted.push(event)
    this.wake()
  }

  /** Schedules the next look at the queue and at the channel's state. */
  wake(): void {
    if (this.#poll || this.finished || this.#busy) return
    const since = (this.sim.clock.monotonic() - this.#lastPoll) % POLL_MS
    this.#poll = this.sim.clock.after(POLL_MS - since, () => {
      this.#poll = undefined
      this.look()
    })
  }

  /**
   * Answers a command. FreeSWITCH runs the first command of an outbound connection but sends no reply to it, except to
   * `connect` and `api`, which write by themselves.
   */
  reply(text: string): void {
    if (this.#greeted || !this.outbound)
      this.write(`Content-Type: command/reply\nReply-Text: ${text || '-ERR command not found'}\n\n`)
  }

  /**
   * Sets the linger in seconds; -1 means without limit. When the connection lingers already, FreeSWITCH reads the new
   * number as a time in 1970 and ends the connection at the next look (mod_event_socket keeps both in one variable).
   */
  lingerFor(seconds: number): void {
    this.linger = seconds
    if (!this.#lingering) return
    this.#lingering.cancel()
    this.#expired = seconds >= 0
  }

  write(text: string): void {
    this.wire.write(ASCII.test(text) ? text : Buffer.from(text, 'utf8'))
  }

  /** Starts or ends the delivery of events after a change of subscriptions or filters. */
  subscribe(wants: boolean): void {
    this.wantsEvents = wants
    this.narrow = this.#isNarrow()
    if (wants && !this.narrow) this.sim.wide.add(this)
    else this.sim.wide.delete(this)
  }

  /** FreeSWITCH has died: the connection breaks. */
  vanish(): void {
    this.finished = true
    this.running = false
    this.#release()
    this.wire.destroy()
  }

  #release(): void {
    for (const timer of [this.#poll, this.#lingering, this.#silence]) timer?.cancel()
    this.sim.listening.delete(this)
    this.sim.wide.delete(this)
  }

  describe(): string {
    return `connection ${this.address}${this.channel ? ` of ${this.channel.uuid}` : ''}`
  }

  forgetQueue(): void {
    this.#queue = []
    this.#diverted = []
  }

  /** Writes the queue, then the disconnect notice if the channel has ended. */
  look(): void {
    if (this.finished) return
    this.#lastPoll = this.sim.clock.monotonic()
    for (const frame of this.#queue) this.wire.write(frame)
    this.#queue = []
    if (this.wantsEvents) for (const event of this.#diverted.splice(0)) this.wire.write(event.frame(this.format))
    if (this.#expired) return this.finish()
    if (!this.channel?.down || this.#handlesEnd) return
    this.#handlesEnd = true
    if (this.linger === undefined) return this.finish()
    this.write(
      `Content-Type: text/disconnect-notice\nControlled-Session-UUID: ${this.channel.uuid}\nContent-Disposition: linger\n` +
        `Channel-Name: ${this.channel.name}\nLinger-Time: ${this.linger}\nContent-Length: 0\n\n`,
    )
    if (this.linger < 0) return
    // Whole seconds, and the limit must be exceeded: 5 means 5 to 6 s.
    const now = this.sim.clock.now()
    const until = (Math.floor(now / 1_000) + this.linger + 1) * 1_000
    this.#lingering = this.sim.clock.after(until - now, () => {
      this.look()
      this.finish()
    })
  }

  /**
   * The connection is over, closed by either side. With socket_resume FreeSWITCH resets the channel, even when another
   * connection controls it by now. In any case the channel is no longer controlled.
   */
  finish(): void {
    if (this.finished) return
    this.finished = true
    this.running = false
    this.#release()
    const channel = this.channel
    if (channel && channel.state !== 'CS_HIBERNATE' && !channel.redirect && !channel.transfer && !channel.reset) {
      if (this.resume || channel.variables.isTrue('socket_resume')) channel.setState('CS_RESET')
    }
    const session = channel ? `Controlled-Session-UUID: ${channel.uuid}\nContent-Disposition: disconnect\n` : ''
    this.write(`Content-Type: text/disconnect-notice\n${session}Content-Length: ${GOODBYE.length}\n\n${GOODBYE}`)
    this.wire.end()
    if (!channel) return
    channel.controlled = false
    channel.listeners.delete(this)
    channel.pulse.poke()
    this.sim.destroyWhenFree(channel)
  }

  #take(chunk: Buffer): void {
    this.#silence?.cancel()
    this.#packets.push(...this.#reader.push(chunk))
    if (!this.#busy) void this.#work()
  }

  /** Commands before the end of the stream are run first. A reset (RST) discards them. */
  #hungUp(error: Error | undefined): void {
    this.#over = true
    if (error || !this.#busy) this.finish()
  }

  /** Runs one command after the other; `api` blocks the connection until it has answered. */
  async #work(): Promise<void> {
    this.#busy = true
    for (let packet = this.#packets.shift(); packet && this.running; packet = this.#packets.shift()) {
      const pending = obeyCommand(this, packet)
      if (pending) await pending
      this.#greeted = true
    }
    this.#busy = false
    if (!this.running || this.#over) return this.finish()
    this.#poll?.cancel()
    this.#poll = undefined
    if (!this.#reader.partial) this.look()
    else this.wake()
  }
}
