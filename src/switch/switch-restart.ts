/**
 * A switch was started anew: all its legs are gone, unless it has written them down (track-calls) and brings them back. It does so when
 * somebody asks, and it is asked here, once it is ready: `sofia recover` has no second effect, so every node may ask (what it brings
 * back is deleted from its list, and a uuid that lives is not made again: switch_core_sqldb.c, switch_core_session.c, 1.10.12).
 * Nobody is given up before the answer. When it is "none", the agents need not wait for anything; else there are 10 s to come back.
 */
import { sleep, type Clock, type Timer } from '../base/clock.ts'
import { SwitchError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import * as build from '../esl/api.ts'
import type { Uuid } from '../esl/safe-text.ts'
import type { EndedLeg } from './recent-hangups.ts'
import type { Life, SwitchQueries } from './queries.ts'

/** From the answer on. The phones are invited anew, one after the other; measured: back 1 s after the event socket. */
const COMEBACK_MS = 10_000
/** The event socket opens before the SIP profiles do; nothing tells when they are there. */
const READY_MS = 500

export interface SwitchRestartParts {
  readonly name: string
  readonly clock: Clock
  readonly log: Log
  readonly queries: Pick<SwitchQueries, 'ask' | 'run' | 'livesAll'>
  /** Whoever has come back, has; these have not. */
  over(gone: ReadonlyMap<Uuid, EndedLeg>): void
}

export class SwitchRestart {
  readonly #parts: SwitchRestartParts
  /** Legs of runs that are over, and when they ended if they do not come back. */
  readonly #doubtful = new Map<Uuid, EndedLeg>()
  #attempt: AbortController | null = null
  #comeback: Timer | null = null
  #waiting = false

  constructor(parts: SwitchRestartParts) {
    this.#parts = parts
  }

  /** Nobody of an earlier run is given up while this is so. */
  get waiting(): boolean {
    return this.#waiting
  }

  isUncertain(uuid: Uuid): boolean {
    return this.#doubtful.has(uuid)
  }

  /** The run that these legs were of ended as `end` says. */
  begin(legs: Iterable<Uuid>, end: EndedLeg): void {
    for (const uuid of legs) if (!this.#doubtful.has(uuid)) this.#doubtful.set(uuid, end)
    this.#waiting = true
    this.resume()
  }

  /** The link is back: whatever was asked must be asked again. */
  resume(): void {
    if (!this.#waiting) return
    this.pause()
    this.#attempt = new AbortController()
    void this.#bring(this.#attempt.signal)
  }

  /** The link is down. */
  pause(): void {
    this.#attempt?.abort(new SwitchError('LINK_DOWN', 'the link is down'))
    this.#comeback?.cancel()
  }

  async #bring(stop: AbortSignal): Promise<void> {
    const { queries, clock, log, name } = this.#parts
    try {
      while (!/ is ready\b/.test(await queries.ask(build.status))) await sleep(clock, READY_MS, stop)
      stop.throwIfAborted()
      const answer = await this.#recover()
      const legs = [...this.#doubtful.keys()]
      const lives = await queries.livesAll(legs)
      stop.throwIfAborted()
      const back = legs.filter(uuid => lives.get(uuid) !== 'no').length
      const recovered = Number(/Recovered (\d+)/.exec(answer)?.[1] ?? 0)
      log.warn({ switch: name, legs: legs.length, recovered }, 'a switch was started anew')
      if (back === 0 && recovered === 0) return this.#end(lives)
      this.#comeback = clock.after(COMEBACK_MS, () => void this.#giveUp(stop))
    } catch (error) {
      if (!(error instanceof SwitchError)) throw error // the link is down again: `resume` begins anew
    }
  }

  /** A switch without SIP has nothing to recover. */
  async #recover(): Promise<string> {
    try {
      return await this.#parts.queries.run(build.sofiaRecover)
    } catch (error) {
      if (error instanceof SwitchError && error.code === 'SWITCH_REFUSED') return ''
      throw error
    }
  }

  async #giveUp(stop: AbortSignal): Promise<void> {
    const lives = await this.#parts.queries.livesAll([...this.#doubtful.keys()])
    if (!stop.aborted) this.#end(lives)
  }

  #end(lives: ReadonlyMap<Uuid, Life>): void {
    if ([...lives.values()].includes('unknown')) return // the link is down again
    const gone = new Map([...this.#doubtful].filter(([uuid]) => lives.get(uuid) === 'no'))
    this.#doubtful.clear()
    this.#waiting = false
    this.#parts.over(gone)
  }
}
