/**
 * The answer rate: the probability that the next dial is answered by a person. It may change within minutes, so four
 * estimates with different memories are kept, and each counts as much as it has predicted the latest calls. Calls under
 * way count with the probability that a person still answers them, in the order of their dials: else refused calls,
 * which end first, would make the rate too low.
 */
import { z } from 'zod'

/** Dials after which a dial counts e times less. */
const MEMORIES = [60, 200, 700, 4_000] as const
/** Logarithm of how much each memory is trusted before: most of the time the rate is stable. */
const TRUST = [-8, -5.5, -3, 0] as const
/** By how much a shorter memory, with its trust, must have predicted better to show that the rate has changed. */
const CHANGED = 1.5
/** Of how many dials the latest predictions are compared. */
const COMPARED = 250
const PRIOR_RATE = 0.3
/** The prior rate counts as so many dials. */
const PRIOR_DIALS = 6

export const answerRateRecord = z.looseObject({
  dials: z.array(z.number()),
  humans: z.array(z.number()),
  scores: z.array(z.number()),
  rates: z.array(z.number()),
})
export type AnswerRateRecord = z.infer<typeof answerRateRecord>

/** A call of which it is not known yet whether a person answers. */
export interface Unresolved {
  /** How many dials were before it. */
  readonly number: number
  /** What each estimate was when it was dialled. */
  readonly predicted: readonly number[]
  /** Probability now that a person will answer. */
  chance: number
}

export class AnswerRate {
  readonly #dials: number[]
  readonly #humans: number[]
  readonly #scores: number[]
  #rates: number[]
  #rate = PRIOR_RATE
  #deviation = 0

  constructor(record?: AnswerRateRecord) {
    this.#dials = [...(record?.dials ?? MEMORIES.map(() => 0))]
    this.#humans = [...(record?.humans ?? MEMORIES.map(() => 0))]
    this.#scores = [...(record?.scores ?? MEMORIES.map(() => 0))]
    this.#rates = [...(record?.rates ?? MEMORIES.map(() => PRIOR_RATE))]
    this.#mix()
  }

  save(): AnswerRateRecord {
    this.#mix()
    return { dials: this.#dials, humans: this.#humans, scores: this.#scores, rates: this.#rates }
  }

  get rate(): number {
    return this.#rate
  }

  /** Standard deviation of the estimate. */
  get deviation(): number {
    return this.#deviation
  }

  /** The estimates, to be kept with a new call. */
  get predictions(): readonly number[] {
    return this.#rates
  }

  dialled(): void {
    MEMORIES.forEach((memory, m) => {
      const kept = 1 - 1 / memory
      this.#dials[m]! *= kept
      this.#humans[m]! *= kept
    })
  }

  /** It is known whether a person answered; `age`: how many dials came after it. */
  resolved(predicted: readonly number[], age: number, human: boolean): void {
    MEMORIES.forEach((memory, m) => {
      const weight = Math.exp(-age / memory)
      this.#dials[m]! += weight
      if (human) this.#humans[m]! += weight
      const p = predicted[m]!
      this.#scores[m] = this.#scores[m]! * (1 - 1 / COMPARED) + Math.log(human ? p : 1 - p)
    })
    this.#catchUp()
  }

  /**
   * The rate has changed: what a longer memory has learned before is wrong, so it goes on with that of a shorter one.
   */
  #catchUp(): void {
    for (let long = 1; long < MEMORIES.length; long++) {
      for (let short = 0; short < long; short++) {
        const ahead = this.#scores[short]! + TRUST[short]! - (this.#scores[long]! + TRUST[long]!)
        if (ahead < CHANGED) continue
        this.#dials[long] = this.#dials[short]!
        this.#humans[long] = this.#humans[short]!
        this.#scores[long] = this.#scores[short]!
      }
    }
  }

  /** Estimates again, with the calls under way; `number`: how many dials there have been. */
  estimate(unresolved: Iterable<Unresolved>, number: number): void {
    const dials = [...this.#dials]
    const humans = [...this.#humans]
    for (const call of unresolved) {
      for (let m = 0; m < MEMORIES.length; m++) {
        const weight = Math.exp((call.number - number) / MEMORIES[m]!)
        dials[m]! += weight
        humans[m]! += weight * call.chance
      }
    }
    this.#rates = dials.map((all, m) => {
      const rate = (humans[m]! + PRIOR_DIALS * PRIOR_RATE) / (all + PRIOR_DIALS)
      return Math.min(0.95, Math.max(0.005, rate))
    })
    this.#mix()
  }

  #mix(): void {
    const trust = this.#scores.map((score, m) => score + TRUST[m]!)
    const best = Math.max(...trust)
    const weights = trust.map(score => Math.exp(score - best))
    const all = weights.reduce((sum, weight) => sum + weight, 0)
    let rate = 0
    let square = 0
    MEMORIES.forEach((memory, m) => {
      const p = this.#rates[m]!
      const known = Math.min(2 * memory, this.#dials[m]! * 2) + PRIOR_DIALS
      rate += (weights[m]! / all) * p
      square += (weights[m]! / all) * (p * p + (p * (1 - p)) / known)
    })
    this.#rate = rate
    this.#deviation = Math.sqrt(Math.max(0, square - rate * rate))
  }
}
