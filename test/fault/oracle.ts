/**
 * The independent witness: it sees every octet that reaches the simulated FreeSWITCH and every event that it sends, and
 * asks Switchhook nothing. It knows which node drives a leg, which node sent which command, what people heard and when,
 * who was called and which talks were cut.
 */
import type { Channel } from '../../src/testing/switch/channel.ts'
import type { Listener } from '../../src/testing/switch/listener.ts'
import { PacketReader } from '../../src/testing/switch/packet.ts'
import type { SimulatedSwitch } from '../../src/testing/index.ts'

/** One command of an application, as FreeSWITCH received it. Times are those of performance.now(). */
export interface Command {
  readonly at: number
  readonly node: string
  /** The leg that it is about, if that is visible: of an outbound connection its own leg. */
  readonly uuid: string | undefined
  /** 'connect', 'api uuid_bridge …', or 'sendmsg playback …' for an application. */
  readonly text: string
}

/** An application that a leg began to execute: a sound, or something that waits for keys. */
export interface Sound {
  readonly at: number
  readonly uuid: string
  readonly what: string
}

/** A leg that FreeSWITCH created for a command. */
export interface Originated {
  readonly at: number
  readonly uuid: string
  /** Its destination: 'user/alice'. */
  readonly to: string
  /** The node whose originate named this uuid; '' when there is none. */
  readonly node: string
}

export interface Talk {
  readonly a: string
  readonly b: string
  readonly from: number
  until: number | undefined
}

const SOUNDS = new Set(['playback', 'play_and_get_digits', 'say', 'endless_playback', 'phrase'])
const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/

export class Oracle {
  readonly sim: SimulatedSwitch
  readonly commands: Command[] = []
  readonly sounds: Sound[] = []
  readonly originated: Originated[] = []
  readonly talks: Talk[] = []
  /** Outbound connections in the order in which they were opened: when, for whom, to which node. */
  readonly brought: {
    readonly at: number
    readonly uuid: string
    readonly node: string
    closed: number | undefined
  }[] = []
  /**
   * Called with every command before FreeSWITCH executes it: the place to kill a node between an effect and its record.
   */
  onCommand: ((command: Command) => void) | null = null
  /** Called when a talk begins. */
  onTalk: ((talk: Talk) => void) | null = null
  readonly #nodeAt = new Map<string, string>()
  readonly #asked = new Map<string, string>()

  constructor(sim: SimulatedSwitch) {
    this.sim = sim
    const add = sim.listening.add.bind(sim.listening)
    sim.listening.add = listener => {
      this.#witness(listener)
      return add(listener)
    }
    const fire = sim.fire.bind(sim)
    sim.fire = (name, channel, parts) => {
      if (channel) this.#see(name, channel, new Map([...(parts?.before ?? []), ...(parts?.after ?? [])]))
      fire(name, channel, parts)
    }
  }

  /**
   * Returns which node listens at 'host:port'. Listeners of the inbound port already carry the name of their node
   * ('inbound a').
   */
  name(address: string, node: string): void {
    this.#nodeAt.set(address, node)
  }

  /** The node whose connection drives this leg; '' when there is none. */
  drivenBy(uuid: string): string {
    const open = [...(this.sim.channels.get(uuid)?.listeners ?? [])].filter(
      one => one.outbound && one.connected && !one.finished,
    )
    const last = open.at(-1)
    return last ? this.#nodeOf(last) : ''
  }

  /**
   * When each of these legs began to hear something after `at`, in milliseconds after it; Infinity for those that did
   * not.
   */
  heardAgain(uuids: readonly string[], at: number): number[] {
    const first = new Map<string, number>()
    for (const sound of this.sounds) if (sound.at > at && !first.has(sound.uuid)) first.set(sound.uuid, sound.at - at)
    return uuids.map(uuid => first.get(uuid) ?? Infinity)
  }

  /** Commands that this node sent in (from, to]. `connect` and `exit` change nothing and are left out. */
  commandsOf(node: string, from: number, to = Infinity): Command[] {
    return this.commands.filter(
      one => one.node === node && one.at > from && one.at <= to && !/^(connect|exit|auth)/.test(one.text),
    )
  }

  /** Talks that ended in (from, to]. */
  cut(from: number, to: number): Talk[] {
    return this.talks.filter(talk => talk.until !== undefined && talk.until > from && talk.until <= to)
  }

  #nodeOf(listener: Listener): string {
    return listener.outbound
      ? (this.#nodeAt.get(listener.address) ?? listener.address)
      : listener.address.replace(/^inbound ?/, '')
  }

  /** Every octet of a connection passes here first. */
  #witness(listener: Listener): void {
    const node = this.#nodeOf(listener)
    const own = listener.channel?.uuid
    const brought =
      own === undefined ? null : { at: performance.now(), uuid: own, node, closed: undefined as number | undefined }
    if (brought) this.brought.push(brought)
    const { wire } = listener
    const listen = wire.listen.bind(wire)
    const reader = new PacketReader()
    wire.listen = handlers =>
      listen({
        data: chunk => {
          for (const packet of reader.push(chunk)) this.#hear(node, own, packet.command, packet.headers)
          handlers.data(chunk)
        },
        close: error => {
          if (brought) brought.closed = performance.now()
          handlers.close(error)
        },
      })
  }

  #hear(node: string, own: string | undefined, line: string, headers: ReadonlyMap<string, string>): void {
    const application = headers.get('execute-app-name')
    const text =
      application === undefined ? line : `sendmsg ${application} ${headers.get('execute-app-arg') ?? ''}`.trimEnd()
    if (/^(bg)?api originate /.test(line)) {
      const named = /origination_uuid='?([0-9a-f-]{36})/.exec(line)?.[1]
      if (named !== undefined) this.#asked.set(named, node)
    }
    const uuid = own ?? UUID.exec(line)?.[0]
    const command = { at: performance.now(), node, uuid, text }
    this.commands.push(command)
    this.onCommand?.(command)
  }

  #see(name: string, channel: Channel, headers: ReadonlyMap<string, string>): void {
    const at = performance.now()
    const { uuid } = channel
    if (name === 'CHANNEL_EXECUTE') {
      const application = headers.get('Application') ?? ''
      if (SOUNDS.has(application))
        this.sounds.push({ at, uuid, what: `${application} ${headers.get('Application-Data') ?? ''}` })
    } else if (name === 'CHANNEL_CREATE' && channel.direction === 'outbound') {
      this.originated.push({ at, uuid, to: channel.name, node: this.#asked.get(uuid) ?? '' })
    } else if (name === 'CHANNEL_BRIDGE') {
      const talk: Talk = {
        a: headers.get('Bridge-A-Unique-ID') ?? '',
        b: headers.get('Bridge-B-Unique-ID') ?? '',
        from: at,
        until: undefined,
      }
      this.talks.push(talk)
      this.onTalk?.(talk)
    } else if (name === 'CHANNEL_UNBRIDGE') {
      const talk = this.talks.findLast(one => one.a === headers.get('Bridge-A-Unique-ID') && one.until === undefined)
      if (talk) talk.until = at
    }
  }
}
