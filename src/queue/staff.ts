/** The agents of one queue during one run of the matcher (match.ts). */
import { asOf, nextRev, whyNotNow } from '../agent/agent.ts'
import type { FloorIndex } from './floor-index.ts'
import type { OfferRecord } from './queue-table.ts'
import type { Candidate } from './strategy.ts'

export class Staff {
  /** By name. */
  readonly all: ReadonlyMap<string, Candidate>
  /**
   * Those who can take a call, without those whom this run has given a caller. In the order of the last answer of the
   * strategy: then the next answer has little to sort, and a thousand callers who find a thousand agents do not cost a
   * thousand sorts.
   */
  free: readonly Candidate[]
  readonly skipped: OfferRecord['skipped']
  #lastOffered: Candidate | null = null
  #turn = 0
  /** So many were left out by `without`, the last time. */
  #taken = 0

  constructor(queue: string, floor: Pick<FloorIndex, 'staff' | 'isTelephoneInUse'>, now: number) {
    const all = new Map<string, Candidate>()
    const free: Candidate[] = []
    const skipped: OfferRecord['skipped'][number][] = []
    for (const stored of floor.staff(queue)) {
      const agent = asOf(stored, now)
      const candidate = { agent, tier: agent.queues.find(one => one.queue === queue)! }
      all.set(agent.name, candidate)
      const why = whyNotNow(agent, now) ?? (floor.isTelephoneInUse(agent, now) ? 'telephone-in-use' : null)
      if (why) skipped.push({ agent: agent.name, why })
      else free.push(candidate)
      const at = agent.turns?.find(turn => turn.queue === queue)?.at ?? 0
      if (at > this.#turn) [this.#turn, this.#lastOffered] = [at, candidate]
    }
    this.all = all
    this.free = free
    this.skipped = skipped
  }

  /** `taken`: the agents whom this run has given a caller, so far. */
  without(taken: ReadonlySet<string>): void {
    if (taken.size === this.#taken) return
    this.#taken = taken.size
    this.free = this.free.filter(({ agent }) => !taken.has(agent.name))
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
