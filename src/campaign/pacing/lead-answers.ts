/**
 * Who will answer: the probability that a person answers a lead, from what is known before the dial: the hour, the
 * weekday and what became of earlier calls to the number. Learned for each campaign from its own calls.
 *
 * The odds of the campaign are multiplied by one factor for each feature. A factor compares the people who answered
 * with those who were expected without it. It starts at 1 and counts as if SHRINK people more had been expected and had
 * answered, so a class with few calls stays near the rate of the campaign: ten calls do not make a law.
 */
import { z } from 'zod'
import { RecordCodec } from '../../store/record-codec.ts'

/** What became of the latest call to the number; `new`: it was never called. */
const NUMBER_HISTORIES = ['new', 'answered', 'machine', 'busy', 'unanswered', 'unanswered-often'] as const
export type NumberHistory = (typeof NUMBER_HISTORIES)[number]

export interface LeadFacts {
  /** From 0 to 23, and from 0 (Sunday) to 6, where the person lives. */
  readonly hour: number
  readonly weekday: number
  readonly history: NumberHistory
}

const SHRINK = 20
/** After so many calls a call counts e times less: people change their habits. */
const MEMORY_CALLS = 20_000
const PRIOR_RATE = 0.3
const PRIOR_CALLS = 20
/** So many dials may be under way. */
const MOST_OPEN = 5_000
const LEAST = 0.01
const MOST = 0.95

interface Dial {
  readonly lead: LeadFacts
  answered: boolean | null
}

interface Count {
  expected: number
  answered: number
}

const count = z.looseObject({ expected: z.number(), answered: z.number() })
const leadAnswersRecord = z.looseObject({
  calls: z.number(),
  answered: z.number(),
  classes: z.record(z.string(), count),
})
interface LeadAnswersRecord {
  readonly calls: number
  readonly answered: number
  readonly classes: Readonly<Record<string, Count>>
}

const codec = new RecordCodec<LeadAnswersRecord>({ what: 'answers of leads', schema: leadAnswersRecord })

/** Pure: the same calls give the same probabilities. */
export class LeadAnswers {
  #calls = 0
  #answered = 0
  readonly #classes = new Map<string, Count>()
  readonly #open = new Map<string, Dial>()
  readonly #inOrder: Dial[] = []

  /** @param saved What `saved` returned; a record that cannot be read counts as none. */
  constructor(saved: string | null = null) {
    const record = saved === null ? null : codec.read(saved, 'answers of leads')
    if (!record) return
    this.#calls = record.calls
    this.#answered = record.answered
    for (const [name, { expected, answered }] of Object.entries(record.classes))
      this.#classes.set(name, { expected, answered })
  }

  /** As JSON with a version `v`. */
  get saved(): string {
    return codec.write({ calls: this.#calls, answered: this.#answered, classes: Object.fromEntries(this.#classes) })
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

  /** How many calls, of the present weight, the factor of this history is learned from: a figure for people. */
  callsWith(history: NumberHistory): number {
    const known = this.#classes.get(`history ${history}`)
    return known ? known.expected / this.#rate() : 0
  }

  /** A lead is dialled; `call` names the dial. */
  dialled(call: string, lead: LeadFacts): void {
    const dial: Dial = { lead, answered: null }
    this.#open.set(call, dial)
    this.#inOrder.push(dial)
    if (this.#inOrder.length > MOST_OPEN) this.#inOrder.shift() // its end was never told
  }

  /**
   * It is known whether a person answered. The model learns in the order of the dials: refused calls end first, and
   * would make every lead that is dialled in these seconds look worse than it is.
   */
  over(call: string, answered: boolean): void {
    const dial = this.#open.get(call)
    if (!dial) return
    this.#open.delete(call)
    dial.answered = answered
    let known = 0
    for (const { lead, answered: was } of this.#inOrder) {
      if (was === null) break
      this.#learn(lead, was)
      known += 1
    }
    this.#inOrder.splice(0, known)
  }

  #learn(lead: LeadFacts, answered: boolean): void {
    const kept = 1 - 1 / MEMORY_CALLS
    const all = this.#odds()
    const names = classesOf(lead)
    const factors = names.map(name => this.#factor(name))
    this.#calls = this.#calls * kept + 1
    this.#answered = this.#answered * kept + (answered ? 1 : 0)
    names.forEach((name, at) => {
      // what the other features expect
      const others = bounded(factors.reduce((odds, factor, other) => (other === at ? odds : odds * factor), all))
      const { expected, answered: before } = this.#classes.get(name) ?? { expected: 0, answered: 0 }
      this.#classes.set(name, { expected: expected * kept + others, answered: before * kept + (answered ? 1 : 0) })
    })
  }

  #rate(): number {
    return (this.#answered + PRIOR_CALLS * PRIOR_RATE) / (this.#calls + PRIOR_CALLS)
  }

  #odds(): number {
    return this.#rate() / (1 - this.#rate())
  }

  #factor(name: string): number {
    const known = this.#classes.get(name)
    if (!known) return 1
    const ratio = (known.answered + SHRINK) / (known.expected + SHRINK)
    // a ratio of probabilities, as a ratio of odds around the rate of the campaign
    const rate = this.#rate()
    const moved = Math.min(MOST, rate * ratio)
    return moved / (1 - moved) / (rate / (1 - rate))
  }
}

const classesOf = ({ hour, weekday, history }: LeadFacts): readonly string[] => [
  `hour ${hour}`,
  `weekday ${weekday}`,
  `history ${history}`,
]

const bounded = (odds: number): number => Math.min(MOST, Math.max(LEAST, odds / (1 + odds)))
