/** The world outside FreeSWITCH: people who call, and telephones that can be called. */
import { ms, type Duration } from '../../base/duration.ts'
import type { Channel } from './channel.ts'
import { farEndLeaves } from './farewell.ts'
import { answer, earlyMedia, ringing } from './media.ts'
import { Person, type Voice } from './person.ts'
import type { SimulatedSwitch } from './simulated-switch.ts'
import { incomingProfile, incomingVariables } from './sip.ts'
import { live } from './thread.ts'

/** The reaction of a phone to a call. */
export interface Behaviour {
  /** A duration: the ring time until the answer. Otherwise what happens instead. */
  answers: Duration | 'busy' | 'never' | 'unallocated' | 'declined' | 'congested'
  /** Time from the dial until the phone rings, or until what happens instead. Default 20ms, and never less. */
  ringsAfter?: Duration
  /** Sends early media (183) instead of ringing (180). */
  early?: '183'
  /** The greeting after the answer. Default 'silence'. */
  speaks?: Voice
  /** Hangs up this long after the answer. Default: never. */
  talksFor?: Duration
  /** Called when the phone rings, for scripted people. */
  rings?: (person: Person) => void
}

export interface IncomingCall {
  from: string
  name?: string
  /** The extension. */
  to: string
  /** The context of the dialplan. Default 'switchhook'. */
  context?: string
  /** The user of the directory whose telephone calls, with the right password. */
  user?: string
  variables?: Record<string, string>
  speaks?: Voice
  talksFor?: Duration
  uuid?: string
}

/** Time for a SIP message between a phone and FreeSWITCH and its answer. */
const SIP_MS = 20

/** Largest number of lines in the transcript; the older half is removed when it is full. */
const LONGEST_TRANSCRIPT = 100_000

/** Number of people that a phone keeps: each references a whole channel, and phones of the demo ring for days. */
const REMEMBERED = 5

/** The trunk of the FreeSWITCH laboratory: the last digit of the number decides. */
const CARRIER: Readonly<Record<string, Behaviour>> = {
  5: { answers: '600ms', speaks: 'human', talksFor: '2.5s' },
  6: { answers: '600ms', speaks: 'machine' },
  7: { answers: 'never' },
  8: { answers: 'busy' },
  9: { answers: 'unallocated' },
}
const SOMEBODY: Behaviour = { answers: '600ms', speaks: 'human' }

/** A phone at an address, and the people of its latest calls. */
export class Place {
  readonly address: string
  behaviour: Behaviour
  /** Number of calls that rang here. */
  rang = 0
  /** The people of the latest calls, at most REMEMBERED, the latest last. */
  readonly people: Person[] = []
  #waiting: ((person: Person) => void)[] = []

  constructor(address: string, behaviour: Behaviour) {
    this.address = address
    this.behaviour = behaviour
  }

  /** Resolves with the person of the next call that rings here. */
  next(): Promise<Person> {
    return new Promise(resolve => this.#waiting.push(resolve))
  }

  get last(): Person | undefined {
    return this.people.at(-1)
  }

  ring(person: Person): void {
    this.rang++
    this.people.push(person)
    if (this.people.length > REMEMBERED) this.people.shift()
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve(person)
  }
}

export class World {
  readonly sim: SimulatedSwitch
  readonly #places = new Map<string, Place>()
  readonly #users = new Set<string>()
  readonly #patterns: { pattern: RegExp; behaviour: Behaviour }[] = []
  /** The people on a line now. */
  readonly people = new Set<Person>()

  constructor(sim: SimulatedSwitch) {
    this.sim = sim
  }

  /** Places an inbound call. The channel exists at once; the dialplan runs afterwards. */
  call(call: IncomingCall): Person {
    const { sim } = this
    const uuid = call.uuid ?? sim.newUuid()
    const profile = incomingProfile(sim, uuid, {
      from: call.from,
      name: call.name ?? call.from,
      to: call.to,
      context: call.context ?? 'switchhook',
    })
    const channel = sim.createChannel(uuid, profile.fields.channelName, 'inbound', profile)
    incomingVariables(channel, call.user)
    for (const [name, value] of Object.entries(call.variables ?? {})) channel.variables.set(name, value)
    const person = new Person(this, call.name ?? call.from, channel, 'calling', call.speaks ?? 'silence')
    channel.person = person
    this.people.add(person)
    if (call.talksFor !== undefined) this.#leaveAfter(person, call.talksFor)
    this.note(person, `calls ${call.to}`)
    sim.clock.whenAwake(() => {
      channel.setState('CS_INIT')
      void live(channel)
    })
    return person
  }

  /**
   * Sets the reaction of an address, or of all addresses that match an expression: 'user/alice',
   * 'sofia/gateway/carrier/2001', 'loopback/9'. A `user/` address exists and is registered only after this call.
   * Numbers of a known gateway react by their last digit without it.
   */
  at(address: string, behaviour: Behaviour): Place
  at(address: RegExp, behaviour: Behaviour): void
  at(address: string | RegExp, behaviour: Behaviour): Place | void {
    if (typeof address !== 'string') return void this.#patterns.unshift({ pattern: address, behaviour })
    const place = this.#places.get(address) ?? new Place(address, behaviour)
    place.behaviour = behaviour
    const isNew = !this.#places.has(address)
    this.#places.set(address, place)
    this.#users.add(address)
    if (isNew) this.#tellsRegistration(address, 'register')
    return place
  }

  /** Removes a phone: `user/alice` is no longer registered, and nobody is told. */
  remove(address: string): void {
    this.#places.delete(address)
  }

  /** A phone ends its registration (`unregister`), or does not renew it in time (`expire`). */
  unregister(address: string, how: 'unregister' | 'expire' = 'unregister'): void {
    this.remove(address)
    this.#tellsRegistration(address, how)
  }

  #tellsRegistration(address: string, what: 'register' | 'unregister' | 'expire'): void {
    const user = userIn(address)
    if (user !== undefined)
      this.sim.fire('CUSTOM', undefined, {
        subclass: `sofia::${what}`,
        after: [
          ['profile-name', 'internal'],
          ['from-user', user],
          ['from-host', '127.0.0.1'],
          ['status', 'Registered(UDP)'],
          ['expires', '3600'],
        ],
      })
  }

  /** The users whose phones are registered. */
  get registered(): readonly string[] {
    return [...this.#places.keys()].flatMap(address => userIn(address) ?? [])
  }

  /** True when the directory has this user, with a registered phone or without. */
  knows(address: string): boolean {
    return this.#users.has(address)
  }

  /** The phone at an address; undefined for a user without a registered phone. */
  find(address: string): Place | undefined {
    const place = this.#places.get(address)
    if (place) return place
    const known = this.#patterns.find(({ pattern }) => pattern.test(address))
    if (known) return new Place(address, known.behaviour)
    if (address.startsWith('user/')) return undefined
    return new Place(address, CARRIER[address.at(-1)!] ?? SOMEBODY)
  }

  /** An outbound leg reaches a phone. */
  ring(channel: Channel, place: Place): void {
    const { behaviour } = place
    channel.later(Math.max(SIP_MS, ms(behaviour.ringsAfter ?? '0ms')), () => {
      if (behaviour.answers === 'busy') return farEndLeaves(channel, 'USER_BUSY')
      if (behaviour.answers === 'unallocated') return farEndLeaves(channel, 'UNALLOCATED_NUMBER')
      if (behaviour.answers === 'congested') return farEndLeaves(channel, 'NORMAL_TEMPORARY_FAILURE')
      const name = place.address.slice(place.address.lastIndexOf('/') + 1)
      const person = new Person(this, name, channel, 'ringing', behaviour.speaks ?? 'silence')
      channel.person = person
      this.people.add(person)
      this.note(person, 'rings')
      if (behaviour.early) earlyMedia(channel)
      else ringing(channel)
      place.ring(person)
      behaviour.rings?.(person)
      if (behaviour.answers === 'declined') channel.later(SIP_MS, () => person.decline())
      else if (behaviour.answers !== 'never') channel.later(ms(behaviour.answers), () => person.answer())
      if (behaviour.talksFor !== undefined) {
        const { talksFor } = behaviour
        person.on('answered', () => this.#leaveAfter(person, talksFor))
      }
    })
  }

  /** The person answers the phone, and FreeSWITCH marks the leg as answered. */
  pickUp(person: Person): void {
    if (person.channel.down) return
    answer(person.channel)
    person.lineAnswered()
  }

  connect(one: Person | undefined, other: Person | undefined): void {
    one?.talks(other)
    other?.talks(one)
  }

  part(one: Person | undefined, other: Person | undefined): void {
    if (one?.talksWith === other) one?.talks(undefined)
    if (other?.talksWith === one) other?.talks(undefined)
  }

  left(person: Person): void {
    this.people.delete(person)
  }

  note(person: Person, what: string): void {
    // A demo runs for days: only the latest lines are kept.
    if (this.sim.transcript.length >= LONGEST_TRANSCRIPT) this.sim.transcript.splice(0, LONGEST_TRANSCRIPT / 2)
    this.sim.transcript.push({ at: this.sim.clock.now(), who: person.name, what })
  }

  #leaveAfter(person: Person, after: Duration): void {
    const timer = this.sim.clock.after(ms(after), () => person.hangUp())
    person.on('ended', () => timer.cancel())
  }
}

const userIn = (address: string): string | undefined => /^user\/([^@]+)/.exec(address)?.[1]
