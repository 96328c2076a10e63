/** The world with the simulated FreeSWITCH: everything in memory, and time moves only when everybody waits for it. */
import { readFileSync } from 'node:fs'
import type { Duration } from '../../../src/base/duration.ts'
import type { Commands } from '../../../src/esl/client.ts'
import type { Wire } from '../../../src/esl/wire.ts'
import { connectionCommands } from '../../../src/testing/commands.ts'
import {
  SimulatedSwitch,
  VirtualClock,
  type Behaviour,
  type DiskState,
  type Person as SimulatedPerson,
} from '../../../src/testing/index.ts'
import { action } from '../../../src/testing/switch/dialplan.ts'
import { DESK, KINDS, PATIENCE_SECONDS, RINGS_MS, type Kind } from './freeswitch-config.ts'
import { Observer } from './observer.ts'
import { SOUNDS } from './sounds.ts'
import { World, type CallOptions, type Listening, type Person, type Place, type Telephone } from './world.ts'

const HOSTS: Readonly<Record<Place, string>> = { a: '127.0.0.1:8084', b: '127.0.0.1:8085' }
const RINGS: Duration = `${RINGS_MS}ms`

const BEHAVIOUR: Readonly<Record<Kind, Behaviour>> = {
  person: { answers: RINGS, speaks: 'human' },
  mute: { answers: RINGS, speaks: 'silence' },
  declines: { answers: 'declined' },
  early: { answers: '2s', early: '183' },
  short: { answers: RINGS, talksFor: '1s' },
  machine: { answers: RINGS, speaks: 'machine' },
  never: { answers: 'never' },
  busy: { answers: 'busy' },
  unallocated: { answers: 'unallocated' },
  congested: { answers: 'congested' },
}

export class SimulatedWorld extends World {
  readonly clock: VirtualClock
  readonly observer: Observer
  readonly files = null
  readonly password = 'simulated'
  readonly doorKey = 'the-key-of-the-door'
  readonly sim: SimulatedSwitch
  #overflow = ''

  private constructor(sim: SimulatedSwitch, clock: VirtualClock, observer: Observer) {
    super('simulated')
    this.sim = sim
    this.clock = clock
    this.observer = observer
    this.#installDialplan()
  }

  static async open(): Promise<SimulatedWorld> {
    const clock = new VirtualClock()
    const sounds = Object.fromEntries(
      Object.entries(SOUNDS).map(([name, milliseconds]) => [name, `${milliseconds}ms` as Duration]),
    )
    const sim = new SimulatedSwitch({
      clock,
      sounds: { ...sounds, 'ivr/nowhere': 'missing', 'moh/nowhere': 'missing' },
      password: 'simulated',
      heartbeat: false,
    })
    return new SimulatedWorld(sim, clock, await Observer.open(sim.connect(), clock, 'simulated'))
  }

  async dialIn({ to, from, name }: Required<CallOptions>): Promise<Person> {
    const context = /^\+?\d+$/.test(to) ? 'public' : 'switchhook'
    return new OnTheLine(
      this.sim.world.call({
        from,
        name,
        to: context === 'public' ? to : `switchhook-${to}`,
        context,
        speaks: 'silence',
      }),
      from,
    )
  }

  telephone(kind: Kind): Telephone {
    const number = `${this.freshNumber('20')}${KINDS[kind]}`
    const endpoint = `sofia/gateway/carrier/${number}`
    const place = this.sim.world.at(endpoint, BEHAVIOUR[kind])
    let known = 0
    return {
      number,
      endpoint,
      rings: async () => {
        const person = place.people[known] ?? (await place.next())
        known++
        const somebody = new OnTheLine(person, number)
        this.people.push(somebody)
        return somebody
      },
    }
  }

  async register(user: string, there = true): Promise<void> {
    if (there) this.sim.world.at(`user/${user}`, BEHAVIOUR.person)
    else this.sim.world.unregister(`user/${user}`)
  }

  desk(): Telephone & { readonly user: string } {
    const endpoint = `user/${DESK.user}`
    const place = this.sim.world.at(endpoint, BEHAVIOUR.never)
    const rings = async () => {
      const somebody = new OnTheLine(await place.next(), DESK.number)
      this.people.push(somebody)
      return somebody
    }
    return { user: DESK.user, number: DESK.number, endpoint, rings }
  }

  async deskCalls(number: string): Promise<Person> {
    const { user } = DESK
    const person = this.sim.world.call({ from: user, user, to: number, context: 'house' })
    const somebody = new OnTheLine(person, user)
    this.people.push(somebody)
    return somebody
  }

  async shownTo(person: Person): Promise<{ name: string; number: string }> {
    const created = await this.observer.seen(event => event.name === 'CHANNEL_CREATE' && event.uuid === person.uuid)
    return { name: created.get('Caller-Caller-ID-Name') ?? '', number: created.get('Caller-Caller-ID-Number') ?? '' }
  }

  async hear(one: Person, other: Person): Promise<void> {
    for (const [speaker, listener] of [
      [one, other],
      [other, one],
    ] as const) {
      const heard = (listener as OnTheLine).person.next('key')
      await speaker.press('5')
      await this.within('3s', heard, `${listener.number} hears ${speaker.number}`)
    }
  }

  async listensFor(person: Person, hertz: number): Promise<() => Promise<boolean>> {
    const { heard } = (person as OnTheLine).person
    const before = heard.length
    return async () => heard.slice(before).some(({ what }) => what.includes(`,${hertz})`))
  }

  async listen(at: Place, onWire: (wire: Wire) => void): Promise<Listening> {
    this.sim.listeners.set(HOSTS[at], onWire)
    return {
      close: () => {
        if (this.sim.listeners.get(HOSTS[at]) === onWire) this.sim.listeners.delete(HOSTS[at])
      },
    }
  }

  address(at: Place): string {
    return HOSTS[at]
  }

  async openWire(): Promise<Wire> {
    return this.sim.connect()
  }

  openCommands(): Promise<Commands> {
    return connectionCommands(this.sim.connect(), { password: this.password, clock: this.clock })
  }

  async fileOn(disk: DiskState): Promise<string> {
    this.sim.disk.becomes(disk)
    return `/recordings/${disk}-${this.freshNumber('')}.wav`
  }

  async setOverflow(endpoint: string): Promise<void> {
    this.#overflow = endpoint
  }

  /**
   * Also checks what only the simulation can see: scheduled tasks, open connections, and Switchhook's commands that it
   * does not know.
   */
  override async leftovers(): Promise<string[]> {
    return [
      ...(await super.leftovers()),
      ...this.sim.unknown
        .filter(what => !this.strange.includes(what))
        .map(what => `the simulation does not know: ${what}`),
    ]
  }

  async close(): Promise<void> {
    await this.observer.close()
    await this.clock.advance(10_000)
    const left = this.sim.leftovers()
    await this.sim.close()
    if (left.length > 0) throw new Error(`left at the simulated switch: ${left.join('; ')}`)
  }

  /** The values of dialplan/ and of the real world's configuration. */
  #installDialplan(): void {
    const { dialplan } = this.sim
    dialplan.installEntry(Object.values(HOSTS), { key: this.doorKey, deadMansSwitch: PATIENCE_SECONDS })
    dialplan.extension('switchhook-sorry', () => [
      action('sched_cancel'),
      action('sched_hangup', '+14400 ALLOTTED_TIMEOUT'),
      action('unset', 'transfer_after_bridge'),
      action('set', 'socket_resume=false'),
      action('answer'),
      action('playback', 'sorry.wav'),
      ...(this.#overflow === ''
        ? []
        : [
            action('set', 'continue_on_fail=true'),
            action('set', 'hangup_after_bridge=true'),
            action('bridge', this.#overflow),
          ]),
      action('hangup', 'NORMAL_TEMPORARY_FAILURE'),
    ])
    dialplan.extension(
      /^(\+?[0-9]{5,20})$/,
      match => [
        action('set', `switchhook_dialled=${match[1]}`),
        action('transfer', 'switchhook-welcome XML switchhook'),
      ],
      { context: 'public' },
    )
    const codes = ['02_switchhook_agents.xml', '03_switchhook_park.xml']
      .map(file => readFileSync(new URL(`../../../dialplan/${file}`, import.meta.url), 'utf8'))
      .join('')
    for (const [, pattern = '', body = ''] of codes.matchAll(/expression="([^"]+)">([^]*?)<\/condition>/g)) {
      const actions = [...body.matchAll(/application="([^"]+)" data="([^"]*)"/g)]
      dialplan.extension(
        new RegExp(pattern),
        match => actions.map(([, name = '', data = '']) => action(name, data.replaceAll('$1', match[1] ?? ''))),
        { context: 'house' },
      )
    }
    dialplan.extension(/^(switchhook-[a-z0-9-]+)$/, match => [action('transfer', `${match[1]} XML switchhook`)], {
      context: 'house',
    })
    dialplan.extension('7000', [action('answer'), action('playback', 'silence_stream://120000')], {
      context: 'elsewhere',
    })
  }
}

class OnTheLine implements Person {
  readonly person: SimulatedPerson
  readonly number: string
  readonly answered: Promise<void>
  readonly ended: Promise<string>

  constructor(person: SimulatedPerson, number: string) {
    this.person = person
    this.number = number
    this.answered = person.state === 'up' ? Promise.resolve() : person.next('answered').then(() => {})
    this.ended = person.state === 'gone' ? Promise.resolve(person.cause ?? '') : person.next('ended')
  }

  get uuid(): string {
    return this.person.uuid
  }

  async hangUp(): Promise<void> {
    this.person.hangUp()
  }

  async press(keys: string): Promise<void> {
    this.person.press(keys)
  }

  async holds(on: boolean): Promise<void> {
    this.person.holds(on)
  }
}
