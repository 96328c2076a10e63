/**
 * Recovery of the legs of a restarted FreeSWITCH. A restart ends all legs, except those that FreeSWITCH has stored
 * (track-calls) and recovers. It recovers them on command, and this file gives the command when FreeSWITCH is ready.
 * Every node may give it: `sofia recover` has no second effect. FreeSWITCH deletes each recovered leg from its list and
 * never creates a uuid that exists (switch_core_sqldb.c, switch_core_session.c, 1.10.12).
 *
 * No leg counts as ended before the answer. When nothing is recovered, all legs have ended at once and their agents are
 * free; else the legs have 10 s to come back. Switch (switchboard.ts) starts, pauses and resumes this.
 */
import { sleep, type Clock, type Timer } from '../base/clock.ts'
import { SwitchError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import * as build from '../esl/api.ts'
import type { Uuid } from '../esl/safe-text.ts'
import type { EndedLeg } from './recent-hangups.ts'
import type { Life, SwitchQueries } from './queries.ts'

/** From the answer on. FreeSWITCH sends new INVITEs one after the other; measured: back 1 s after the event socket. */
const COMEBACK_MS = 10_000
/**
 * The event socket opens before the SIP profiles, and no event reports them: so FreeSWITCH is polled at this interval.
 */
const READY_MS = 500

export interface SwitchRestartParts {
  readonly name: string
  readonly clock: Clock
  readonly log: Log
  readonly queries: Pick<SwitchQueries, 'ask' | 'run' | 'livesAll'>
  /** Recovery is over. `gone`: the legs that did not come back, and how each ended. */
  over(gone: ReadonlyMap<Uuid, EndedLeg>): void
}

export class SwitchRestart {
  readonly #parts: SwitchRestartParts
  /** Legs of earlier runs, and how each ended if it does not come back. */
  readonly #unconfirmed = new Map<Uuid, EndedLeg>()
  #attempt: AbortController | null = null
  #comeback: Timer | null = null
  #waiting = false

  constructor(parts: SwitchRestartParts) {
    this.#parts = parts
  }

  /** True while legs of an earlier run may come back; none of them counts as ended. */
  get waiting(): boolean {
    return this.#waiting
  }

  isUncertain(uuid: Uuid): boolean {
    return this.#unconfirmed.has(uuid)
  }

  /** The run of FreeSWITCH that had these legs has ended; `end` is their end if they do not come back. */
  begin(legs: Iterable<Uuid>, end: EndedLeg): void {
    for (const uuid of legs) if (!this.#unconfirmed.has(uuid)) this.#unconfirmed.set(uuid, end)
    this.#waiting = true
    this.resume()
  }

  /** The event link is back: recovery starts over, because the answers of the earlier attempt are lost. */
  resume(): void {
    if (!this.#waiting) return
    this.pause()
    this.#attempt = new AbortController()
    void this.#bring(this.#attempt.signal)
  }

  /** The event link is down. */
  pause(): void {
    this.#attempt?.abort(new SwitchError('LINK_DOWN', 'the event link is down'))
    this.#comeback?.cancel()
  }

  async #bring(stop: AbortSignal): Promise<void> {
    const { queries, clock, log, name } = this.#parts
    try {
      while (!/ is ready\b/.test(await queries.ask(build.status))) await sleep(clock, READY_MS, stop)
      stop.throwIfAborted()
      const answer = await this.#recover()
      const legs = [...this.#unconfirmed.keys()]
      const lives = await queries.livesAll(legs)
      stop.throwIfAborted()
      const back = legs.filter(uuid => lives.get(uuid) !== 'no').length
      const recovered = Number(/Recovered (\d+)/.exec(answer)?.[1] ?? 0)
      log.warn({ switch: name, legs: legs.length, recovered }, 'FreeSWITCH restarted; its calls are being recovered')
      if (back === 0 && recovered === 0) return this.#end(lives, stop)
      this.#comeback = clock.after(COMEBACK_MS, () => void this.#giveUp(stop))
    } catch (error) {
      if (!(error instanceof SwitchError)) throw error
      this.#again(stop, () => this.resume())
    }
  }

  /** Acts again after a query without an answer, unless the link is down: then `resume` starts over. */
  #again(stop: AbortSignal, act: () => void): void {
    if (!stop.aborted) this.#comeback = this.#parts.clock.after(READY_MS, act)
  }

  /** A FreeSWITCH without SIP refuses the command and has nothing to recover. */
  async #recover(): Promise<string> {
    try {
      return await this.#parts.queries.run(build.sofiaRecover)
    } catch (error) {
      if (error instanceof SwitchError && error.code === 'SWITCH_REFUSED') return ''
      throw error
    }
  }

  async #giveUp(stop: AbortSignal): Promise<void> {
    const lives = await this.#parts.queries.livesAll([...this.#unconfirmed.keys()])
    if (!stop.aborted) this.#end(lives, stop)
  }

  #end(lives: ReadonlyMap<Uuid, Life>, stop: AbortSignal): void {
    if ([...lives.values()].includes('unknown')) return this.#again(stop, () => void this.#giveUp(stop))
    const gone = new Map([...this.#unconfirmed].filter(([uuid]) => lives.get(uuid) === 'no'))
    this.#unconfirmed.clear()
    this.#waiting = false
    this.#parts.over(gone)
  }
}
