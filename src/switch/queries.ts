/**
 * Queries to one FreeSWITCH over its event link. Many run at once and each takes microseconds; the command link sends
 * one command at a time. They reject with SwitchError LINK_DOWN when the link is down or goes down, and with
 * SWITCH_REFUSED when FreeSWITCH refuses. Switch and SwitchRestart use them.
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

/** Whether a leg exists. 'unknown': FreeSWITCH cannot be asked now, or recovery may still bring the leg back. */
export type Life = 'yes' | 'no' | 'unknown'

/**
 * Queries in flight at once. FreeSWITCH sends no events while queries wait to be read: with this number for 10 ms at
 * most.
 */
const AT_ONCE = 100
/**
 * The longest list that is requested. A row usually has 1 kB, and a frame holds 4 MiB. A row with a long argument has
 * up to 6 kB, and more when it is escaped.
 */
const MOST_ROWS = 3_500
/**
 * After a list that was too large, the next request waits `first`, then twice as long each time, up to `longest`.
 * There is no wait when the number of channels shows that the list fits again.
 */
const TOO_LARGE_MS = { first: 60_000, longest: 600_000 } as const
/** A job whose answer takes longer counts as lost. `sofia recover` takes milliseconds per call. */
const JOB_MS = 60_000

/** The part of the event link that queries use. */
export interface QueryLink {
  ask(text: ApiText): Promise<string>
  submit(text: ApiText, job: Uuid): Promise<void>
  on(what: 'event', listener: (event: SwitchEvent) => void): Disposable
  on(what: 'down', listener: (why: Error) => void): Disposable
}

export interface SwitchQueriesOptions {
  readonly link: QueryLink
  /** The name of the FreeSWITCH, for the log. */
  readonly name: string
  readonly clock: Clock
  readonly log: Log
}

export class SwitchQueries {
  readonly #link: QueryLink
  readonly #name: string
  readonly #clock: Clock
  readonly #log: Log
  /** Octets per row of the last list when it was too large; 0 when the last list was read. */
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
   * Whether each of these legs exists. Never rejects. 1 000 legs took 0.3 to 0.5 s on a busy machine; over the command
   * link, one after the other, they took 6 s.
   */
  async livesAll(uuids: readonly Uuid[]): Promise<ReadonlyMap<Uuid, Life>> {
    const lives = new Map<Uuid, Life>()
    for (let at = 0; at < uuids.length; at += AT_ONCE) {
      await Promise.all(uuids.slice(at, at + AT_ONCE).map(async uuid => lives.set(uuid, await this.#lives(uuid))))
    }
    return lives
  }

  /** All channels. Null when there are more than MOST_ROWS, or when the list exceeds a frame: both are logged. */
  async list(): Promise<ChannelList | null> {
    const channels = Number(/(\d+) total/.exec(await this.ask(build.countChannels))?.[1] ?? 0)
    if (channels > MOST_ROWS) {
      this.#log.warn({ switch: this.#name, channels }, 'too many channels to list; unowned channels are not found now')
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

  /**
   * Runs a long command as a background job and returns its answer. Rejects with SWITCH_TIMEOUT when there is none
   * after a minute.
   */
  async run(text: ApiText): Promise<string> {
    const job = newUuid()
    let resolve: (answer: string) => void = () => {}
    let reject: (why: Error) => void = () => {}
    const answer = new Promise<string>((...settle) => ([resolve, reject] = settle))
    using _job = this.#link.on('event', event => {
      if (event.name === 'BACKGROUND_JOB' && event.raw('Job-UUID') === job) resolve(event.body)
    })
    using _down = this.#link.on('down', reject)
    const late = this.#clock.after(JOB_MS, () =>
      reject(new SwitchError('SWITCH_TIMEOUT', `no answer to a background job after ${JOB_MS / 1_000} s`)),
    )
    this.#link.submit(text, job).catch(reject)
    try {
      return await answer
    } finally {
      late.cancel()
    }
  }

  #tooLarge(channels: number, octets: number): void {
    const againMs = this.#pauseMs
    this.#rowOctets = octets / Math.max(1, channels)
    this.#notBefore = this.#clock.monotonic() + againMs
    this.#pauseMs = Math.min(2 * againMs, TOO_LARGE_MS.longest)
    this.#log.warn(
      { switch: this.#name, channels, octets, limit: LIMIT, againMs },
      'the list of channels is larger than the limit; unowned channels are not found until it is requested again',
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
