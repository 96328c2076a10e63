/**
 * Who will answer, of the leads that one campaign dials (pacing/lead-answers.ts): gives each call its probability, and
 * learns from what becomes of it. The dialer tells of its own calls that nobody answers, the events of the leg tell of
 * those that are answered. What happened to a call that no node followed, or that an earlier owner of the campaign
 * dialled, is read from PostgreSQL. Opened by paced-floors.ts for the mode predictive.
 */
import type { Log } from '../base/log.ts'
import { callsSince, resultsOf } from '../store/lead-history.ts'
import type { Queries } from '../store/sql.ts'
import { leadFacts } from './lead-facts.ts'
import { LeadAnswers, type LeadFacts } from './pacing/lead-answers.ts'
import type { PacingEvent } from './pacing/pacer.ts'

/** So many calls are read when a node begins to dial a campaign: usually those of the last minute. */
const MOST_READ = 1_000
/** The end of a call that has lasted so long without an event may have been missed: PostgreSQL is asked. */
const MISSED_MS = 60_000

export interface PacedLeadsCampaign {
  readonly id: string
  /** Of leads whose zone is not known. */
  readonly timeZone: string
}

export class PacedLeads {
  readonly #sql: Queries
  readonly #answers: LeadAnswers
  /** Calls that somebody or something has answered; it is not known yet whether a person did. */
  readonly #pickedUp = new Set<string>()

  private constructor(sql: Queries, answers: LeadAnswers) {
    this.#sql = sql
    this.#answers = answers
  }

  /**
   * Goes on with what was saved, and learns from the calls since then, whichever node dialled and settled them. Rejects
   * when PostgreSQL is unavailable.
   */
  static async open(
    sql: Queries,
    { id, timeZone }: PacedLeadsCampaign,
    saved: string | null,
    log: Log,
  ): Promise<PacedLeads> {
    const answers = new LeadAnswers(saved, `leads of campaign ${id}`, log)
    const calls = await callsSince(sql, id, answers.learnedTo, MOST_READ)
    for (const { id: call, intendedAt, key, before } of calls)
      answers.dialled(call, leadFacts(key, before, intendedAt.getTime(), timeZone), intendedAt.getTime())
    for (const { id: call, answered } of calls) if (answered !== null) answers.over(call, answered)
    return new PacedLeads(sql, answers)
  }

  /** A lead is dialled at `at`, milliseconds since the epoch. Returns the probability that a person answers. */
  dialled(call: string, lead: LeadFacts, at: number): number {
    const chance = this.#answers.chanceOf(lead)
    this.#answers.dialled(call, lead, at)
    return chance
  }

  /** Of a call that another node has dialled; undefined: it is not known. */
  chanceOf(call: string): number | undefined {
    return this.#answers.chanceOfCall(call)
  }

  heard(event: PacingEvent): void {
    if (event.type === 'answered') this.#pickedUp.add(event.call)
    else if (event.type === 'human') this.#over(event.call, true)
    // else: a leg that ends without an answer may have rung nowhere; the dialer knows
    else if (event.type === 'ended' && this.#pickedUp.has(event.call)) this.#over(event.call, false)
  }

  /** The telephone has rung, and nobody answered. */
  unanswered(call: string): void {
    this.#over(call, false)
  }

  /** No telephone rang. */
  neverMade(call: string): void {
    this.#answers.neverMade(call)
  }

  /**
   * What is to be kept, as JSON; first asks for the ends that were not seen. Rejects when PostgreSQL is unavailable.
   */
  async toSave(now: number): Promise<string> {
    const missed = this.#answers.openBefore(now - MISSED_MS)
    for (const { id, answered } of missed.length > 0 ? await resultsOf(this.#sql, missed) : []) {
      if (answered === null) this.neverMade(id)
      else this.#over(id, answered)
    }
    return this.#answers.saved
  }

  #over(call: string, answered: boolean): void {
    this.#pickedUp.delete(call)
    this.#answers.over(call, answered)
  }
}
