/** The world with a real FreeSWITCH: people outside are legs of its profile `outside`, and time is real. */
import { readFile, stat, symlink } from 'node:fs/promises'
import { systemClock } from '../../../src/base/clock.ts'
import { silentLog } from '../../../src/base/log.ts'
import { CommandLink, type Commands } from '../../../src/esl/client.ts'
import { openListener } from '../../../src/esl/listener.ts'
import { connectTcp } from '../../../src/esl/tcp.ts'
import type { DiskState } from '../../../src/testing/index.ts'
import type { Wire } from '../../../src/esl/wire.ts'
import { newUuid } from '../../../src/esl/safe-text.ts'
import { DESK, KINDS, type Kind } from './freeswitch-config.ts'
import type { FreeSwitch } from './freeswitch.ts'
import { Observer } from './observer.ts'
import { isHeardIn } from '../survival/listening.ts'
import { registers } from './sip-telephone.ts'
import { World, type CallOptions, type Listening, type Person, type Place, type Telephone } from './world.ts'

export class RealWorld extends World {
  readonly clock = systemClock
  readonly observer: Observer
  readonly files = { size: async (path: string) => (await stat(path)).size }
  readonly #switch: FreeSwitch

  private constructor(freeswitch: FreeSwitch, observer: Observer) {
    super('real')
    this.#switch = freeswitch
    this.observer = observer
  }

  static async open(freeswitch: FreeSwitch): Promise<RealWorld> {
    const wire = await connectTcp('127.0.0.1', freeswitch.ports.eventSocket)
    const world = new RealWorld(freeswitch, await Observer.open(wire, systemClock, freeswitch.password))
    await world.setOverflow('')
    return world
  }

  get password(): string {
    return this.#switch.password
  }

  get doorKey(): string {
    return this.#switch.doorKey
  }

  dialIn({ to, from, name }: Required<CallOptions>): Promise<Person> {
    const destination = /^\+?\d+$/.test(to) ? to : `switchhook-${to}`
    return this.#call(`sofia/outside/${destination}@127.0.0.1:${this.#switch.ports.inside}`, from, name)
  }

  async #call(endpoint: string, from: string, name: string): Promise<Person> {
    const far = newUuid()
    const callId = `contract-${far}`
    const variables = `origination_uuid=${far},sip_invite_call_id=${callId},origination_caller_id_number=${from},origination_caller_id_name=${name.replaceAll(' ', '\\s')}`
    const near = this.observer.seen(
      event => event.name === 'CHANNEL_CREATE' && event.uuid !== far && event.variable('sip_call_id') === callId,
    )
    void this.observer.job(`originate {${variables}}${endpoint} &playback(silence_stream://-1,1400)`)
    return new RealPerson(this.observer, far, (await near).uuid!, from)
  }

  telephone(kind: Kind): Telephone {
    return this.#telephone(`${this.freshNumber('20')}${KINDS[kind]}`)
  }

  #telephone(number: string): Telephone {
    return {
      number,
      endpoint: `sofia/gateway/carrier/${number}`,
      rings: async () => {
        const near = this.observer.following(
          number,
          event => event.name === 'CHANNEL_CREATE' && event.get('Channel-Name') === `sofia/trunk/${number}`,
        )
        const far = this.observer.following(
          `${number} far`,
          event =>
            event.name === 'CHANNEL_CREATE' &&
            event.get('Caller-Destination-Number') === number &&
            (event.get('Channel-Name') ?? '').startsWith('sofia/outside/'),
        )
        const person = new RealPerson(this.observer, (await far).uuid!, (await near).uuid!, number)
        this.people.push(person)
        return person
      },
    }
  }

  register(user: string, there = true): Promise<void> {
    return registers(user, this.#switch.ports.inside, there)
  }

  desk(): Telephone & { readonly user: string } {
    const number = `${DESK.number}${KINDS.never}`
    return { ...this.#telephone(number), endpoint: `user/${DESK.user}`, user: DESK.user }
  }

  async deskCalls(number: string): Promise<Person> {
    const person = await this.#call(`sofia/gateway/desk/${number}`, DESK.user, 'Desk')
    this.people.push(person)
    return person
  }

  async shownTo(person: Person): Promise<{ name: string; number: string }> {
    const created = await this.observer.seen(
      event => event.name === 'CHANNEL_CREATE' && event.uuid === (person as RealPerson).far,
    )
    return { name: created.get('Caller-Caller-ID-Name') ?? '', number: created.get('Caller-Caller-ID-Number') ?? '' }
  }

  async hear(one: Person, other: Person): Promise<void> {
    for (const [speaker, listener] of [
      [one, other],
      [other, one],
    ] as const) {
      const heard = this.observer.next(event => event.name === 'DTMF' && event.uuid === (listener as RealPerson).far)
      await speaker.press('5')
      await this.within('3s', heard, `${listener.number} hears ${speaker.number}`)
    }
  }

  async listensFor(person: Person, hertz: number): Promise<() => Promise<boolean>> {
    const { far } = person as RealPerson
    const path = `${this.#switch.folder}/recordings/heard-${this.freshNumber('')}.wav`
    await this.observer.api(`uuid_record ${far} start ${path}`)
    return async () => {
      await this.observer.api(`uuid_record ${far} stop ${path}`)
      return isHeardIn(await readFile(path), hertz)
    }
  }

  async listen(at: Place, onWire: (wire: Wire) => void): Promise<Listening> {
    const { nodeA, nodeB } = this.#switch.ports
    const listener = await openListener({
      host: '127.0.0.1',
      port: at === 'a' ? nodeA : nodeB,
      allow: ['127.0.0.0/8'],
      log: silentLog,
      onWire: wire => {
        this.accepted.push(wire)
        onWire(wire)
      },
    })
    return { close: () => listener.stopListening() }
  }

  address(at: Place): string {
    return `127.0.0.1:${at === 'a' ? this.#switch.ports.nodeA : this.#switch.ports.nodeB}`
  }

  openWire(): Promise<Wire> {
    return connectTcp('127.0.0.1', this.#switch.ports.eventSocket)
  }

  async openCommands(): Promise<Commands> {
    const link = new CommandLink({
      name: 'switch',
      host: '127.0.0.1',
      port: this.#switch.ports.eventSocket,
      password: this.password,
      clock: this.clock,
      log: silentLog,
    })
    await link.start()
    return link
  }

  /** Nothing can be created below a device, not even by root, and /dev/full accepts no data. */
  async fileOn(disk: DiskState): Promise<string> {
    const path = `${disk === 'missing' ? '/dev/null' : `${this.#switch.folder}/recordings`}/${disk}-${this.freshNumber('')}.wav`
    if (disk === 'full') await symlink('/dev/full', path)
    return path
  }

  async setOverflow(endpoint: string): Promise<void> {
    await this.observer.api(`global_setvar switchhook_overflow=${endpoint}`)
  }

  close(): Promise<void> {
    return this.observer.close()
  }
}

class RealPerson implements Person {
  readonly uuid: string
  readonly number: string
  readonly far: string
  readonly answered: Promise<void>
  readonly ended: Promise<string>
  readonly #observer: Observer

  constructor(observer: Observer, far: string, near: string, number: string) {
    this.#observer = observer
    this.far = far
    this.uuid = near
    this.number = number
    const mine = (name: string) => observer.seen(event => event.name === name && event.uuid === far)
    this.answered = mine('CHANNEL_ANSWER').then(() => {})
    this.ended = mine('CHANNEL_HANGUP').then(event => event.get('Hangup-Cause') ?? '')
  }

  async hangUp(): Promise<void> {
    await this.#observer.api(`uuid_kill ${this.far}`)
  }

  async press(keys: string): Promise<void> {
    await this.#observer.api(`uuid_send_dtmf ${this.far} ${keys}@100`)
  }

  async holds(on: boolean): Promise<void> {
    await this.#observer.api(`uuid_hold ${on ? '' : 'off '}${this.far}`)
  }
}
