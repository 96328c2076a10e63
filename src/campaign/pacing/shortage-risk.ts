/**
 * The risk of a dial: the probability that its person finds no agent, or takes the agent of somebody who answers later.
 *
 * At each horizon the surplus is: agents who are free by then, less people who have answered by then. Both are sums of
 * independent yes-or-no events with known probabilities. For small teams their law is computed exactly; for large ones
 * by the normal law with a correction for skewness, because there the exact sum costs too much and the difference is
 * small.
 */
import { normalCdf, normalDensity } from './log-normal.ts'

/** Up to so many agents and calls the law is exact. */
const EXACT = 110
/** So many dials can be decided in one exact decision. */
const DEPTH = 24
const TINY = 1e-9
const TUNE = { path: 40, steps: 5 }
const W = 64

export class ShortageRisk {
  readonly #horizons: number
  /** By horizon and number of agents to spare: P(surplus ≤ that number). */
  readonly #below: Float64Array
  readonly #mean: Float64Array
  readonly #variance: Float64Array
  readonly #skew: Float64Array
  readonly #worst: Float64Array
  readonly #free = new Float64Array(256)
  readonly #answered = new Float64Array(256)
  #exact = true
  #path = false
  readonly #pd: Float64Array
  readonly #pa: Float64Array
  readonly #nd: Int32Array
  readonly #na: Int32Array
  readonly #md: Float64Array
  readonly #ma: Float64Array
  #busy = 0
  #under = 0
  #surplus = 0
  #u = new Float64Array(W * W)
  #v = new Float64Array(W * W)
  /** Extra variance of the answers: the rate is an estimate. */
  #doubt = 0

  constructor(horizons: number) {
    this.#horizons = horizons
    this.#below = new Float64Array(horizons * (DEPTH + 1))
    this.#mean = new Float64Array(horizons)
    this.#variance = new Float64Array(horizons)
    this.#skew = new Float64Array(horizons)
    this.#worst = new Float64Array(horizons)
    this.#pd = new Float64Array(horizons * W)
    this.#pa = new Float64Array(horizons * W)
    this.#nd = new Int32Array(horizons)
    this.#na = new Int32Array(horizons)
    this.#md = new Float64Array(horizons)
    this.#ma = new Float64Array(horizons)
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
    this.#exact = agentCount + callCount <= EXACT && surplus < DEPTH && doubt < 1
    this.#path = this.#exact && agentCount + callCount <= TUNE.path
    this.#busy = agentCount
    this.#under = callCount
    this.#surplus = surplus
    for (let j = 0; j < J; j++) {
      if (this.#path) {
        this.#nd[j] = law(agents, agentCount, j, J, this.#free)
        this.#na[j] = law(calls, callCount, j, J, this.#answered)
        this.#pd.set(this.#free.subarray(0, this.#nd[j]! + 1), j * W)
        this.#pa.set(this.#answered.subarray(0, this.#na[j]! + 1), j * W)
        let md = 0
        for (let i = 0, at = j; i < agentCount; i++, at += J) md += agents[at]!
        let ma = 0
        for (let i = 0, at = j; i < callCount; i++, at += J) ma += calls[at]!
        this.#md[j] = md
        this.#ma[j] = ma
      } else if (this.#exact) this.#beginExact(j, surplus, agents, agentCount, calls, callCount)
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

  /** One call more; `chances[j]`: probability that its person has answered by then. */
  add(chances: Float64Array): void {
    const J = this.#horizons
    this.#under += 1
    for (let j = 0; j < J; j++) {
      const p = chances[j]!
      if (this.#path) {
        const row = j * W
        const n = Math.min(W - 2, this.#na[j]!)
        this.#pa[row + n + 1] = this.#pa[row + n]! * p
        for (let k = n; k > 0; k--) this.#pa[row + k] = this.#pa[row + k]! * (1 - p) + this.#pa[row + k - 1]! * p
        this.#pa[row]! *= 1 - p
        this.#na[j] = n + 1
        this.#ma[j]! += p
      } else if (this.#exact) {
        const row = j * (DEPTH + 1)
        for (let r = 0; r < DEPTH; r++)
          this.#below[row + r] = (1 - p) * this.#below[row + r]! + p * this.#below[row + r + 1]!
        this.#below[row + DEPTH] = this.#below[row + DEPTH]! // an upper row is never below the truth by much
      } else {
        const v = p * (1 - p)
        this.#mean[j]! -= p
        this.#variance[j]! += v
        this.#skew[j]! -= v * (1 - 2 * p)
      }
    }
  }

  /**
   * Risk of one more call; `chances[j]` as for `add`. An extra answer at a horizon does harm when the surplus is used
   * up at that horizon or at a later one.
   */
  next(chances: Float64Array): number {
    const J = this.#horizons
    if (this.#path) this.#paths()
    let worst = 0
    for (let j = J - 1; !this.#path && j >= 0; j--) {
      const short = this.#exact ? this.#below[j * (DEPTH + 1)]! : this.#shortNormal(j)
      worst = Math.max(worst, short)
      this.#worst[j] = worst
    }
    for (let j = -1; j >= 0; j--) {
      const short = this.#exact ? this.#below[j * (DEPTH + 1)]! : this.#shortNormal(j)
      worst = Math.max(worst, short)
      this.#worst[j] = worst
    }
    const all = chances[J - 1]!
    let risk = 0
    let before = 0
    for (let j = 0; j < J; j++) {
      // answers between two horizons meet the mean of both
      risk += (chances[j]! - before) * (j === 0 ? this.#worst[0]! : (this.#worst[j]! + this.#worst[j - 1]!) / 2)
      before = chances[j]!
    }
    return all > TINY ? risk / all : 0
  }

  #paths(): void {
    const J = this.#horizons
    const D = Math.min(W - 1, this.#nd[J - 1]!)
    const A = Math.min(W - 1, this.#na[J - 1]!)
    const u = this.#u
    const v = this.#v
    const s = this.#surplus
    const K = TUNE.steps
    for (let j = J - 1; j >= 0; j--) {
      if (j === J - 1) {
        for (let d = 0; d <= D; d++) for (let a = 0; a <= A; a++) u[d * W + a] = s + d - a <= 0 ? 1 : 0
      } else {
        const x = Math.min(
          0.999,
          Math.max(0, (this.#md[j + 1]! - this.#md[j]!) / Math.max(1e-9, this.#busy - this.#md[j]!)),
        )
        for (let d = 0; d <= D; d++) {
          const n = this.#busy - d
          let pr = (1 - x) ** n
          let left = 1
          for (let a = 0; a <= A; a++) v[d * W + a] = 0
          for (let k = 0; k <= K && d + k <= D; k++) {
            const weight = k === K || d + k === D ? left : pr
            if (weight > 1e-12) for (let a = 0; a <= A; a++) v[d * W + a]! += weight * u[(d + k) * W + a]!
            left -= pr
            if (left < 1e-9) break
            pr *= ((n - k) / (k + 1)) * (x / (1 - x))
          }
        }
        const y = Math.min(
          0.999,
          Math.max(0, (this.#ma[j + 1]! - this.#ma[j]!) / Math.max(1e-9, this.#under - this.#ma[j]!)),
        )
        for (let a = 0; a <= A; a++) {
          const n = this.#under - a
          for (let d = 0; d <= D; d++) u[d * W + a] = s + d - a <= 0 ? 1 : 0
          let pr = (1 - y) ** n
          let left = 1
          for (let k = 0; k <= K && a + k <= A; k++) {
            const weight = k === K || a + k === A ? left : pr
            if (weight > 1e-12)
              for (let d = Math.max(0, a - s + 1); d <= D; d++) u[d * W + a]! += weight * v[d * W + a + k]!
            left -= pr
            if (left < 1e-9) break
            pr *= ((n - k) / (k + 1)) * (y / (1 - y))
          }
        }
      }
      let sum = 0
      for (let d = 0; d <= this.#nd[j]!; d++) {
        let inner = 0
        for (let a = 0; a <= this.#na[j]! && a <= A; a++) inner += this.#pa[j * W + a]! * u[d * W + a]!
        sum += this.#pd[j * W + d]! * inner
      }
      this.#worst[j] = sum
    }
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
