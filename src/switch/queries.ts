/**
 * Questions to a switch over its event link: many at once, each in microseconds, where the command link has one on its way at a time.
 * All of them reject with SwitchError LINK_DOWN when the link is down or goes down, and with SWITCH_REFUSED.
 */
import type { Clock } from '../base/clock.ts'
import { SwitchError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import * as build from '../esl/api.ts'
import type { ApiText } from '../esl/api.ts'
import type { SwitchEvent } from '../esl/event.ts'
import { LIMIT, TooLarge } from '../esl/frame.ts'
import { newUuid, type Uuid } from '../esl/safe-text.ts'
import { readChannelList, type ChannelList } from './channel-list.ts'

/** 'unknown': it cannot be asked now, or the leg may come back yet. */
export type Life = 'yes' | 'no' | 'unknown'

/** On their way at once: FreeSWITCH sends no events while there is another question to read, for 10 ms at most so. */
const AT_ONCE = 100
/** Never more than these: a row has 1 kB as a rule, and a frame 4 MiB. A row with a long argument has up to 6 kB, and more when it is escaped. */
const MOST_ROWS = 3_500
/** A list that turned out too large is asked for again after so long, then after twice as long, …; at once when it must have become smaller. */
const TOO_LARGE_MS = { first: 60_000, longest: 600_000 } as const

/** The event link, as far as it is asked. */
export interface QueryLink {
  ask(text: ApiText): Promise<string>
  submit(text: ApiText, job: Uuid): Promise<void>
  on(what: 'event', listener: (event: SwitchEvent) => void): Disposable
  on(what: 'down', listener: (why: Error) => void): Disposable
}

export interface SwitchQueriesOptions {
  readonly link: QueryLink
  /** Of the switch, for people. */
  readonly name: string
  readonly clock: Clock
  readonly log: Log
}

export class SwitchQueries {
  readonly #link: QueryLink
  readonly #name: string
  readonly #clock: Clock
  readonly #log: Log
  /** Octets of a row in the last list that was too large; 0: the last one was not. */
  #rowOctets = 0
  #pauseMs: number = TOO_LARGE_MS.first
  #notBefore = 0

  constructor({ link, name, clock, log }: SwitchQueriesOptions) {
    this.#link = link
    this.#name = name
    this.#clock = clock
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

  /** Null when there are too many channels, or the list is too large: that is told in the log. */
  async list(): Promise<ChannelList | null> {
    const channels = Number(/(\d+) total/.exec(await this.ask(build.countChannels))?.[1] ?? 0)
    if (channels > MOST_ROWS) {
      this.#log.warn({ switch: this.#name, channels }, 'a switch has too many channels to look at them one by one')
      return null
    }
    if (channels * this.#rowOctets > LIMIT && this.#clock.monotonic() < this.#notBefore) return null
    try {
      const list = readChannelList(await this.ask(build.showChannels))
      this.#rowOctets = 0
      this.#pauseMs = TOO_LARGE_MS.first
      return list
    } catch (error) {
      if (!(error instanceof TooLarge)) throw error
      this.#tooLarge(channels, error.octets)
      return null
    }
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

  #tooLarge(channels: number, octets: number): void {
    const againMs = this.#pauseMs
    this.#rowOctets = octets / Math.max(1, channels)
    this.#notBefore = this.#clock.monotonic() + againMs
    this.#pauseMs = Math.min(2 * againMs, TOO_LARGE_MS.longest)
    this.#log.warn(
      { switch: this.#name, channels, octets, limit: LIMIT, againMs },
      'the list of channels is larger than is read: channels that nobody drives are not found now',
    )
  }

  async #lives(uuid: Uuid): Promise<Life> {
    try {
      return (await this.ask(build.uuidExists(uuid))).trim() === 'false' ? 'no' : 'yes'
    } catch (error) {
      if (!(error instanceof SwitchError)) throw error
      return 'unknown'
    }
  }
}
