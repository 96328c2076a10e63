/**
 * What a node knows of its queues for those who wait in them: settings, agents, talk times. queue.ts fills it; places
 * and the admission of callers read it.
 */
import type { Agent } from '../agent/agent.ts'
import { staffingOf, waitForEachPlace, whyNobody, type Staffing, type TalkTime } from './waiting-rules.ts'
import type { QueueStore } from './store.ts'
import type { WaitingGiven } from './waiting-settings.ts'

interface FactSources {
  readonly store: Pick<QueueStore, 'talkTime'>
  settings(queue: string): WaitingGiven
  /** The agents of a queue. */
  staff(queue: string): Iterable<Agent>
  position(queue: string, call: string): number
  now(): number
}

/** Each verb of each caller who waits reads the estimate. */
const ESTIMATE_LASTS_MS = 1_000

interface Watch {
  readonly queue: string
  readonly changed: () => void
  before: ReturnType<typeof whyNobody>
}

export class WaitingFacts {
  readonly #sources: FactSources
  readonly #talkTimes = new Map<string, TalkTime>()
  /** The wait for each place in the order, by queue, and when it was computed. */
  readonly #waits = new Map<string, { readonly at: number; readonly each: number | null }>()
  readonly #watches = new Set<Watch>()

  constructor(sources: FactSources) {
    this.#sources = sources
  }

  settings(queue: string): WaitingGiven {
    return this.#sources.settings(queue)
  }

  staffing(queue: string): Staffing {
    return staffingOf(this.#sources.staff(queue))
  }

  /** Calls `changed` when the first agent of the queue comes, or the last one goes or takes a break. */
  watchStaff(queue: string, changed: () => void): Disposable {
    const watch = { queue, changed, before: whyNobody(this.staffing(queue)) }
    this.#watches.add(watch)
    return { [Symbol.dispose]: () => void this.#watches.delete(watch) }
  }

  /** An agent has changed. Costs nothing while nobody waits whom that could send away. */
  staffChanged(): void {
    const now = new Map<string, Watch['before']>()
    for (const watch of this.#watches) {
      const { queue } = watch
      if (!now.has(queue)) now.set(queue, whyNobody(this.staffing(queue)))
      if (now.get(queue) === watch.before) continue
      watch.before = now.get(queue)!
      watch.changed()
    }
  }

  /** Reads how long the talks of this queue last. */
  async learnTalkTime(queue: string): Promise<void> {
    this.#talkTimes.set(queue, await this.#sources.store.talkTime(queue))
    this.#waits.delete(queue)
  }

  /** How long this caller will wait, in milliseconds, by the talk times that were read last; null: not known. */
  estimate(queue: string, call: string): number | null {
    if (!this.#talkTimes.has(queue)) return null // the usual case: nothing in this queue depends on it
    return this.estimateAt(queue, Math.max(1, this.#sources.position(queue, call)))
  }

  estimateAt(queue: string, position: number): number | null {
    const talkTime = this.#talkTimes.get(queue)
    if (!talkTime) return null
    const now = this.#sources.now()
    let known = this.#waits.get(queue)
    if (!known || now - known.at > ESTIMATE_LASTS_MS) {
      known = { at: now, each: waitForEachPlace(talkTime, this.#sources.staff(queue)) }
      this.#waits.set(queue, known)
    }
    return known.each === null ? null : Math.round(position * known.each)
  }
}
