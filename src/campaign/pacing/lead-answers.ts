/**
 * Who will answer: the probability that a person answers a lead, from what is known before the dial: the hour, the
 * weekday and what became of earlier calls to the number. Learned for each campaign from its own calls.
 *
 * The odds of the campaign are multiplied by one factor for each feature. A factor compares the people who answered
 * with those who were expected without it. It starts at 1 and counts as if some people more had been expected and had
 * answered, SHRINK at least, so a class with few calls stays near the rate of the campaign: ten calls make no law. How
 * many follows from the feature: where its classes differ no more than chance makes equal ones differ, all factors are
 * 1 (the estimate of DerSimonian and Laird, Controlled Clinical Trials 7, 1986). So a list on which a feature tells
 * nothing is dialled as if the feature did not exist.
 */
import { z } from 'zod'
import { silentLog, type Log } from '../../base/log.ts'
import { RecordCodec } from '../../store/record-codec.ts'

/** What became of the latest calls to the number (lead-facts.ts); `new`: it was never called. */
const NUMBER_HISTORIES = ['new', 'answered', 'machine', 'busy', 'unanswered', 'unanswered-often'] as const
export type NumberHistory = (typeof NUMBER_HISTORIES)[number]

export interface LeadFacts {
  /** From 0 to 23, and from 0 (Monday) to 6, where the person lives. */
  readonly hour: number
  readonly weekday: number
  readonly history: NumberHistory
}

export const LEAD_FEATURES = ['hour', 'weekday', 'history'] as const
type Feature = (typeof LEAD_FEATURES)[number]

/** Calls count with their present weight, rounded: those of last month are fewer than they were. */
export interface LearnedAnswers {
  readonly calls: number
  /** Share of them that a person answered, 0 to 1; null: there is no call yet. */
  readonly rate: number | null
  readonly features: readonly {
    readonly feature: Feature
    /** False: its classes differ no more than chance makes equal ones differ, so the dialer does not use it. */
    readonly differs: boolean
    readonly classes: readonly {
      /** An hour from 0 to 23, a weekday from 0 (Monday) to 6, or a NumberHistory. */
      readonly name: string
      readonly calls: number
      /** The probability that a person answers a lead of this class about whom nothing else is known, 0 to 1. */
      readonly chance: number
    }[]
  }[]
}

const SHRINK = 20
/** The classes must differ by so many standard deviations more than equal ones. */
const SURE = 2
/** After so many calls a call counts e times less: people change their habits. */
const MEMORY_CALLS = 20_000
const PRIOR_RATE = 0.3
const PRIOR_CALLS = 20
/** So many dials may be under way. */
const MOST_OPEN = 5_000
const LEAST = 0.01
const MOST = 0.95

interface Dial {
  readonly call: string
  readonly lead: LeadFacts
  readonly at: number
  answered: boolean | null
}

interface Count {
  /** Absent in a record of an older version, until the next call of the class. */
  calls?: number | undefined
  expected: number
  answered: number
}

const count = z.looseObject({ calls: z.number().optional(), expected: z.number(), answered: z.number() })
const leadAnswersRecord = z.looseObject({
  calls: z.number(),
  answered: z.number(),
  learnedTo: z.number(),
  classes: z.record(z.string(), count),
})
interface LeadAnswersRecord {
  readonly calls: number
  readonly answered: number
  readonly learnedTo: number
  readonly classes: Readonly<Record<string, Count>>
}

const codec = new RecordCodec<LeadAnswersRecord>({ what: 'answers of leads', schema: leadAnswersRecord })

/** Pure: the same calls give the same probabilities. */
export class LeadAnswers {
  #calls = 0
  #answered = 0
  #learnedTo = 0
  readonly #classes = new Map<string, Count>()
  /** By feature: so many people more count as expected and answered; absent: not computed since the last call. */
  readonly #shrink = new Map<string, number>()
  readonly #open = new Map<string, Dial>()
  readonly #inOrder: Dial[] = []

  /**
   * @param saved What `saved` returned; a record that cannot be read is reported to `log` once, and counts as none.
   * @param key Where the record is stored, for the log.
   */
  constructor(saved: string | null = null, key = 'answers of leads', log: Log = silentLog) {
    const record = saved === null ? null : codec.read(saved, key, log)
    if (!record) return
    this.#calls = record.calls
    this.#answered = record.answered
    this.#learnedTo = record.learnedTo
    for (const name of CLASSES) {
      const known = record.classes[name]
      if (known) this.#classes.set(name, { ...known })
    }
  }

  /** As JSON with a version `v`; at most 37 classes. Calls whose end is not known are left out (`learnedTo`). */
  get saved(): string {
    const [calls, answered, learnedTo] = [this.#calls, this.#answered, this.#learnedTo]
    return codec.write({ calls, answered, learnedTo, classes: Object.fromEntries(this.#classes) })
  }

  /** It has learned from every call that was dialled up to this moment, milliseconds since the epoch; 0: from none. */
  get learnedTo(): number {
    return this.#learnedTo
  }

  /**
   * The probability that a person answers.
   *
   * @param rate That of an average lead of the campaign. A pacer knows it better (answer-rate.ts) and uses only how the
   * leads differ, so all leads that it sees must be measured with the same rate: else each change of the rate would
   * look as if the next leads were better or worse than those before.
   * @returns From 0.01 to 0.95.
   */
  chanceOf(lead: LeadFacts, rate = PRIOR_RATE): number {
    return bounded(classesOf(lead).reduce((odds, name) => odds * this.#factor(name), rate / (1 - rate)))
  }

  /** What it knows, for people. */
  get learned(): LearnedAnswers {
    const classesWith = (feature: Feature) =>
      CLASSES.flatMap(name => {
        const known = this.#classes.get(name)
        if (!known || featureOf(name) !== feature) return []
        const chance = bounded(this.#odds() * this.#factor(name))
        return [{ name: name.slice(feature.length + 1), calls: Math.round(this.#callsOf(known)), chance }]
      })
    return {
      calls: Math.round(this.#calls),
      rate: this.#calls === 0 ? null : this.#answered / this.#calls,
      features: LEAD_FEATURES.map(feature => ({
        feature,
        differs: this.#shrinkOf(feature) < Infinity,
        classes: classesWith(feature),
      })),
    }
  }

  /** A lead is dialled; `call` names the dial. `at`: milliseconds since the epoch, never less than before. */
  dialled(call: string, lead: LeadFacts, at: number): void {
    const dial: Dial = { call, lead, at, answered: null }
    this.#open.set(call, dial)
    this.#inOrder.push(dial)
    if (this.#inOrder.length > MOST_OPEN) this.#open.delete(this.#inOrder.shift()!.call) // its end was never told
  }

  /**
   * It is known whether a person answered. The model learns in the order of the dials: refused calls end first, and
   * would make every lead that is dialled in these seconds look worse than it is. Calls of one moment are learned
   * together, so `learnedTo` divides those that are learned from those that are not.
   */
  over(call: string, answered: boolean): void {
    const dial = this.#open.get(call)
    if (!dial) return
    this.#open.delete(call)
    dial.answered = answered
    this.#learnInOrder()
  }

  /** No telephone rang: nothing is learned from this call. */
  neverMade(call: string): void {
    const dial = this.#open.get(call)
    if (!dial) return
    this.#open.delete(call)
    this.#inOrder.splice(this.#inOrder.indexOf(dial), 1)
    this.#learnInOrder()
  }

  /** The probability for a call whose end is not known; undefined: there is no such call. */
  chanceOfCall(call: string): number | undefined {
    const dial = this.#open.get(call)
    return dial && this.chanceOf(dial.lead)
  }

  /** Calls that were dialled before this moment, and whose end is not known. */
  openBefore(at: number): string[] {
    return this.#inOrder.filter(dial => dial.answered === null && dial.at < at).map(({ call }) => call)
  }

  #learnInOrder(): void {
    const firstOpen = this.#inOrder.find(({ answered }) => answered === null)?.at ?? Infinity
    const after = this.#inOrder.findIndex(({ at }) => at >= firstOpen)
    const known = this.#inOrder.splice(0, after < 0 ? this.#inOrder.length : after)
    for (const { lead, answered } of known) this.#learn(lead, answered!)
    this.#learnedTo = known.at(-1)?.at ?? this.#learnedTo
  }

  #learn(lead: LeadFacts, answered: boolean): void {
    this.#shrink.clear()
    const kept = 1 - 1 / MEMORY_CALLS
    const all = this.#odds()
    const names = classesOf(lead)
    const factors = names.map(name => this.#factor(name))
    this.#calls = this.#calls * kept + 1
    this.#answered = this.#answered * kept + (answered ? 1 : 0)
    names.forEach((name, at) => {
      // what the other features expect
      const others = bounded(factors.reduce((odds, factor, other) => (other === at ? odds : odds * factor), all))
      const known = this.#classes.get(name) ?? { calls: 0, expected: 0, answered: 0 }
      this.#classes.set(name, {
        calls: this.#callsOf(known) * kept + 1,
        expected: known.expected * kept + others,
        answered: known.answered * kept + (answered ? 1 : 0),
      })
    })
  }

  #rate(): number {
    return (this.#answered + PRIOR_CALLS * PRIOR_RATE) / (this.#calls + PRIOR_CALLS)
  }

  #callsOf({ calls, expected }: Count): number {
    return calls ?? expected / this.#rate()
  }

  #odds(): number {
    return this.#rate() / (1 - this.#rate())
  }

  /** Infinity: the classes of the feature are not known to differ. */
  #shrinkOf(feature: string): number {
    const known = this.#shrink.get(feature)
    if (known !== undefined) return known
    const classes = [...this.#classes].flatMap(([name, one]) => (featureOf(name) === feature ? [one] : []))
    const expected = classes.reduce((sum, one) => sum + one.expected, 0)
    const mean = classes.reduce((sum, one) => sum + one.answered, 0) / expected
    // of the number of people in a class, relative to the expected one: variance of one call / expected
    const variance = 1 - this.#rate()
    const spread = classes.reduce((sum, one) => sum + (one.answered - mean * one.expected) ** 2 / one.expected, 0)
    const squares = classes.reduce((sum, one) => sum + one.expected ** 2, 0)
    const free = classes.length - 1
    const more = spread / variance - free - SURE * Math.sqrt(2 * free)
    const between = (more * variance) / (expected - squares / expected)
    const shrink = free > 0 && more > 0 ? Math.max(SHRINK, variance / between) : Infinity
    this.#shrink.set(feature, shrink)
    return shrink
  }

  #factor(name: string): number {
    const known = this.#classes.get(name)
    if (!known) return 1
    const shrink = this.#shrinkOf(featureOf(name))
    if (shrink === Infinity) return 1
    const ratio = (known.answered + shrink) / (known.expected + shrink)
    // a ratio of probabilities, as a ratio of odds around the rate of the campaign
    const rate = this.#rate()
    const moved = Math.min(MOST, rate * ratio)
    return moved / (1 - moved) / (rate / (1 - rate))
  }
}

/** 'hour 18' → 'hour' */
const featureOf = (name: string): string => name.slice(0, name.indexOf(' '))

const range = (n: number): readonly number[] => Array.from({ length: n }, (_, k) => k)

/** All that there are: a record has no others. */
const CLASSES: readonly string[] = [
  ...range(24).map(hour => `hour ${hour}`),
  ...range(7).map(weekday => `weekday ${weekday}`),
  ...NUMBER_HISTORIES.map(history => `history ${history}`),
]

const classesOf = ({ hour, weekday, history }: LeadFacts): readonly string[] => [
  `hour ${hour}`,
  `weekday ${weekday}`,
  `history ${history}`,
]

const bounded = (odds: number): number => Math.min(MOST, Math.max(LEAST, odds / (1 + odds)))
