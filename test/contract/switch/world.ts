/**
 * The world of a contract test: people with telephones, nodes of Switchhook, and FreeSWITCH between them. There are two
 * worlds, one with the simulated FreeSWITCH in virtual time and one with a real FreeSWITCH in real time. No test can
 * tell in which one it runs.
 */
import type { Clock } from '../../../src/base/clock.ts'
import { ms, type Duration } from '../../../src/base/duration.ts'
import type { Commands } from '../../../src/esl/client.ts'
import type { SwitchEvent } from '../../../src/esl/event.ts'
import type { Wire } from '../../../src/esl/wire.ts'
import type { DiskState } from '../../../src/testing/index.ts'
import { PATIENCE_MS } from '../../patience.ts'
import type { Kind } from './freeswitch-config.ts'
import { Node, type NodeOptions } from './node.ts'
import type { Observer } from './observer.ts'

/** The two addresses of the dialplan's list. */
export type Place = 'a' | 'b'

/** A person with a telephone, as FreeSWITCH sees them: the leg on its side and the person at the far end. */
export interface Person {
  /** The leg that a flow gets. */
  readonly uuid: string
  readonly number: string
  /** Resolves when their telephone is connected. */
  readonly answered: Promise<void>
  /** Resolves with the cause that their telephone received (or sent). */
  readonly ended: Promise<string>
  hangUp(): Promise<void>
  press(keys: string): Promise<void>
  /** The hold key of their telephone: it sends a re-INVITE. */
  holds(on: boolean): Promise<void>
}

export interface CallOptions {
  /** A flow's name, or a number that the DID sample routes. Default: the flow `welcome`. */
  to?: string
  from?: string
  name?: string
}

export interface Telephone {
  readonly endpoint: string
  readonly number: string
  /** The next time that it rings. */
  rings(): Promise<Person>
}

/** Never used twice in a run: a test must not take an event of the test before for its own. */
let numbers = 0

export interface Listening {
  close(): void
}

export abstract class World {
  abstract readonly clock: Clock
  abstract readonly observer: Observer
  abstract readonly password: string
  /** DOOR_KEY of the nodes. */
  abstract readonly doorKey: string
  readonly nodes: Node[] = []
  readonly people: Person[] = []
  /** Closed when the sentence has ended, also when it failed. */
  readonly opened: Disposable[] = []
  /** What the real FreeSWITCH opened to the nodes of the sentence. Closed after the nodes. */
  readonly accepted: Wire[] = []
  /**
   * Commands of a sentence that no FreeSWITCH knows: ['event NO_SUCH_EVENT']. The simulation reports every other
   * unknown one.
   */
  readonly strange: string[] = ['application no_such_application']
  readonly kind: 'simulated' | 'real'

  constructor(kind: 'simulated' | 'real') {
    this.kind = kind
  }

  /** A person outside calls Switchhook. Resolves when the leg exists. */
  abstract dialIn(options: Required<CallOptions>): Promise<Person>
  abstract telephone(kind: Kind): Telephone
  /** The telephone of a user of FreeSWITCH registers, or ends its registration. */
  abstract register(user: string, there?: boolean): Promise<void>
  /** The telephone of the one user in the directory. */
  abstract desk(): Telephone & { readonly user: string }
  /** That telephone calls a number, with its password. Resolves when the leg exists. */
  abstract deskCalls(number: string): Promise<Person>
  /** The caller's number that their telephone shows. */
  abstract shownTo(person: Person): Promise<{ name: string; number: string }>
  /** Both hear each other: proved by sound, not by events. */
  abstract hear(one: Person, other: Person): Promise<void>
  /**
   * Listens at their telephone, where nothing else is played, until it is asked: has this tone been heard? Needs half a
   * second before it hears anything.
   */
  abstract listensFor(person: Person, hertz: number): Promise<() => Promise<boolean>>
  /** Accepts connections at one address of the dialplan's list. */
  abstract listen(at: Place, onWire: (wire: Wire) => void): Promise<Listening>

  /** A node that accepts connections and sends nothing. FreeSWITCH waits for it for as long as they are open. */
  saysNothing(at: Place): Promise<Listening> {
    return this.listen(at, wire => {
      wire.listen({ data() {}, close() {} })
      this.opened.push({ [Symbol.dispose]: () => wire.destroy() })
    })
  }
  /** host:port of that address, as the dialplan has it. */
  abstract address(at: Place): string
  abstract openWire(): Promise<Wire>
  abstract openCommands(): Promise<Commands>
  /** The number to which the fallback of the dialplan sends a call; '' is none. */
  abstract setOverflow(endpoint: string): Promise<void>
  /** FreeSWITCH's folder for recordings, when this world has files. */
  abstract readonly files: { size(path: string): Promise<number> } | null
  /** Where a recording may be written: on a disk that is fine, that cannot be written to, or that is full. */
  abstract fileOn(disk: DiskState): Promise<string>
  abstract close(): Promise<void>

  async call(options: CallOptions = {}): Promise<Person> {
    const from = options.from ?? this.freshNumber('30')
    const person = await this.within(
      '5s',
      this.dialIn({ to: options.to ?? 'welcome', from, name: options.name ?? 'Ada Caller' }),
      'the call is there',
    )
    this.people.push(person)
    return person
  }

  async node(at: Place, options: NodeOptions = {}): Promise<Node> {
    const node = await this.within('5s', Node.open(this, at, options), `node ${at} is open`)
    this.nodes.push(node)
    return node
  }

  /**
   * Resolves when the leg of this person begins to play the sound, the next time after the last one that was awaited.
   */
  async hears(person: Person, sound: string, limit: Duration = '5s'): Promise<void> {
    await this.within(
      limit,
      this.observer.following(
        person.uuid,
        event => event.uuid === person.uuid && event.name === 'PLAYBACK_START' && isSound(event, sound),
      ),
      `${sound} is heard`,
    )
  }

  /** An event of this leg, in the past or within the limit. */
  event(uuid: string, name: string, limit: Duration = '5s'): Promise<SwitchEvent> {
    return this.within(
      limit,
      this.observer.seen(event => event.name === name && event.uuid === uuid),
      `${name} of ${uuid.slice(0, 8)}`,
    )
  }

  /**
   * Has the watchdog of the dialplan transferred this leg to the retry extension? A leg that continues by itself never
   * enters it.
   */
  thrown(uuid: string): boolean {
    return this.observer.heard.some(
      ({ event }) =>
        event.uuid === uuid && (event.get('Caller-Destination-Number') ?? '').startsWith('switchhook-retry-'),
    )
  }

  /** How each playback of this sound on this leg ended: 'done' at its end, 'break' before. */
  endsOf(uuid: string, sound: string): string[] {
    const stops = this.observer.heard.filter(
      ({ event }) => event.uuid === uuid && event.name === 'PLAYBACK_STOP' && isSound(event, sound),
    )
    return stops.map(({ event }) => event.get('Playback-Status') ?? '')
  }

  /** Every wait of a test has a limit. In real time it only ends a sentence that fails. */
  within<T>(limit: Duration, promise: Promise<T>, what = 'it'): Promise<T> {
    const limitMs = this.kind === 'real' ? PATIENCE_MS : ms(limit)
    const late = new Error(`not within ${limitMs} ms: ${what}`)
    return new Promise((resolve, reject) => {
      const timer = this.clock.after(limitMs, () => reject(late))
      this.opened.push({ [Symbol.dispose]: () => timer.cancel() }) // nobody waits for the loser of a race
      promise.then(resolve, reject).finally(() => timer.cancel())
    })
  }

  /** Asks again and again until it is so. */
  async until(limit: Duration, holds: () => Promise<boolean>): Promise<void> {
    const deadline = this.clock.monotonic() + (this.kind === 'real' ? PATIENCE_MS : ms(limit))
    while (!(await holds())) {
      if (this.clock.monotonic() > deadline) throw new Error(`not within ${limit}`)
      await this.pause('50ms')
    }
  }

  /** Lets time pass, to see that something does not happen in it. */
  pause(duration: Duration): Promise<void> {
    return new Promise(resolve => this.clock.after(ms(duration), resolve))
  }

  async exists(uuid: string): Promise<boolean> {
    return (await this.observer.api(`uuid_exists ${uuid}`)).trim() === 'true'
  }

  /** A number that nobody else has in this test. */
  freshNumber(prefix: string): string {
    return `49${prefix}${String(++numbers % 1_000_000).padStart(6, '0')}`
  }

  /**
   * Everybody outside hangs up. Then no leg may be left, and no node may remember one.
   * Checked with uuid_exists: `show channels` keeps a dead leg for the time that its connection lingers.
   */
  async leftovers(): Promise<string[]> {
    for (const person of this.people) await person.hangUp()
    const created = new Set(
      this.observer.heard.filter(({ event }) => event.name === 'CHANNEL_CREATE').map(({ event }) => event.uuid!),
    )
    const rest = new Set<string>()
    for (let tries = 0; tries < 60; tries++) {
      rest.clear()
      for (const uuid of created) if (await this.exists(uuid)) rest.add(`leg ${uuid} (${this.#nameOf(uuid)})`)
      for (const node of this.nodes)
        for (const [uuid, leg] of node.remembered) rest.add(`node ${node.at} remembers ${uuid} (${leg.phase})`)
      if (rest.size === 0) return []
      await this.pause('50ms')
    }
    const left = [...rest]
    for (const uuid of created) await this.observer.api(`uuid_kill ${uuid}`)
    return left
  }

  #nameOf(uuid: string): string {
    const events = this.observer.heard.filter(({ event }) => event.uuid === uuid)
    return `${events[0]?.event.get('Channel-Name')}, last ${events.at(-1)?.event.name}`
  }
}

export const isSound = (event: SwitchEvent, sound: string): boolean =>
  (event.get('Playback-File-Path') ?? '').endsWith(`${sound}.wav`)
