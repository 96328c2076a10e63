/**
 * Questions to a switch over its event link: many at once, each in microseconds, where the command link has one on its way at a time.
 * All of them reject with SwitchError LINK_DOWN when the link is down or goes down, and with SWITCH_REFUSED.
 */
import { SwitchError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import * as say from '../esl/api.ts'
import type { ApiText } from '../esl/api.ts'
import type { SwitchEvent } from '../esl/event.ts'
import { newUuid, type Uuid } from '../esl/words.ts'
import { readListing, type Listing } from './listing.ts'

/** 'unknown': it cannot be asked now, or the leg may come back yet. */
export type Life = 'yes' | 'no' | 'unknown'

/** On their way at once: FreeSWITCH sends no events while there is another question to read, for 10 ms at most so. */
const AT_ONCE = 100
/** 1 kB each: the event socket's reader takes 4 MiB in one piece. */
const MOST_ROWS = 3_500

/** The event link, as far as it is asked. */
export interface Askable {
  ask(text: ApiText): Promise<string>
  submit(text: ApiText, job: Uuid): Promise<void>
  on(what: 'event', listener: (event: SwitchEvent) => void): Disposable
  on(what: 'down', listener: (why: Error) => void): Disposable
}

export class Questions {
  readonly #link: Askable
  readonly #log: Log

  constructor(link: Askable, log: Log) {
    this.#link = link
    this.#log = log
  }

  ask(text: ApiText): Promise<string> {
    return this.#link.ask(text)
  }

  /**
   * Never rejects. 1 000 legs took 0.3 to 0.5 s on a machine that was busy with other things; one after the other over the command link
   * they took 6 s.
   */
  async livesAll(uuids: readonly Uuid[]): Promise<ReadonlyMap<Uuid, Life>> {
    const lives = new Map<Uuid, Life>()
    for (let at = 0; at < uuids.length; at += AT_ONCE) {
      await Promise.all(uuids.slice(at, at + AT_ONCE).map(async uuid => lives.set(uuid, await this.#lives(uuid))))
    }
    return lives
  }

  /** Null when there are too many channels. */
  async list(): Promise<Listing | null> {
    const count = Number(/(\d+) total/.exec(await this.ask(say.countChannels))?.[1] ?? 0)
    if (count <= MOST_ROWS) return readListing(await this.ask(say.showChannels))
    this.#log.warn({ channels: count }, 'a switch has too many channels to look at them one by one')
    return null
  }

  /** A command that takes its time. */
  async run(text: ApiText): Promise<string> {
    const job = newUuid()
    let resolve: (answer: string) => void = () => {}
    let reject: (why: Error) => void = () => {}
    const answer = new Promise<string>((...settle) => ([resolve, reject] = settle))
    using _job = this.#link.on('event', event => {
      if (event.name === 'BACKGROUND_JOB' && event.raw('Job-UUID') === job) resolve(event.body)
    })
    using _down = this.#link.on('down', reject)
    this.#link.submit(text, job).catch(reject)
    return await answer
  }

  async #lives(uuid: Uuid): Promise<Life> {
    try {
      return (await this.ask(say.uuidExists(uuid))).trim() === 'false' ? 'no' : 'yes'
    } catch (error) {
      if (!(error instanceof SwitchError)) throw error
      return 'unknown'
    }
  }
}
