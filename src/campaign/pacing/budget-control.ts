/**
 * How much risk a dial may take (theta): the probability that its person finds no agent. Theta follows the budget of
 * the campaign's ledger. The balance is what may still be abandoned: target × answered − abandoned. Theta rises and
 * falls with the balance at once (proportional), and slowly as long as the balance has the same sign (integral);
 * without the second part a small team stays above the target for ever.
 */
import { z } from 'zod'
import type { PacingBudget, PacingPolicy } from './pacer.ts'

const TUNE = {
  start: 0.029,
  integral: 0.0003,
  proportional: 1.5,
  least: 0.03,
  rest: 0.7,
  up: 0.7,
  down: 2.5,
  softening: 9,
  aim: 0.99,
  known: 1,
}
const LEAST = Math.log(0.002)
const MOST = Math.log(0.5)
/** So many standard deviations above the target nothing is predicted any more: one call per free agent. */
const FUSE = 4
const RATE_MS = 900_000

export const budgetControlRecord = z.strictObject({
  logTheta: z.number(),
  live: z.number().nullable(),
  at: z.number(),
  perMs: z.number(),
})
export type BudgetControlRecord = z.infer<typeof budgetControlRecord>

export class BudgetControl {
  #logTheta: number
  /** Answered calls that the integral part knows. */
  #live: number | null
  #at: number
  #perMs: number

  constructor(record?: BudgetControlRecord) {
    this.#logTheta = record?.logTheta ?? Math.log(TUNE.start)
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
    const aim = target * TUNE.aim
    const balance = aim * live - abandoned
    const scale = Math.sqrt(TUNE.softening + aim * live)
    // a corrected ledger may have fewer answered calls than before
    const answered = Math.max(0, live - (this.#live ?? live))
    if (this.#live === null) this.#perMs = agents / 120_000
    else {
      const kept = Math.exp((this.#at - now) / RATE_MS)
      this.#perMs = this.#perMs * kept + answered / RATE_MS
    }
    this.#at = now
    this.#live = live
    this.#logTheta = clamp(this.#logTheta + TUNE.integral * answered * clamp(balance / scale, -2, 2), LEAST, MOST)
    if (-balance > FUSE * scale) return null
    const rest = endsAt === null || !TUNE.known ? null : aim * this.#perMs * Math.max(0, endsAt - now)
    const gain = rest === null ? TUNE.proportional / scale : Math.max(TUNE.least, 1 / (rest + TUNE.rest))
    return Math.exp(clamp(this.#logTheta + clamp(gain * balance, -TUNE.down, TUNE.up), LEAST, MOST))
  }
}

const clamp = (value: number, least: number, most: number): number => Math.min(most, Math.max(least, value))
