/**
 * When agents will be free: the probability that an agent who has talked, or is in wrap-up, for so long is free within
 * some seconds. Hazards by age are learned from the talks and wrap-ups of the campaign; those that last still count
 * with the time so far (right-censored), because short talks end first. Few data are drawn to a log-normal law with the
 * mean of the campaign.
 */
import { z } from 'zod'
import type { PacedAgent } from './pacer.ts'
import { logNormalCdf } from './log-normal.ts'

const TALK_BIN_MS = 3_000
/** 10 min. */
const TALK_BINS = 200
const WRAP_BIN_MS = 1_000
const WRAP_BINS = 120
/** So many talks as the prior law says are known before the first one. */
const PRIOR_TALKS = 6
/** So many agents per bin pull its hazard to the law with the mean of the campaign. */
const PULL = 50
/** The mean of a law is between these. */
const LEAST_MS = 2_000
const MOST_MS = 1_200_000
/** After so many talks a talk counts e times less. */
const MEMORY_TALKS = 10_000

export const freeTimesRecord = z.looseObject({
  talkTime: z.array(z.number()),
  talkEnds: z.array(z.number()),
  wrapTime: z.array(z.number()),
  wrapEnds: z.array(z.number()),
  talkMean: z.number(),
  wrapMean: z.number(),
  patienceMs: z.number(),
  lookedAt: z.number().nullable(),
  counted: z.array(z.tuple([z.string(), z.enum(['talk', 'wrap']), z.number(), z.number()])),
})
export type FreeTimesRecord = z.infer<typeof freeTimesRecord>

interface Spell {
  readonly state: 'talk' | 'wrap'
  readonly since: number
  countedTo: number
}

/** By age: how long agents were at that age, in bins, and how many ended there. */
interface Spells {
  readonly time: Float64Array
  readonly ends: Float64Array
}

export class FreeTimes {
  readonly #talk: Spells
  readonly #wrap: Spells
  #patienceMs: number
  #lookedAt: number | null
  readonly #talkLaw = { mean: 90_000, cv: 0.8 }
  readonly #wrapLaw = { mean: 15_000, cv: 0.6 }
  readonly #spells = new Map<string, Spell>()
  #horizons: readonly number[]
  readonly #ahead: readonly number[]
  readonly #talkTable: Float64Array
  readonly #wrapLeft = new Float64Array(WRAP_BINS + 1)

  /** `patienceMs`: so long a person may wait for the agent. */
  constructor(horizonsMs: readonly number[], record?: FreeTimesRecord) {
    this.#ahead = horizonsMs
    this.#horizons = horizonsMs
    const zero = (bins: number, given?: readonly number[]) =>
      given ? Float64Array.from(given) : new Float64Array(bins)
    this.#talk = { time: zero(TALK_BINS, record?.talkTime), ends: zero(TALK_BINS, record?.talkEnds) }
    this.#wrap = { time: zero(WRAP_BINS, record?.wrapTime), ends: zero(WRAP_BINS, record?.wrapEnds) }
    this.#talkLaw.mean = record?.talkMean ?? this.#talkLaw.mean
    this.#wrapLaw.mean = record?.wrapMean ?? this.#wrapLaw.mean
    for (const [id, state, since, countedTo] of record?.counted ?? []) this.#spells.set(id, { state, since, countedTo })
    this.#talkTable = new Float64Array(TALK_BINS * horizonsMs.length)
    this.#patienceMs = record?.patienceMs ?? 2_000
    this.#lookedAt = record?.lookedAt ?? null
    this.#tabulate()
  }

  save(): FreeTimesRecord {
    this.#tabulate()
    return {
      talkTime: [...this.#talk.time],
      talkEnds: [...this.#talk.ends],
      wrapTime: [...this.#wrap.time],
      wrapEnds: [...this.#wrap.ends],
      talkMean: this.#talkLaw.mean,
      wrapMean: this.#wrapLaw.mean,
      patienceMs: this.#patienceMs,
      lookedAt: this.#lookedAt,
      counted: [...this.#spells].map(([id, { state, since, countedTo }]) => [id, state, since, countedTo]),
    }
  }

  /**
   * Counts the time of these agents until `now`. What began before the first look counts from that look on
   * (left-truncated): of those who ended before, nothing is known.
   */
  look(agents: readonly PacedAgent[], now: number): void {
    this.#lookedAt ??= now
    for (const { id, state, since } of agents) if (state !== 'free') this.#count(this.#spell(id, state, since), now)
    this.#lookedAt = now
  }

  #spell(id: string, state: 'talk' | 'wrap', since: number): Spell {
    const known = this.#spells.get(id)
    if (known && known.state === state && known.since === since) return known
    const spell = { state, since, countedTo: Math.max(since, this.#lookedAt ?? since) }
    this.#spells.set(id, spell)
    return spell
  }

  #count(spell: Spell, now: number): void {
    const talk = spell.state === 'talk'
    const [times, width, last] = talk
      ? [this.#talk.time, TALK_BIN_MS, TALK_BINS - 1]
      : [this.#wrap.time, WRAP_BIN_MS, WRAP_BINS - 1]
    let at = spell.countedTo - spell.since
    const end = now - spell.since
    while (at < end) {
      const b = Math.min(last, Math.floor(at / width))
      const until = b === last ? end : Math.min(end, (b + 1) * width)
      times[b]! += (until - at) / width
      at = until
    }
    spell.countedTo = Math.max(spell.countedTo, now)
  }

  ended(id: string, state: 'talk' | 'wrap', at: number, lastedMs: number): void {
    this.#count(this.#spell(id, state, at - lastedMs), at)
    this.#spells.delete(id)
    if (state === 'talk') this.#talk.ends[Math.min(TALK_BINS - 1, Math.floor(lastedMs / TALK_BIN_MS))]! += 1
    else this.#wrap.ends[Math.min(WRAP_BINS - 1, Math.floor(lastedMs / WRAP_BIN_MS))]! += 1
  }

  /** The agent has left. */
  left(id: string): void {
    this.#spells.delete(id)
  }

  forget(talks: number): void {
    const kept = Math.exp(-talks / MEMORY_TALKS)
    for (const counts of [this.#talk.time, this.#talk.ends, this.#wrap.time, this.#wrap.ends])
      for (let i = 0; i < counts.length; i++) counts[i]! *= kept
  }

  /** Learns from what was counted; a person who answered may wait for an agent for `patienceMs`. */
  rebuild(patienceMs: number): void {
    this.#patienceMs = patienceMs
    fit(this.#talkLaw, this.#talk, TALK_BIN_MS)
    fit(this.#wrapLaw, this.#wrap, WRAP_BIN_MS)
    this.#tabulate()
  }

  #tabulate(): void {
    this.#horizons = this.#ahead.map(ahead => ahead + this.#patienceMs)
    const talk = hazards(this.#talk, TALK_BIN_MS, this.#talkLaw, 3)
    const wrap = hazards(this.#wrap, WRAP_BIN_MS, this.#wrapLaw, 1)
    let left = 1
    for (let b = 0; b < WRAP_BINS; b++) {
      this.#wrapLeft[b] = left
      left *= Math.exp(-wrap[b]!)
    }
    this.#wrapLeft[WRAP_BINS] = left
    const horizons = this.#horizons
    const J = horizons.length
    // a talk that ends in the k-th third of a bin from now: free by each horizon; a wrap-up may be as short as a bin
    const thirds = 3 * Math.ceil(horizons[J - 1]! / TALK_BIN_MS)
    const afterTalk = new Float64Array(thirds * J)
    for (let k = 0; k < thirds; k++)
      for (let j = 0; j < J; j++) {
        const rest = horizons[j]! - ((k + 0.5) / 3) * TALK_BIN_MS
        afterTalk[k * J + j] = rest > 0 ? (1 - this.#wrapAt(rest)) / 3 : 0
      }
    const table = this.#talkTable
    table.fill(0)
    for (let age = 0; age < TALK_BINS; age++) {
      let talking = 1
      const row = age * J
      for (let k = 0; 3 * k < thirds; k++) {
        const end = talking * (1 - Math.exp(-talk[Math.min(TALK_BINS - 1, age + k)]!))
        talking -= end
        const from = 3 * k * J
        for (let j = 0; j < J; j++)
          table[row + j]! += end * (afterTalk[from + j]! + afterTalk[from + J + j]! + afterTalk[from + 2 * J + j]!)
      }
    }
  }

  #wrapAt(ms: number): number {
    const x = Math.min(WRAP_BINS - 1e-6, ms / WRAP_BIN_MS)
    const b = Math.floor(x)
    return this.#wrapLeft[b]! + (x - b) * (this.#wrapLeft[b + 1]! - this.#wrapLeft[b]!)
  }

  /** Writes to `into`, from `offset`: probability of being free by each horizon, after `ageMs` in this state. */
  freeBy(state: 'talk' | 'wrap', ageMs: number, into: Float64Array, offset: number): void {
    const horizons = this.#horizons
    if (state === 'talk') {
      const x = Math.min(TALK_BINS - 1.000001, Math.max(0, ageMs / TALK_BIN_MS))
      const row = Math.floor(x)
      const part = x - row
      for (let j = 0; j < horizons.length; j++) {
        const at = row * horizons.length + j
        into[offset + j] = this.#talkTable[at]! * (1 - part) + this.#talkTable[at + horizons.length]! * part
      }
      return
    }
    const left = Math.max(1e-9, this.#wrapAt(Math.max(0, ageMs)))
    for (let j = 0; j < horizons.length; j++)
      into[offset + j] = 1 - this.#wrapAt(Math.max(0, ageMs) + horizons[j]!) / left
  }
}

/** Ends per bin of a log-normal law. */
function lawHazards(bins: number, widthMs: number, mean: number, cv: number): Float64Array {
  const found = new Float64Array(bins)
  let before = 1
  for (let b = 0; b < bins; b++) {
    const after = 1 - logNormalCdf((b + 1) * widthMs, mean, cv)
    found[b] = before > 1e-9 && after > 1e-9 ? Math.log(before / after) : found[b - 1]!
    before = after
  }
  return found
}

/**
 * Moves the mean of a law so that it expects as many ends as were counted. (Time divided by ends would make it too long
 * in the first minutes, when everybody has just begun.)
 */
function fit(law: { mean: number; readonly cv: number }, { time, ends }: Spells, widthMs: number): void {
  const usual = lawHazards(time.length, widthMs, law.mean, law.cv)
  let [expected, counted] = [PRIOR_TALKS, PRIOR_TALKS]
  for (let b = 0; b < time.length; b++) {
    expected += time[b]! * usual[b]!
    counted += ends[b]!
  }
  law.mean = Math.min(MOST_MS, Math.max(LEAST_MS, law.mean * (expected / counted)))
}

/** Ends per bin, as counted, and drawn to the law. */
function hazards(
  { time, ends }: Spells,
  widthMs: number,
  law: { readonly mean: number; readonly cv: number },
  reach: number,
): Float64Array {
  return lawHazards(time.length, widthMs, law.mean, law.cv).map((usual, b) => {
    let [at, end] = [0, 0]
    for (let k = -reach; k <= reach; k++) {
      const weight = reach + 1 - Math.abs(k)
      at += weight * (time[b + k] ?? 0)
      end += weight * (ends[b + k] ?? 0)
    }
    return (end + PULL * usual) / (at + PULL)
  })
}
