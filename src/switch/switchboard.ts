/**
 * The FreeSWITCHes of the installation. `Switch` is one of them: its command link, its event link and the state of its
 * legs. `Switchboard` holds all of them and finds one by the run (Core-UUID) that a leg names.
 *
 * Invariant: a leg counts as ended only when FreeSWITCH reports its hang-up or answers that it does not exist, and
 * recovery cannot bring it back. When FreeSWITCH cannot be asked, the leg counts as alive.
 */
import type { Clock } from '../base/clock.ts'
import { Emitter } from '../base/emitter.ts'
import type { Log } from '../base/log.ts'
import { SwitchError } from '../base/errors.ts'
import * as build from '../esl/api.ts'
import type { ApiText } from '../esl/api.ts'
import type { Commands } from '../esl/client.ts'
import type { SwitchEvent } from '../esl/event.ts'
import type { EventLink, LinkFacts } from '../esl/events.ts'
import type { Ident, Uuid } from '../esl/safe-text.ts'
import { SwitchRestart } from './switch-restart.ts'
import { HangupCoverage, type SwitchMoment } from './hangup-coverage.ts'
import type { GatewayLines } from './gateway-lines.ts'
import { millis, SwitchTime, type SwitchTimeSample } from './switch-time.ts'
import { endOf, RecentHangups, type EndedLeg } from './recent-hangups.ts'
import { uuidOf, type ChannelList } from './channel-list.ts'
import { SwitchQueries, type Life } from './queries.ts'

/** The facts of a FreeSWITCH that was not reached yet. */
const NO_FACTS: LinkFacts = { core: '', version: 'unknown', recordings: '/tmp' }

interface Watcher {
  hear(event: SwitchEvent): void
  /** The leg ended while the event link was down, so its hang-up event was missed. */
  gone?(end: EndedLeg): void
}

type SwitchEvents = { back: void; registration: SwitchEvent; channel: SwitchEvent; voicemail: SwitchEvent }

/**
 * One FreeSWITCH.
 * `back`: the event link is up again and the recovery of legs is over.
 * `registration`: a telephone has registered, also when it renews its registration, or its registration has ended.
 * `channel`: a channel was created or hung up, whoever created it.
 * `voicemail`: a message in a voice mailbox is new, or was heard or deleted.
 */
export class Switch extends Emitter<SwitchEvents> {
  readonly name: string
  readonly commands: Commands
  /** Sends an event to the other clients of this FreeSWITCH, as EventLink.fire. */
  readonly fire: EventLink['fire']
  readonly #clock: Clock
  readonly #log: Log
  readonly #queries: SwitchQueries
  readonly #listeners = new Map<Uuid, Set<Watcher>>()
  readonly #hangups: RecentHangups
  readonly #heard: HangupCoverage
  readonly #restart: SwitchRestart
  readonly #time = new SwitchTime()
  /** The earlier runs that this process has seen end, and when each ended, ms since the epoch. */
  readonly #past = new Map<string, number>()
  #facts: LinkFacts
  #up: boolean
  #losses = 0
  #downAt = 0
  /** This process has closed the event link: every leg there belongs to other nodes from now on. */
  #left = false

  /** `facts`: null when FreeSWITCH was not reached yet. */
  constructor(options: {
    name: string
    commands: Commands
    events: EventLink
    facts: LinkFacts | null
    clock: Clock
    log: Log
  }) {
    super()
    const { name, commands, events, facts, clock, log } = options
    this.name = name
    this.commands = commands
    this.fire = (...event) => events.fire(...event)
    this.#queries = new SwitchQueries({ link: events, name, clock, log })
    this.#facts = facts ?? NO_FACTS
    this.#up = facts !== null
    this.#clock = clock
    this.#log = log
    this.#hangups = new RecentHangups(clock)
    this.#heard = new HangupCoverage(clock, this.#hangups, this.#facts)
    this.#restart = new SwitchRestart({ name, clock, log, queries: this.#queries, over: gone => this.#over(gone) })
    events.on('event', event => this.#hear(event))
    events.on('up', present => this.#back(present))
    events.on('down', () => {
      this.#up = false
      this.#losses++
      this.#downAt = clock.now()
      this.#restart.pause()
    })
    events.on('closed', () => {
      this.#left = true
      this.#restart.pause()
    })
  }

  get facts(): LinkFacts {
    return this.#facts
  }

  /** False while the event link is down. Nothing is dialled then, because the outcome would stay unknown. */
  get up(): boolean {
    return this.#up
  }

  /** How often the event link went down since this process started. */
  get losses(): number {
    return this.#losses
  }

  /** The present moment as the age of this run of FreeSWITCH. */
  get moment(): SwitchMoment {
    return this.#heard.moment
  }

  /** FreeSWITCH has told its time between a question and the answer. */
  compareClock(sample: SwitchTimeSample): void {
    this.#time.learn(sample)
  }

  /** The shared time of a moment of FreeSWITCH's clock; milliseconds since the epoch, both. */
  sharedTime(told: number): number {
    return this.#time.shared(told, this.#clock.now())
  }

  /** When this happened, or the moment that the header names, by the shared clock; now: it does not say. */
  timeOf(event: SwitchEvent, header = 'Event-Date-Timestamp'): number {
    const told = millis(event.raw(header))
    return told > 0 ? this.sharedTime(told) : this.#clock.now()
  }

  /**
   * True when this process has received and kept every hang-up since that moment. A leg that does not exist and has no
   * hang-up was then never created.
   */
  heardAllSince(moment: SwitchMoment): boolean {
    return this.#up && this.#heard.allSince(moment)
  }

  /**
   * True when a leg that does not exist was certainly never created since that time, ms since the epoch: this process
   * has received every hang-up since then, and none of this leg.
   */
  neverHad(uuid: Uuid, since: number): boolean {
    return this.#up && this.ended(uuid) === null && this.#heard.allSinceTime(since)
  }

  /** True shortly after a restart of FreeSWITCH, while recovery may still bring back legs of its last run. */
  get waiting(): boolean {
    return this.#restart.waiting
  }

  /** When an earlier run of this FreeSWITCH ended, ms since the epoch; null when `core` is no earlier run of it. */
  endOf(core: string): number | null {
    return this.#past.get(core) ?? null
  }

  /** Starts recovery for a restart of FreeSWITCH that no node saw, because none was connected. `back` follows. */
  revive(): void {
    if (!this.waiting)
      this.#restart.begin([], { at: this.#facts.startedAt ?? this.#clock.now(), cause: 'SWITCH_CRASH' })
  }

  /**
   * Calls `hear` for every event of one leg or background job, until the result is disposed. Calls `gone` when the leg
   * ended while the event link was down.
   */
  watch(uuid: Uuid, hear: Watcher['hear'], gone?: Watcher['gone']): Disposable {
    let set = this.#listeners.get(uuid)
    if (!set) this.#listeners.set(uuid, (set = new Set()))
    const watcher: Watcher = gone ? { hear, gone } : { hear }
    set.add(watcher)
    return {
      [Symbol.dispose]: () => {
        set.delete(watcher)
        if (set.size === 0 && this.#listeners.get(uuid) === set) this.#listeners.delete(uuid)
      },
    }
  }

  /**
   * When and why a leg ended, if that was in the last two minutes and its hang-up was received or followed from the end
   * of its FreeSWITCH; else null.
   */
  ended(uuid: Uuid): EndedLeg | null {
    return this.#hangups.get(uuid)
  }

  /** Whether a leg exists. Also true when FreeSWITCH cannot be asked: a call is never given up on a guess. */
  async exists(uuid: Uuid): Promise<boolean> {
    return (await this.lives(uuid)) !== 'no'
  }

  /**
   * Asks whether a leg exists; 'unknown' when FreeSWITCH cannot be asked now, or when recovery may bring the leg back.
   */
  async lives(uuid: Uuid): Promise<Life> {
    if (this.#left) return 'yes'
    try {
      if ((await this.commands.run(build.uuidExists(uuid))).trim() !== 'false') return 'yes'
      // while the event link is down, a new run of FreeSWITCH may have answered, and it may still recover the leg
      return !this.#up || this.#restart.isUncertain(uuid) ? 'unknown' : 'no'
    } catch (error) {
      if (!(error instanceof SwitchError)) throw error
      this.#log.debug({ switch: this.name, uuid, error: error.message }, 'could not ask whether a leg exists')
      return 'unknown'
    }
  }

  /** As `lives`, for many legs at once (queries.ts). Never rejects. */
  async livesAll(uuids: readonly Uuid[]): Promise<ReadonlyMap<Uuid, Life>> {
    if (this.#left) return new Map(uuids.map(uuid => [uuid, 'yes']))
    const lives = new Map(await this.#queries.livesAll(uuids))
    for (const [uuid, life] of lives) if (life === 'no' && this.#restart.isUncertain(uuid)) lives.set(uuid, 'unknown')
    return lives
  }

  /**
   * Runs a query that takes FreeSWITCH microseconds; it does not queue behind other commands. Rejects with SwitchError
   * SWITCH_REFUSED or LINK_DOWN.
   */
  ask(text: ApiText): Promise<string> {
    return this.#queries.ask(text)
  }

  /**
   * A variable of a leg, or a field of its channel (switch_channel.c, switch_channel_get_variable_dup); '_undef_' when
   * there is none. Rejects as `ask` does.
   */
  async variable(leg: Uuid, name: string): Promise<string> {
    return (await this.ask(build.uuidGetvar(leg, name as Ident))).trim()
  }

  /** The leg with which this one is joined, or null. Rejects as `ask` does. */
  async joinedWith(leg: Uuid): Promise<Uuid | null> {
    return uuidOf(await this.variable(leg, 'bridge_to'))
  }

  /** FreeSWITCH's list of its channels. Null when it cannot be read now, or is too long. */
  async list(): Promise<ChannelList | null> {
    try {
      return await this.#queries.list()
    } catch (error) {
      if (!(error instanceof SwitchError) && !(error instanceof SyntaxError)) throw error
      this.#log.debug({ switch: this.name, error: error.message }, 'the list of channels could not be read')
      return null
    }
  }

  /** Runs a command whose failure is only logged. Resolves to false when FreeSWITCH refused or could not be reached. */
  async attempt(text: ApiText): Promise<boolean> {
    try {
      await this.commands.run(text)
      return true
    } catch (error) {
      if (!(error instanceof SwitchError)) throw error
      this.#log.info(
        { switch: this.name, command: text.split(' ', 1)[0], error: error.message },
        'a command to FreeSWITCH failed',
      )
      return false
    }
  }

  #hear(event: SwitchEvent): void {
    const { name } = event
    // no other CUSTOM events are subscribed to
    if (name === 'CUSTOM') return this.emit(isVoicemail(event) ? 'voicemail' : 'registration', event)
    const uuid = (name === 'BACKGROUND_JOB' ? event.raw('Job-UUID') : event.raw('Unique-ID')) as Uuid | undefined
    if (uuid === undefined) return
    if (name === 'CHANNEL_HANGUP') this.#hangups.add(uuid, endOf(event, this))
    else if (name === 'CHANNEL_CREATE') this.#hangups.forget(uuid)
    if (name === 'CHANNEL_CREATE' || name === 'CHANNEL_HANGUP') this.emit('channel', event)
    const set = this.#listeners.get(uuid)
    if (set) for (const watcher of [...set]) watcher.hear(event)
  }

  /** The event link is back. FreeSWITCH does not repeat missed events, so it is asked about every watched leg. */
  #back(present: LinkFacts): void {
    const before = this.#facts.core
    this.#facts = present
    this.#up = true
    this.#heard.begin(present)
    if (present.core === before || before === NO_FACTS.core)
      return this.waiting ? this.#restart.resume() : void this.#missed()
    // the earlier run ended at the latest when the next one began; the loss of its link is the better estimate
    const at = Math.min(this.#downAt, present.startedAt ?? Infinity)
    this.#past.set(before, at)
    this.#restart.begin(this.#watched(), { at, cause: 'SWITCH_CRASH' })
  }

  async #missed(): Promise<void> {
    for (const [uuid, life] of await this.#queries.livesAll(this.#watched())) {
      if (life === 'no') this.#gone(uuid, { at: this.#clock.now(), cause: 'LOST' })
    }
    if (this.#up) this.emit('back', undefined)
  }

  #over(gone: ReadonlyMap<Uuid, EndedLeg>): void {
    for (const [uuid, end] of gone) {
      this.#hangups.add(uuid, end)
      this.#gone(uuid, end)
    }
    this.emit('back', undefined)
  }

  #gone(uuid: Uuid, end: EndedLeg): void {
    const set = this.#listeners.get(uuid)
    if (set) for (const watcher of [...set]) watcher.gone?.(this.ended(uuid) ?? end)
  }

  #watched(): Uuid[] {
    return [...this.#listeners].filter(([, set]) => [...set].some(watcher => watcher.gone)).map(([uuid]) => uuid)
  }
}

const isVoicemail = (event: SwitchEvent): boolean => event.get('Event-Subclass') === 'vm::maintenance'

export class Switchboard {
  readonly switches: Switch[] = []
  /**
   * True when only other nodes command the FreeSWITCH of this run; this node then decides nothing about its legs.
   * Undefined: the run is not known. SwitchRuns sets this (cluster/switch-runs.ts); default: false.
   */
  isElsewhere: (core: string | undefined) => Promise<boolean> = async () => false

  /** The lines of gateways, which all nodes share; null: they have no limits. The composition sets it. */
  lines: GatewayLines | null = null

  add(one: Switch): void {
    this.switches.push(one)
  }

  /** The FreeSWITCH whose event link has reported this run; null when there is none. */
  runs(core: string): Switch | null {
    return this.switches.find(one => core !== '' && one.facts.core === core) ?? null
  }

  /**
   * As `runs`, also for a FreeSWITCH that has just restarted: it may offer a call before its event link is back and
   * reports the new run. When exactly one event link is down, the unknown run is that one's; when all are up, every run
   * is known. Null when there is no match.
   */
  of(core: string): Switch | null {
    const known = this.runs(core)
    if (known) return known
    const down = this.switches.filter(one => !one.up)
    return down.length === 1 ? down[0]! : null
  }

  /**
   * The FreeSWITCH that has this leg; null when none has it. Rejects with SwitchError LINK_DOWN when one that cannot be
   * asked may have it.
   */
  async holder(leg: Uuid): Promise<Switch | null> {
    const lives = await Promise.all(this.switches.map(one => one.lives(leg)))
    const found = this.switches.find((_, index) => lives[index] === 'yes')
    if (found) return found
    const silent = this.switches.find((_, index) => lives[index] === 'unknown')
    if (silent) throw new SwitchError('LINK_DOWN', `${silent.name} cannot be asked whether it has the call ${leg}`)
    return null
  }

  /** The FreeSWITCH for a dial that names none: the first that is up. Throws SwitchError LINK_DOWN when none is up. */
  any(): Switch {
    const up = this.switches.find(one => one.up)
    if (!up) throw new SwitchError('LINK_DOWN', 'no FreeSWITCH is connected: nothing can be dialled')
    return up
  }
}
