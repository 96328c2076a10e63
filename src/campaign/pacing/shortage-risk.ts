/**
 * The risk of a dial: the probability that its person finds no agent.
 *
 * At each horizon the surplus is: agents who are free by then, less people who have answered by then. Both are sums of
 * independent yes-or-no events with known probabilities. For small teams their law is computed exactly; for large ones
 * by the normal law with a correction for skewness, because there the exact sum costs too much and the difference is
 * small.
 */
import { normalCdf, normalDensity } from './log-normal.ts'

/** Up to so many agents and calls the law is exact. */
const EXACT = 70
/** The number to spare is known up to this; each dial of a decision uses up one of these numbers. */
const DEPTH = 24
const TINY = 1e-9

export class ShortageRisk {
  readonly #horizons: number
  /** By horizon and number of agents to spare: P(surplus ≤ that number). */
  readonly #below: Float64Array
  readonly #mean: Float64Array
  readonly #variance: Float64Array
  readonly #skew: Float64Array
  readonly #free = new Float64Array(256)
  readonly #answered = new Float64Array(256)
  #exact = true
  /** Extra variance of the answers: the rate is an estimate. */
  #doubt = 0

  constructor(horizons: number) {
    this.#horizons = horizons
    this.#below = new Float64Array(horizons * (DEPTH + 1))
    this.#mean = new Float64Array(horizons)
    this.#variance = new Float64Array(horizons)
    this.#skew = new Float64Array(horizons)
  }

  /**
   * `surplus`: free agents less people who wait. `agents` and `calls`: probabilities of being free, and of having
   * answered, one row of horizons for each. `doubt`: relative standard deviation of the answer rate.
   */
  begin(
    surplus: number,
    agents: Float64Array,
    agentCount: number,
    calls: Float64Array,
    callCount: number,
    doubt: number,
  ): void {
    const J = this.#horizons
    this.#doubt = doubt
    this.#exact = agentCount + callCount <= EXACT && surplus <= DEPTH / 2
    for (let j = 0; j < J; j++) {
      if (this.#exact) this.#beginExact(j, surplus, agents, agentCount, calls, callCount)
      else this.#beginNormal(j, surplus, agents, agentCount, calls, callCount)
    }
  }

  #beginExact(
    j: number,
    surplus: number,
    agents: Float64Array,
    agentCount: number,
    calls: Float64Array,
    callCount: number,
  ) {
    const J = this.#horizons
    const free = this.#free
    const answered = this.#answered
    const freeMost = law(agents, agentCount, j, J, free)
    const answeredMost = law(calls, callCount, j, J, answered)
    // P(free ≤ k), in place
    for (let k = 1; k <= freeMost; k++) free[k]! += free[k - 1]!
    const row = j * (DEPTH + 1)
    for (let r = 0; r <= DEPTH; r++) {
      // surplus + free − answered ≤ r
      let sum = 0
      for (let k = 0; k <= answeredMost; k++) {
        const at = r - surplus + k
        if (at >= 0) sum += answered[k]! * (at >= freeMost ? 1 : free[at]!)
      }
      this.#below[row + r] = sum
    }
  }

  #beginNormal(
    j: number,
    surplus: number,
    agents: Float64Array,
    agentCount: number,
    calls: Float64Array,
    callCount: number,
  ) {
    const J = this.#horizons
    let [mean, variance, skew, answers] = [surplus, 0, 0, 0]
    for (let i = 0, at = j; i < agentCount; i++, at += J) {
      const q = agents[at]!
      const v = q * (1 - q)
      mean += q
      variance += v
      skew += v * (1 - 2 * q)
    }
    for (let i = 0, at = j; i < callCount; i++, at += J) {
      const p = calls[at]!
      const v = p * (1 - p)
      answers += p
      variance += v
      skew -= v * (1 - 2 * p)
    }
    this.#mean[j] = mean - answers
    this.#variance[j] = variance + (answers * this.#doubt) ** 2
    this.#skew[j] = skew
  }

  /** Beyond so many dials in one decision the numbers are no longer right: the next decision goes on. */
  get mostDials(): number {
    return this.#exact ? DEPTH : 1_000
  }

  /** One call more; `chances[j]`: probability that its person has answered by then. */
  add(chances: Float64Array): void {
    const J = this.#horizons
    for (let j = 0; j < J; j++) {
      const p = chances[j]!
      if (this.#exact) {
        const row = j * (DEPTH + 1)
        for (let r = 0; r < DEPTH; r++)
          this.#below[row + r] = (1 - p) * this.#below[row + r]! + p * this.#below[row + r + 1]!
      } else {
        const v = p * (1 - p)
        this.#mean[j]! -= p
        this.#variance[j]! += v
        this.#skew[j]! -= v * (1 - 2 * p)
      }
    }
  }

  /** Risk of one more call, when a person answers it; `chances[j]` as for `add`. */
  next(chances: Float64Array): number {
    const J = this.#horizons
    const all = chances[J - 1]!
    let risk = 0
    let [answered, short] = [0, 0]
    for (let j = 0; j < J; j++) {
      const next = this.#exact ? this.#below[j * (DEPTH + 1)]! : this.#shortNormal(j)
      // answers between two horizons meet the mean of both
      risk += (chances[j]! - answered) * (j === 0 ? next : (next + short) / 2)
      answered = chances[j]!
      short = next
    }
    return all > TINY ? risk / all : 0
  }

  #shortNormal(j: number): number {
    const deviation = Math.sqrt(this.#variance[j]! + 1e-6)
    const x = (0.5 - this.#mean[j]!) / deviation
    const skewness = this.#skew[j]! / deviation ** 3
    return Math.min(1, Math.max(0, normalCdf(x) - (skewness / 6) * (x * x - 1) * normalDensity(x)))
  }
}

/**
 * Law of the number of yes, of `count` events with the probabilities `of[j]`, `of[j + stride]`, …; returns the largest
 * number.
 */
function law(of: Float64Array, count: number, j: number, stride: number, into: Float64Array): number {
  into[0] = 1
  let most = 0
  for (let i = 0, at = j; i < count; i++, at += stride) {
    const p = of[at]!
    if (p < TINY) continue
    const q = 1 - p
    into[most + 1] = into[most]! * p
    for (let k = most; k > 0; k--) into[k] = into[k]! * q + into[k - 1]! * p
    into[0]! *= q
    if (into[++most]! < 1e-12) most--
  }
  return most
}
