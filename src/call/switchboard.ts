/** The switches that we command and listen to, found by the run (Core-UUID) that a leg names, and what they say of each leg. */
import { sleep, type Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import { SwitchError } from '../base/errors.ts'
import * as say from '../esl/api.ts'
import type { ApiText } from '../esl/api.ts'
import type { Commands } from '../esl/client.ts'
import type { SwitchEvent } from '../esl/event.ts'
import type { EventLink, LinkFacts } from '../esl/events.ts'
import type { Uuid } from '../esl/words.ts'

interface Watcher {
  hear(event: SwitchEvent): void
  /** The leg ended while nobody could hear it. */
  gone?(): void
}

/** Between two questions to a switch that cannot be asked yet. */
const AGAIN_MS = 1_000

export class Switch {
  readonly name: string
  readonly commands: Commands
  readonly #clock: Clock
  readonly #log: Log
  readonly #listeners = new Map<Uuid, Set<Watcher>>()
  #facts: LinkFacts
  #up = true
  /** We have stopped listening: whatever lives there is somebody else's from now on. */
  #left = false

  constructor(options: { name: string; commands: Commands; events: EventLink; facts: LinkFacts; clock: Clock; log: Log }) {
    this.name = options.name
    this.commands = options.commands
    this.#facts = options.facts
    this.#clock = options.clock
    this.#log = options.log
    options.events.on('event', event => this.#hear(event))
    options.events.on('up', facts => {
      const anew = facts.core !== this.#facts.core
      this.#facts = facts
      this.#up = true
      void this.#missed(anew)
    })
    options.events.on('down', () => (this.#up = false))
    options.events.on('closed', () => (this.#left = true))
  }

  get facts(): LinkFacts {
    return this.#facts
  }

  /** False while its events cannot be heard: nothing is dialled then, for nobody would learn the outcome. */
  get up(): boolean {
    return this.#up
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

  /** True when the switch cannot be asked: a call is never given up on a guess. */
  async exists(uuid: Uuid): Promise<boolean> {
    return (await this.lives(uuid)) !== 'no'
  }

  /** Asks whether a leg lives; 'unknown' when the switch cannot be asked now. */
  async lives(uuid: Uuid): Promise<'yes' | 'no' | 'unknown'> {
    if (this.#left) return 'yes'
    try {
      return (await this.commands.run(say.uuidExists(uuid))).trim() === 'false' ? 'no' : 'yes'
    } catch (error) {
      if (!(error instanceof SwitchError)) throw error
      this.#log.debug({ switch: this.name, uuid, error: error.message }, 'could not ask whether a call lives')
      return 'unknown'
    }
  }

  /** Says something whose failure changes nothing but must be seen. Resolves to false when the switch refused or could not be reached. */
  async attempt(text: ApiText): Promise<boolean> {
    try {
      await this.commands.run(text)
      return true
    } catch (error) {
      if (!(error instanceof SwitchError)) throw error
      this.#log.info({ switch: this.name, command: text.split(' ', 1)[0], error: error.message }, 'the switch refused a command')
      return false
    }
  }

  #hear(event: SwitchEvent): void {
    const uuid = event.name === 'BACKGROUND_JOB' ? event.raw('Job-UUID') : event.raw('Unique-ID')
    const set = uuid === undefined ? undefined : this.#listeners.get(uuid as Uuid)
    if (set) for (const watcher of [...set]) watcher.hear(event)
  }

  /**
   * The link is back: FreeSWITCH repeats nothing, so each leg that somebody watches is asked for, again until there is an answer (the
   * command link may come back later). A switch that was started anew has none of them.
   */
  async #missed(anew: boolean): Promise<void> {
    const watched = [...this.#listeners].filter(([, set]) => [...set].some(watcher => watcher.gone))
    await Promise.all(
      watched.map(async ([uuid, set]) => {
        let lives = anew ? ('no' as const) : await this.lives(uuid)
        while (lives === 'unknown' && this.#up && set.size > 0) {
          await sleep(this.#clock, AGAIN_MS)
          lives = await this.lives(uuid)
        }
        if (lives === 'no') for (const watcher of [...set]) watcher.gone?.()
      }),
    )
  }
}

export class Switchboard {
  readonly switches: Switch[] = []

  add(one: Switch): void {
    this.switches.push(one)
  }

  /**
   * The switch whose present run this is. A switch that was just started anew may bring a call before its event link is back and tells
   * of the new run: when there is one that it can only be, it is that.
   */
  of(core: string): Switch | null {
    const known = this.switches.find(one => one.facts.core === core)
    if (known) return known
    const candidates = this.switches.length === 1 ? this.switches : this.switches.filter(one => !one.up)
    return candidates.length === 1 ? candidates[0]! : null
  }

  /** A switch to dial from. Rejects when none is up. */
  any(): Switch {
    const up = this.switches.find(one => one.up)
    if (!up) throw new SwitchError('LINK_DOWN', 'no FreeSWITCH can be reached: nothing is dialled now')
    return up
  }
}
