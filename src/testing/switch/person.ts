/** A person at the far end of a leg: the sounds they hear, the person they talk with, and their actions. */
import { ms, type Duration } from '../../base/duration.ts'
import { Emitter } from '../../base/emitter.ts'
import type { Channel } from './channel.ts'
import { farEndLeaves } from './farewell.ts'
import { hold } from './hold.ts'
import { queueKeys } from './keys.ts'
import type { World } from './world.ts'

export interface Heard {
  /** Wall clock of the simulation, milliseconds. */
  readonly at: number
  readonly what: string
}

export type PersonState = 'calling' | 'ringing' | 'up' | 'gone'

/**
 * The greeting of a person right after the answer. 'insistent': a human who greets again every two seconds, for tests
 * in real time, in which a node on a busy machine may miss the first greeting. 'radio': never stops to talk.
 */
export type Voice = 'human' | 'insistent' | 'machine' | 'machine-without-beep' | 'radio' | 'silence'

export interface PersonEvents extends Record<string, unknown> {
  /** A sound began; the value is its name. */
  heard: string
  /** The other side pressed this key. */
  key: string
  answered: Person
  /** The call ended; the value is the cause. */
  ended: string
  /** A talk began with this person; undefined: the talk is over. */
  talking: Person | undefined
}

/** A key is held for KEY_MS, and FreeSWITCH receives it KEY_DELAY_MS later. */
const KEY_MS = 250
const KEY_DELAY_MS = 10

/** The last part of a machine's greeting, [from, to], is a beep of 1000 Hz. */
const BEEP = { from: 4_000, to: 4_500, hertz: 1_000 } as const

/** Greetings as in the FreeSWITCH laboratory: milliseconds of speech after the answer. */
const GREETING: Record<Voice, readonly (readonly [number, number])[]> = {
  human: [[0, 400]],
  insistent: Array.from({ length: 60 }, (_, at) => [2_000 * at, 2_000 * at + 400] as const),
  machine: [[0, 4_500]],
  'machine-without-beep': [[0, 4_000]],
  radio: [[0, 3_600_000]],
  silence: [],
}

export class Person {
  readonly name: string
  readonly world: World
  readonly heard: Heard[] = []
  state: PersonState
  /** FreeSWITCH's cause, once the call has ended. */
  cause: string | undefined
  talksWith: Person | undefined
  #channel: Channel
  readonly #events = new Emitter<PersonEvents>()
  readonly #voice: Voice
  readonly #speech: { from: number; to: number }[] = []
  #pressing = 0
  #answeredAt: number | null = null
  /** The variable `media_timeout` at the answer: FreeSWITCH takes no later value (measured). 0: there is no limit. */
  #mediaTimeoutMs = 0
  /** FreeSWITCH has died, and the telephone still waits for recovery. */
  #silent = false

  constructor(world: World, name: string, channel: Channel, state: PersonState, voice: Voice) {
    this.world = world
    this.name = name
    this.#channel = channel
    this.state = state
    this.#voice = voice
  }

  /** The uuid of this person's leg. */
  get uuid(): string {
    return this.#channel.uuid
  }

  get channel(): Channel {
    return this.#channel
  }

  on<K extends keyof PersonEvents & string>(name: K, listener: (value: PersonEvents[K]) => void): Disposable {
    return this.#events.on(name, listener)
  }

  /** Resolves with the next event of this name that `accept` accepts, such as one sound for `heard`. */
  next<K extends keyof PersonEvents & string>(
    name: K,
    accept?: (value: PersonEvents[K]) => boolean,
    signal?: AbortSignal,
  ): Promise<PersonEvents[K]> {
    return this.#events.next(name, signal, accept)
  }

  /** Hangs up, or cancels the call while it rings. */
  hangUp(cause = 'NORMAL_CLEARING'): void {
    if (this.state === 'gone') return
    if (this.#silent) return this.lineDropped(cause)
    const unanswered = this.state !== 'up'
    const told =
      unanswered && this.#channel.direction === 'inbound' && cause === 'NORMAL_CLEARING' ? 'ORIGINATOR_CANCEL' : cause
    this.world.sim.clock.whenAwake(() => farEndLeaves(this.#channel, told))
  }

  /** The hold key of the telephone: whom this person talks with hears hold_music, until `holds(false)`. */
  holds(on: boolean): void {
    this.world.sim.clock.whenAwake(() => this.state === 'up' && hold(this.#channel, on))
  }

  /** Presses keys one after the other, 250 ms each, after keys of earlier calls of this method. */
  press(keys: string): void {
    const { clock } = this.world.sim
    this.#pressing = Math.max(this.#pressing, clock.monotonic())
    for (const key of keys) {
      this.#pressing += KEY_MS
      this.#channel.later(this.#pressing + KEY_DELAY_MS - clock.monotonic(), () => {
        if (this.state !== 'up' && this.state !== 'calling') return
        this.world.note(this, `presses ${key}`)
        queueKeys(this.#channel, key, 'RTP')
      })
    }
  }

  /** The telephone sends nothing any more, and FreeSWITCH ends the leg after its `media_timeout`. */
  losesPower(): void {
    const limit = this.#mediaTimeoutMs
    if (this.state === 'up' && limit > 0) this.#channel.later(limit, () => this.#channel.hangUp('MEDIA_TIMEOUT'))
  }

  /** Answers a ringing call. */
  answer(): void {
    this.world.sim.clock.whenAwake(() => this.state === 'ringing' && this.world.pickUp(this))
  }

  /** Refuses a ringing call. */
  decline(): void {
    this.world.sim.clock.whenAwake(() => this.state === 'ringing' && farEndLeaves(this.#channel, 'CALL_REJECTED'))
  }

  /**
   * Speaks for `duration`, from now on or `after` some time. Recordings notice it, and detect applications that wait
   * for silence; one that waits for a sound must begin later than this call.
   */
  says(duration: Duration, after: Duration = '0ms'): void {
    const from = this.world.sim.clock.now() + ms(after)
    this.#speech.push({ from, to: from + ms(duration) })
  }

  // For the simulated FreeSWITCH only, not for tests.

  lineAnswered(): void {
    if (this.state === 'up' || this.state === 'gone') return
    this.state = 'up'
    this.#mediaTimeoutMs = Number(this.#channel.variables.get('media_timeout') ?? 0)
    const now = this.world.sim.clock.now()
    this.#answeredAt = now
    for (const [from, to] of GREETING[this.#voice]) this.#speech.push({ from: now + from, to: now + to })
    this.world.note(this, 'answers')
    this.#events.emit('answered', this)
  }

  /** FreeSWITCH has died. A leg that may be recovered (`mayComeBack`) stays up, in silence; any other one ends. */
  switchGone(mayComeBack: boolean): void {
    if (!mayComeBack) return this.lineDropped('NETWORK_OUT_OF_ORDER')
    this.#silent = true
    this.talks(undefined)
    this.world.note(this, 'hears nothing any more')
  }

  /** FreeSWITCH has restarted and recovered the leg. */
  reconnected(channel: Channel): void {
    this.#channel = channel
    this.#silent = false
  }

  lineDropped(cause: string): void {
    if (this.state === 'gone') return
    this.state = 'gone'
    this.cause = cause
    this.world.note(this, `is gone (${cause})`)
    this.#events.emit('ended', cause)
    this.world.left(this)
  }

  hear(what: string): void {
    if (this.state === 'gone') return
    this.heard.push({ at: this.world.sim.clock.now(), what })
    this.world.note(this, `hears ${what}`)
    this.#events.emit('heard', what)
  }

  hearKey(key: string): void {
    this.#events.emit('key', key)
  }

  talks(other: Person | undefined): void {
    if (this.talksWith === other) return
    this.talksWith = other
    if (other) this.world.note(this, `talks with ${other.name}`)
    this.#events.emit('talking', other)
  }

  /** The names of those whose voices reach this person now, sorted. */
  get voices(): string[] {
    const { talksWith } = this
    const { listensTo, sim } = this.#channel
    const heard = new Set<Person | undefined>([talksWith])
    if (listensTo) heard.add(listensTo.of.person).add(listensTo.of.person?.talksWith)
    for (const { members } of sim.conferences.values())
      if (members.has(this.#channel))
        for (const other of members.keys()) if (other !== this.#channel) heard.add(other.person)
    for (const other of sim.channels.values()) {
      const { of, heardBy } = other.listensTo ?? {}
      if (of?.person === this && heardBy?.leg) heard.add(other.person)
      if (of?.person !== undefined && of.person.talksWith === this && heardBy?.partner) heard.add(other.person)
    }
    return [...heard].flatMap(person => person?.name ?? []).sort()
  }

  /** The milliseconds from `now` until a tone of the far end begins that lasts for `needed` more; undefined: none. */
  toneAfter(now: number, hertz: number, needed: number): number | undefined {
    if (this.#voice !== 'machine' || hertz !== BEEP.hertz || this.#answeredAt === null) return undefined
    const [from, to] = [this.#answeredAt + BEEP.from, this.#answeredAt + BEEP.to]
    return to - Math.max(from, now) < needed ? undefined : Math.max(from, now) - now
  }

  /** True when the person spoke or heard a sound after `moment`. */
  spokeSince(moment: number): boolean {
    const now = this.world.sim.clock.now()
    return this.#speech.some(({ from, to }) => from < now && to > moment) || (this.heard.at(-1)?.at ?? 0) >= moment
  }

  /** The time from `now` on at which `needed` milliseconds of audio or silence begin; undefined: never. */
  heardFrom(now: number, needed: number, wanted: 'audio' | 'silence'): number | undefined {
    const speech = this.#speech.filter(({ to }) => to > now).sort((a, b) => a.from - b.from)
    if (wanted === 'audio') {
      const fit = speech.find(({ from, to }) => to - Math.max(from, now) >= needed)
      return fit && Math.max(fit.from, now)
    }
    let silent = now
    for (const { from, to } of speech) {
      if (from - silent >= needed) return silent
      silent = Math.max(silent, to)
    }
    return silent
  }
}
