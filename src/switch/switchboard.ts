/** The switches that we command and listen to, found by the run (Core-UUID) that a leg names, and what they say of each leg. */
import type { Clock } from '../base/clock.ts'
import { Emitter } from '../base/events.ts'
import type { Log } from '../base/log.ts'
import { SwitchError } from '../base/errors.ts'
import * as build from '../esl/api.ts'
import type { ApiText } from '../esl/api.ts'
import type { Commands } from '../esl/client.ts'
import type { SwitchEvent } from '../esl/event.ts'
import type { EventLink, LinkFacts } from '../esl/events.ts'
import type { Uuid } from '../esl/safe-text.ts'
import { SwitchRestart } from './switch-restart.ts'
import { HangupCoverage, type SwitchMoment } from './hangup-coverage.ts'
import { endOf, RecentHangups, type EndedLeg } from './recent-hangups.ts'
import type { ChannelList } from './channel-list.ts'
import { SwitchQueries, type Life } from './queries.ts'

/** What is known of a switch that has not been reached yet. */
const NO_FACTS: LinkFacts = { core: '', version: 'unknown', recordings: '/tmp' }

interface Watcher {
  hear(event: SwitchEvent): void
  /** The leg ended while nobody could hear it. */
  gone?(end: EndedLeg): void
}

/** `back`: the link is up again, and whoever could come back with a new run of the switch has. `registered`: a telephone has, or once more. */
export class Switch extends Emitter<{ back: void; registered: SwitchEvent }> {
  readonly name: string
  readonly commands: Commands
  readonly #clock: Clock
  readonly #log: Log
  readonly #queries: SwitchQueries
  readonly #listeners = new Map<Uuid, Set<Watcher>>()
  readonly #hangups: RecentHangups
  readonly #heard: HangupCoverage
  readonly #restart: SwitchRestart
  /** Its earlier runs, as far as we have seen them end, and when they did. */
  readonly #past = new Map<string, number>()
  #facts: LinkFacts
  #up: boolean
  #losses = 0
  #downAt = 0
  /** We have stopped listening: whatever lives there is somebody else's from now on. */
  #left = false

  /** `facts`: null when it could not be reached yet. */
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

  /** False while its events cannot be heard: nothing is dialled then, for nobody would learn the outcome. */
  get up(): boolean {
    return this.#up
  }

  /** How often its event link has gone down since this process began. */
  get losses(): number {
    return this.#losses
  }

  /** Now, by its own age. */
  get moment(): SwitchMoment {
    return this.#heard.moment
  }

  /** Has every end since that moment been heard here, and is it remembered? Then a leg that is not there, and has no end, never was. */
  heardAllSince(moment: SwitchMoment): boolean {
    return this.#up && this.#heard.allSince(moment)
  }

  /** It was started anew a moment ago, and legs of its last run may come back yet. */
  get waiting(): boolean {
    return this.#restart.waiting
  }

  /** When an earlier run of this switch ended, ms since the epoch; null for any other. */
  endOf(core: string): number | null {
    return this.#past.get(core) ?? null
  }

  /** Legs of its last run are waited for as if it had been seen to start anew: it did while nobody of us was there. `back` follows. */
  revive(): void {
    if (!this.waiting)
      this.#restart.begin([], { at: this.#facts.startedAt ?? this.#clock.now(), cause: 'SWITCH_CRASH' })
  }

  /** What happens to one leg (or background job), by uuid; `gone` when it turns out to have ended while the link was down. */
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

  /** When and why a leg ended, if that was in the last two minutes and was heard, or followed from the end of its switch. */
  ended(uuid: Uuid): EndedLeg | null {
    return this.#hangups.get(uuid)
  }

  /** True when the switch cannot be asked: a call is never given up on a guess. */
  async exists(uuid: Uuid): Promise<boolean> {
    return (await this.lives(uuid)) !== 'no'
  }

  /** Asks whether a leg lives; 'unknown' when the switch cannot be asked now, or may bring it back yet. */
  async lives(uuid: Uuid): Promise<Life> {
    if (this.#left) return 'yes'
    try {
      if ((await this.commands.run(build.uuidExists(uuid))).trim() !== 'false') return 'yes'
      // as long as its events cannot be heard it may be another run of the switch that answers, and bring the leg back
      return !this.#up || this.#restart.isUncertain(uuid) ? 'unknown' : 'no'
    } catch (error) {
      if (!(error instanceof SwitchError)) throw error
      this.#log.debug({ switch: this.name, uuid, error: error.message }, 'could not ask whether a call lives')
      return 'unknown'
    }
  }

  /** As `lives`, for many legs: queries.ts. */
  async livesAll(uuids: readonly Uuid[]): Promise<ReadonlyMap<Uuid, Life>> {
    if (this.#left) return new Map(uuids.map(uuid => [uuid, 'yes']))
    const lives = new Map(await this.#queries.livesAll(uuids))
    for (const [uuid, life] of lives) if (life === 'no' && this.#restart.isUncertain(uuid)) lives.set(uuid, 'unknown')
    return lives
  }

  /** A question that takes the switch microseconds, not behind other commands. Rejects with SWITCH_REFUSED or LINK_DOWN. */
  ask(text: ApiText): Promise<string> {
    return this.#queries.ask(text)
  }

  /** The switch's own list of its channels. Null when it cannot be had now, or is too long. */
  async list(): Promise<ChannelList | null> {
    try {
      return await this.#queries.list()
    } catch (error) {
      if (!(error instanceof SwitchError) && !(error instanceof SyntaxError)) throw error
      this.#log.debug({ switch: this.name, error: error.message }, 'a switch could not be asked for its channels')
      return null
    }
  }

  /** Says something whose failure changes nothing but must be seen. Resolves to false when the switch refused or could not be reached. */
  async attempt(text: ApiText): Promise<boolean> {
    try {
      await this.commands.run(text)
      return true
    } catch (error) {
      if (!(error instanceof SwitchError)) throw error
      this.#log.info(
        { switch: this.name, command: text.split(' ', 1)[0], error: error.message },
        'the switch refused a command',
      )
      return false
    }
  }

  #hear(event: SwitchEvent): void {
    const { name } = event
    if (name === 'CUSTOM') return this.emit('registered', event) // nothing else of that name is subscribed to
    const uuid = (name === 'BACKGROUND_JOB' ? event.raw('Job-UUID') : event.raw('Unique-ID')) as Uuid | undefined
    if (uuid === undefined) return
    if (name === 'CHANNEL_HANGUP') this.#hangups.add(uuid, endOf(event, this.#clock.now()))
    else if (name === 'CHANNEL_CREATE') this.#hangups.forget(uuid)
    const set = this.#listeners.get(uuid)
    if (set) for (const watcher of [...set]) watcher.hear(event)
  }

  /** The link is back. FreeSWITCH repeats nothing, so each leg that somebody watches is asked for. */
  #back(present: LinkFacts): void {
    const before = this.#facts.core
    this.#facts = present
    this.#up = true
    this.#heard.begin(present)
    if (present.core === before || before === NO_FACTS.core)
      return this.waiting ? this.#restart.resume() : void this.#missed()
    // it lived as long as it was heard, and no longer than until the next run began
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

export class Switchboard {
  readonly switches: Switch[] = []
  /** Is this a run of a switch that only other nodes command? Undefined: it is not known which run. Nothing is decided about its legs then. */
  isElsewhere: (core: string | undefined) => Promise<boolean> = async () => false

  add(one: Switch): void {
    this.switches.push(one)
  }

  /** The switch whose run this is, as far as its event link has told. */
  runs(core: string): Switch | null {
    return this.switches.find(one => core !== '' && one.facts.core === core) ?? null
  }

  /**
   * As `runs`; and a switch that was just started anew may bring a call before its event link is back and tells of the new run: when only
   * one is down, it is that. Of one that is up all runs are known.
   */
  of(core: string): Switch | null {
    const known = this.runs(core)
    if (known) return known
    const down = this.switches.filter(one => !one.up)
    return down.length === 1 ? down[0]! : null
  }

  /** Where we dial from when nothing says where: the first that is up. Throws when none is. */
  any(): Switch {
    const up = this.switches.find(one => one.up)
    if (!up) throw new SwitchError('LINK_DOWN', 'no FreeSWITCH can be reached: nothing is dialled now')
    return up
  }
}
