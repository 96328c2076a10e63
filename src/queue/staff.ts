/** The agents of one queue during one run of the matcher (match.ts). */
import { nextRev, whyNotNow, type Agent } from '../agent/agent.ts'
import type { OfferRecord } from './store.ts'
import type { Candidate } from './strategy.ts'

export class Staff {
  /** By name. */
  readonly all: ReadonlyMap<string, Candidate>
  /**
   * Those who could take a call when this run began. In the order of the last answer of the strategy: then the next one
   * has little to sort, and a thousand callers who find a thousand agents do not cost a thousand sorts.
   */
  usable: readonly Candidate[]
  readonly skipped: OfferRecord['skipped']
  #lastOffered: Candidate | null = null
  #turn = 0

  constructor(queue: string, people: readonly Agent[], now: number) {
    const all = new Map<string, Candidate>()
    const usable: Candidate[] = []
    const skipped: OfferRecord['skipped'][number][] = []
    for (const agent of people) {
      const tier = agent.queues.find(one => one.queue === queue)
      if (!tier) continue
      const candidate = { agent, tier }
      all.set(agent.name, candidate)
      const why = whyNotNow(agent, now)
      if (why) skipped.push({ agent: agent.name, why })
      else usable.push(candidate)
      const at = agent.turns?.find(turn => turn.queue === queue)?.at ?? 0
      if (at > this.#turn) [this.#turn, this.#lastOffered] = [at, candidate]
    }
    this.all = all
    this.usable = usable
    this.skipped = skipped
  }

  /** The agent to whom this queue offered its latest call; null before the first. */
  get lastOffered(): Candidate | null {
    return this.#lastOffered
  }

  /** The queue offers a call to this agent. Returns the time of the turn: later than every turn before. */
  takesTurn(candidate: Candidate, now: number): number {
    this.#lastOffered = candidate
    return (this.#turn = nextRev(this.#turn, now))
  }
}
