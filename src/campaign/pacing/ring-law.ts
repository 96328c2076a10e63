/**
 * What becomes of a dialled call, learned from the campaign's own calls: when it rings, when a person answers, when it
 * ends. Each phase has hazards by age (competing risks): events divided by the time that calls spent at that age. Calls
 * that are still under way count with the time that they have spent so far (right-censored). Without that, refused
 * calls, which end first, would count before answered ones, and the dialer would dial far too much in its first
 * minutes.
 *
 * From the hazards of a ringing call follow, for people and for all others, the shares that are still ringing at an
 * age. With the answer rate these give the probability that a ringing call will be answered by a person.
 */
import { z } from 'zod'
import { BIN_MS, BINS, COUNTS, DETECT_BIN_MS, DETECT_BINS, DIAL_BINS, priorCounts, type Counts } from './ring-counts.ts'

/** After so many dials a call counts e times less. */
const MEMORY_DIALS = 20_000

export interface TrackedCall {
  readonly dialledAt: number
  ringAt: number | null
  answeredAt: number | null
  /** The time in its phase is counted up to here. */
  countedTo: number
}

export const ringLawRecord = z.looseObject(
  Object.fromEntries(COUNTS.map(name => [name, z.array(z.number())])) as Record<
    (typeof COUNTS)[number],
    z.ZodArray<z.ZodNumber>
  >,
)
export type RingLawRecord = z.infer<typeof ringLawRecord>

const bin = (ms: number): number => Math.min(BINS - 1, Math.max(0, Math.floor(ms / BIN_MS)))

export class RingLaw {
  readonly #counts: Counts
  /**
   * Of ringing calls that a person will answer, and of all others: the share that still rings at the start of a bin.
   */
  readonly #people = new Float64Array(BINS + 1)
  readonly #others = new Float64Array(BINS + 1)
  /** Of calls that will ring: the share that does not ring yet at the start of a bin. */
  readonly #silent = new Float64Array(DIAL_BINS + 1)
  readonly #detectPeople = new Float64Array(DETECT_BINS + 1)
  readonly #detectMachines = new Float64Array(DETECT_BINS + 1)
  /** Machines that answer in a bin, for each person who does. */
  readonly #machinesPerPerson = new Float64Array(BINS)
  #ringShare = 1
  #rate = 0.3
  #detectMs = 800
  /** By dial age and horizon: share of those who will answer that has answered. */
  #dialTable = new Float64Array(0)

  readonly #horizons: readonly number[]

  constructor(horizonsMs: readonly number[], record?: RingLawRecord) {
    this.#horizons = horizonsMs
    this.#counts = record ? countsOf(record) : priorCounts()
    this.rebuild()
  }

  save(): RingLawRecord {
    this.rebuild()
    return Object.fromEntries(COUNTS.map(name => [name, [...this.#counts[name]]])) as RingLawRecord
  }

  /** Mean time from the answer of a person until it is known that it is a person. */
  get detectMs(): number {
    return this.#detectMs
  }

  /** Share of the dials that the hazards expect a person to answer; the answer rate of the last thousands of dials. */
  get rate(): number {
    return this.#rate
  }

  /** Counts the time that the call has spent in its phase until `now`. */
  spend(call: TrackedCall, now: number): void {
    if (call.answeredAt !== null) return
    const from = call.ringAt ?? call.dialledAt
    const [times, last] =
      call.ringAt === null ? [this.#counts.dialTime, DIAL_BINS - 1] : [this.#counts.ringTime, BINS - 1]
    let at = Math.max(0, call.countedTo - from)
    const end = now - from
    while (at < end) {
      const b = Math.min(last, Math.floor(at / BIN_MS))
      const until = b === last ? end : Math.min(end, (b + 1) * BIN_MS)
      times[b]! += (until - at) / BIN_MS
      at = until
    }
    call.countedTo = Math.max(call.countedTo, now)
  }

  rang(call: TrackedCall, at: number): void {
    this.spend(call, at)
    this.#counts.dialRang[Math.min(DIAL_BINS - 1, bin(at - call.dialledAt))]! += 1
    call.ringAt = at
    call.countedTo = at
  }

  /** A call may be answered without having rung. */
  answered(call: TrackedCall, at: number): void {
    if (call.ringAt === null) this.rang(call, at)
    this.spend(call, at)
    call.answeredAt = at
  }

  human(call: TrackedCall, at: number): void {
    if (call.answeredAt === null) this.answered(call, at)
    this.#counts.ringHuman[bin(call.answeredAt! - call.ringAt!)]! += 1
    this.#counts.detectHuman[detectBin(at - call.answeredAt!)]! += 1
  }

  ended(call: TrackedCall, at: number): void {
    this.spend(call, at)
    if (call.ringAt === null) this.#counts.dialEnded[Math.min(DIAL_BINS - 1, bin(at - call.dialledAt))]! += 1
    else if (call.answeredAt === null) this.#counts.ringEnded[bin(at - call.ringAt)]! += 1
    else {
      this.#counts.ringMachine[bin(call.answeredAt - call.ringAt)]! += 1
      this.#counts.detectMachine[detectBin(at - call.answeredAt)]! += 1
    }
  }

  forget(dials: number): void {
    const kept = Math.exp(-dials / MEMORY_DIALS)
    for (const name of COUNTS) {
      const counts = this.#counts[name]
      for (let i = 0; i < counts.length; i++) counts[i]! *= kept
    }
  }

  /** Makes the tables from the counts. */
  rebuild(): void {
    const { dialTime, dialRang, dialEnded, ringTime, ringHuman, ringMachine, ringEnded } = this.#counts
    // people: smoothed over 2.5 s; machines and refusals are sharp
    const weights = [1, 2, 3, 2, 1]
    const smooth = (of: Float64Array, b: number) => {
      let sum = 0
      for (let k = -2; k <= 2; k++) sum += weights[k + 2]! * (of[Math.min(BINS - 1, Math.max(0, b + k))] ?? 0)
      return sum
    }
    let left = 1
    let people = 0
    let others = 0
    const peopleBy = new Float64Array(BINS + 1)
    const othersBy = new Float64Array(BINS + 1)
    for (let b = 0; b < BINS; b++) {
      const toPerson = smooth(ringHuman, b) / Math.max(1e-9, smooth(ringTime, b))
      const toOther = (ringMachine[b]! + ringEnded[b]!) / Math.max(1e-9, ringTime[b]!)
      const all = toPerson + toOther
      const gone = left * (1 - Math.exp(-all))
      if (all > 0) {
        people += (gone * toPerson) / all
        others += (gone * toOther) / all
      }
      left -= gone
      peopleBy[b + 1] = people
      othersBy[b + 1] = others
      this.#machinesPerPerson[b] = (smooth(ringMachine, b) + 0.01) / (smooth(ringHuman, b) + 0.1)
    }
    others += left
    for (let b = 0; b <= BINS; b++) {
      this.#people[b] = Math.max(1e-6, 1 - peopleBy[b]! / people)
      this.#others[b] = Math.max(1e-6, 1 - othersBy[b]! / others)
    }
    left = 1
    let rang = 0
    const rangBy = new Float64Array(DIAL_BINS + 1)
    for (let b = 0; b < DIAL_BINS; b++) {
      const toRing = dialRang[b]! / Math.max(1e-9, dialTime[b]!)
      const all = toRing + dialEnded[b]! / Math.max(1e-9, dialTime[b]!)
      const gone = left * (1 - Math.exp(-all))
      if (all > 0) rang += (gone * toRing) / all
      left -= gone
      rangBy[b + 1] = rang
    }
    for (let b = 0; b <= DIAL_BINS; b++) this.#silent[b] = Math.max(1e-6, 1 - rangBy[b]! / rang)
    this.#ringShare = rang
    this.#rate = people * rang
    this.#detectMs = survival(this.#counts.detectHuman, this.#detectPeople)
    survival(this.#counts.detectMachine, this.#detectMachines)
    this.#tabulateDials()
  }

  #tabulateDials(): void {
    const horizons = this.#horizons
    const table = (this.#dialTable = new Float64Array(DIAL_BINS * horizons.length))
    for (let age = 0; age < DIAL_BINS; age++) {
      const start = this.#silent[age]!
      for (let b = age; b < DIAL_BINS; b++) {
        const share = (this.#silent[b]! - (b === DIAL_BINS - 1 ? 0 : this.#silent[b + 1]!)) / start
        if (share <= 0) continue
        const after = (b - age + 0.5) * BIN_MS
        for (let j = 0; j < horizons.length; j++)
          table[age * horizons.length + j]! += share * (1 - this.#at(this.#people, horizons[j]! - after))
      }
    }
  }

  #at(survivors: Float64Array, ageMs: number): number {
    if (ageMs <= 0) return 1
    const x = Math.min(BINS - 1e-6, ageMs / BIN_MS)
    const b = Math.floor(x)
    return survivors[b]! + (x - b) * (survivors[b + 1]! - survivors[b]!)
  }

  /**
   * Probability that a person will answer this call, which is under way; `rate` is the probability at the dial. A call
   * that was answered: that a person did.
   */
  chance(call: TrackedCall, rate: number, now: number): number {
    if (call.ringAt === null) return rate
    // others that end before they ring are gone
    const odds = rate / Math.max(1e-6, this.#ringShare - rate)
    if (call.answeredAt === null) {
      const age = now - call.ringAt
      const people = odds * this.#at(this.#people, age)
      return people / (people + this.#at(this.#others, age))
    }
    const usual = this.#rate / Math.max(1e-6, this.#ringShare - this.#rate)
    const x = detectBin(now - call.answeredAt)
    const people = (odds / usual) * this.#detectPeople[x]!
    const machines = this.#machinesPerPerson[bin(call.answeredAt - call.ringAt)]! * this.#detectMachines[x]!
    return people / (people + machines)
  }

  /** Adds to `into[j]`, from `offset`: probability that a person has answered at horizon j, given that one will. */
  answersBy(call: TrackedCall, now: number, chance: number, into: Float64Array, offset: number): void {
    const horizons = this.#horizons
    if (call.answeredAt !== null) {
      for (let j = 0; j < horizons.length; j++) into[offset + j] = chance
      return
    }
    if (call.ringAt === null) {
      const row = Math.min(DIAL_BINS - 1, bin(now - call.dialledAt)) * horizons.length
      for (let j = 0; j < horizons.length; j++) into[offset + j] = chance * this.#dialTable[row + j]!
      return
    }
    const age = now - call.ringAt
    const left = this.#at(this.#people, age)
    for (let j = 0; j < horizons.length; j++)
      into[offset + j] = chance * (1 - this.#at(this.#people, age + horizons[j]!) / left)
  }

  /** The same of a call that is dialled now. */
  newCallBy(j: number): number {
    return this.#dialTable[j]!
  }
}

const detectBin = (ms: number): number => Math.min(DETECT_BINS - 1, Math.max(0, Math.floor(ms / DETECT_BIN_MS)))

/** Fills the share that is not yet recognised; returns the mean time. */
function survival(counts: Float64Array, into: Float64Array): number {
  const all = counts.reduce((sum, count) => sum + count, 0)
  let left = all
  let time = 0
  for (let b = 0; b < DETECT_BINS; b++) {
    into[b] = Math.max(1e-4, left / all)
    time += counts[b]! * (b + 0.5) * DETECT_BIN_MS
    left -= counts[b]!
  }
  into[DETECT_BINS] = 1e-4
  return time / all
}

function countsOf(record: RingLawRecord): Counts {
  return Object.fromEntries(COUNTS.map(name => [name, Float64Array.from(record[name])])) as Counts
}
