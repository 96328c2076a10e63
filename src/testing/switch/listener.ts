/** One event-socket connection of the switch, in either direction: what it subscribed to, when it writes, how it ends. */
import type { Timer } from '../../base/clock.ts'
import type { Wire } from '../../esl/wire.ts'
import type { Channel } from './channel.ts'
import { obeyCommand } from './commands.ts'
import type { EventFormat, SwitchEvent } from './event.ts'
import { asksFor, type Filter } from './filters.ts'
import { PacketReader, type Packet } from './packet.ts'
import type { SimulatedSwitch } from './simulated-switch.ts'

/** A listener looks at its queue whenever a command comes, and at least so often. */
const POLL_MS = 20

/** An application that says nothing after it was connected to is given up. */
const FIRST_PACKET_MS = 24_800

const GOODBYE = 'Disconnected, goodbye.\nSee you at ClueCon! http://www.cluecon.com/\n'

/** A wire takes text as latin1, which is the same for these. */
const ASCII = /^[\x00-\x7f]*$/

export class Listener {
  readonly sim: SimulatedSwitch
  readonly wire: Wire
  /** 'host:port' that an outbound connection went to, 'inbound' for the port. */
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
  /** Seconds; -1 = for ever; undefined = not at all. */
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

  /** Asked for what happens to its own leg, and for nothing else: of other legs' events nothing could pass. */
  narrow = false

  #isNarrow(): boolean {
    if (this.myEvents) return this.channel !== undefined
    const [filter] = this.filters
    return (
      this.outbound && this.filters.length === 1 && filter!.name === 'Unique-ID' && filter!.value === this.channel?.uuid
    )
  }

  /** Queues the event if this connection asked for it. */
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

  /** Takes an event that was diverted to it; it comes behind those that wait already, and waits itself until this connection asks for any events. */
  divert(event: SwitchEvent): void {
    if (!this.running) return
    this.#diverted.push(event)
    this.wake()
  }

  /** Sees to the queue and the channel's state at the next look. */
  wake(): void {
    if (this.#poll || this.finished || this.#busy) return
    const since = (this.sim.clock.monotonic() - this.#lastPoll) % POLL_MS
    this.#poll = this.sim.clock.after(POLL_MS - since, () => {
      this.#poll = undefined
      this.look()
    })
  }

  /** The first command that an application says is obeyed, but only `connect` and `api` answer it: they write for themselves. */
  reply(text: string): void {
    if (this.#greeted || !this.outbound)
      this.write(`Content-Type: command/reply\nReply-Text: ${text || '-ERR command not found'}\n\n`)
  }

  /**
   * Said once more while it lingers, the new number is taken for a moment in 1970: the connection ends at the next look. -1 is for ever
   * (mod_event_socket keeps seconds and moments in one variable).
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

  /** Subscribed to something: from now on events are offered. */
  subscribe(wants: boolean): void {
    this.wantsEvents = wants
    this.narrow = this.#isNarrow()
    if (wants && !this.narrow) this.sim.wide.add(this)
    else this.sim.wide.delete(this)
  }

  /** The switch lost its power. */
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

  /** Writes what is queued; then the end of the channel, if it ended. */
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
    // Whole seconds, and the limit itself must be over: 5 means 5 to 6.
    const now = this.sim.clock.now()
    const until = (Math.floor(now / 1_000) + this.linger + 1) * 1_000
    this.#lingering = this.sim.clock.after(until - now, () => {
      this.look()
      this.finish()
    })
  }

  /**
   * The connection is over, whoever closed it. With socket_resume the channel is torn out of whatever it does, even when another
   * connection drives it by now; in any case it is no longer under control.
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

  /** What came before the end of the stream is obeyed first; a reset throws it away. */
  #hungUp(error: Error | undefined): void {
    this.#over = true
    if (error || !this.#busy) this.finish()
  }

  /** One command after the other; `api` blocks the connection until it has answered. */
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
