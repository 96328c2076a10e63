/**
 * How much risk a dial may take (theta): the probability that its person finds no agent. Theta follows the budget of
 * the campaign's ledger. The balance is what may still be abandoned: target × answered − abandoned.
 *
 * The share of abandoned people is about proportional to theta, so theta starts near its final value for every team.
 * Each correction costs: occupancy is concave in theta, so a theta that swings loses more than it gains. So the balance
 * is corrected over the time that is left in the window; when that is not known, over about as many abandoned people as
 * the noise of the count (proportional). The integral part moves theta for good, as long as the balance has the same
 * sign; without it a team would stay beside the target for ever.
 */
import { z } from 'zod'
import type { PacingBudget, PacingPolicy } from './pacer.ts'

/** Theta of a large team that abandons 3 % of the people, measured (`make bench-pacing`), and the target of that. */
const START = 0.0222
const START_TARGET = 0.03
/** A small team gets more: with n agents START × (1 + (SMALL / n)²). */
const SMALL = 3
/** The share that is aimed at, of the target. */
const AIM = 0.985
/**
 * People who are held back: a part of a person cannot be abandoned, and the last one comes when theta is low already.
 */
const RESERVE = 0.2
/** Change of ln theta for each answered call, at a balance of one standard deviation. */
const INTEGRAL = 0.0003
/** Change of ln theta at a balance of one standard deviation, when the end of the window is not known. */
const PROPORTIONAL = 1.5
/** Change of ln theta for each abandoned person of the balance, at least. */
const LEAST_GAIN = 0.02
/** The window counts as longer by so many abandoned people, so that the last one does not decide everything. */
const LAST = 0.35
/** Most that the balance moves ln theta, up and down. */
const UP = 0.7
const DOWN = 3
/** Variance of the count when nobody was answered yet, in people. */
const SOFTENING = 9
/** So many standard deviations above the target nothing is predicted any more: one call for each free agent. */
const FUSE = 4
const LEAST = Math.log(0.002)
const MOST = Math.log(0.5)
/** The rate of answers is that of about so many milliseconds. */
const RATE_MS = 900_000
/** Before the first answer: milliseconds for which one agent is busy with a person. */
const SERVICE_MS = 120_000

export const budgetControlRecord = z.looseObject({
  logTheta: z.number().nullable(),
  live: z.number().nullable(),
  at: z.number(),
  perMs: z.number(),
})
export type BudgetControlRecord = z.infer<typeof budgetControlRecord>

export class BudgetControl {
  #logTheta: number | null
  /** Answered calls of the ledger at the latest look, and when that was. */
  #live: number | null
  #at: number
  /** Answered calls per millisecond. */
  #perMs: number

  constructor(record?: BudgetControlRecord) {
    this.#logTheta = record?.logTheta ?? null
    this.#live = record?.live ?? null
    this.#at = record?.at ?? 0
    this.#perMs = record?.perMs ?? 0
  }

  save(): BudgetControlRecord {
    return { logTheta: this.#logTheta, live: this.#live, at: this.#at, perMs: this.#perMs }
  }

  /** Theta for this budget; null: the fuse has blown. */
  theta(
    { live, abandoned }: PacingBudget,
    { target, endsAt }: PacingPolicy,
    now: number,
    agents: number,
  ): number | null {
    const aim = target * AIM
    const balance = aim * live - abandoned - RESERVE
    const deviation = countDeviation(aim * live)
    // a corrected ledger may have fewer answered calls than before
    const answered = Math.max(0, live - (this.#live ?? live))
    if (this.#live === null) this.#perMs = agents / SERVICE_MS
    else this.#perMs = this.#perMs * Math.exp((this.#at - now) / RATE_MS) + answered / RATE_MS
    this.#at = now
    this.#live = live
    const before =
      this.#logTheta ?? Math.log((target / START_TARGET) * START * (1 + (SMALL / Math.max(2, agents)) ** 2))
    this.#logTheta =
      endsAt === null ? clamp(before + INTEGRAL * answered * clamp(balance / deviation, -2, 2), LEAST, MOST) : before
    if (-balance > FUSE * deviation) return null
    const gain =
      endsAt === null
        ? PROPORTIONAL / deviation
        : Math.max(LEAST_GAIN, 1 / (aim * this.#perMs * Math.max(0, endsAt - now) + LAST))
    return Math.exp(clamp(this.#logTheta + clamp(gain * balance, -DOWN, UP), LEAST, MOST))
  }
}

/** Standard deviation of the number of abandoned people, when this number is expected. */
export const countDeviation = (expected: number): number => Math.sqrt(SOFTENING + expected)

const clamp = (value: number, least: number, most: number): number => Math.min(most, Math.max(least, value))
