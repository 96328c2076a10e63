/** The switches that we command and listen to, found by the run (Core-UUID) that a leg names, and what they say of each leg. */
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

export class Switch {
  readonly name: string
  readonly commands: Commands
  readonly #log: Log
  readonly #listeners = new Map<Uuid, Set<Watcher>>()
  #facts: LinkFacts
  #up = true

  constructor(options: { name: string; commands: Commands; events: EventLink; facts: LinkFacts; log: Log }) {
    this.name = options.name
    this.commands = options.commands
    this.#facts = options.facts
    this.#log = options.log
    options.events.on('event', event => this.#hear(event))
    options.events.on('up', facts => {
      this.#facts = facts
      this.#up = true
      void this.#missed()
    })
    options.events.on('down', () => (this.#up = false))
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

  /** Asks whether a leg lives. True when the switch cannot be asked: a call is never given up on a guess. */
  async exists(uuid: Uuid): Promise<boolean> {
    try {
      return (await this.commands.run(say.uuidExists(uuid))).trim() !== 'false'
    } catch (error) {
      if (!(error instanceof SwitchError)) throw error
      this.#log.warn({ switch: this.name, uuid, error: error.message }, 'could not ask whether a call lives')
      return true
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

  /** The link is back: FreeSWITCH repeats nothing, so each leg that somebody watches is asked for. */
  async #missed(): Promise<void> {
    const watched = [...this.#listeners].filter(([, set]) => [...set].some(watcher => watcher.gone))
    await Promise.all(
      watched.map(async ([uuid, set]) => {
        if (!(await this.exists(uuid))) for (const watcher of [...set]) watcher.gone?.()
      }),
    )
  }
}

export class Switchboard {
  readonly switches: Switch[] = []

  add(one: Switch): void {
    this.switches.push(one)
  }

  /** The switch whose present run this is. */
  of(core: string): Switch | null {
    return this.switches.find(one => one.facts.core === core) ?? null
  }

  /** A switch to dial from. Rejects when none is up. */
  any(): Switch {
    const up = this.switches.find(one => one.up)
    if (!up) throw new SwitchError('LINK_DOWN', 'no FreeSWITCH can be reached: nothing is dialled now')
    return up
  }
}
