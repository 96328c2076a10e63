/**
 * Attempts that nobody has ended though the claim on their lead ran out: whoever drove them is dead, frozen, or slow. The switch is
 * asked, twice, before anything is decided; nobody is dialled again on a guess.
 */
import type { Log } from '../base/log.ts'
import type { Switchboard } from '../switch/switchboard.ts'
import { uuid } from '../esl/safe-text.ts'
import { overdueAttempts, type AttemptRow } from '../store/attempts.ts'
import { freeStaleClaims } from '../store/leads.ts'
import type { Attempts } from './attempt.ts'
import type { Campaign } from './campaign.ts'
import type { Leads } from './leads.ts'

/** A call that has just ended is still being written down by its flow: so long, then it is asked for again. */
const AGAIN_MS = 15_000

export class OverdueAttempts {
  readonly #leads: Leads
  readonly #attempts: Attempts
  readonly #switchboard: Switchboard
  readonly #log: Log
  /** Not found once. */
  readonly #missed = new Set<string>()

  constructor(options: { leads: Leads; attempts: Attempts; switchboard: Switchboard; log: Log }) {
    this.#leads = options.leads
    this.#attempts = options.attempts
    this.#switchboard = options.switchboard
    this.#log = options.log
  }

  async run(campaign: Campaign, now: number): Promise<void> {
    for (const attempt of await overdueAttempts(this.#leads.sql, campaign.id, now)) await this.#look(attempt)
    await freeStaleClaims(this.#leads.sql, campaign.id, now)
  }

  async #look(attempt: AttemptRow): Promise<void> {
    const { id } = attempt
    if (this.#attempts.drives(id)) return void (await this.#leads.stillThere(id, AGAIN_MS))
    if (await this.#lives(attempt)) {
      this.#missed.delete(id)
      return void (await this.#leads.stillThere(id))
    }
    if (!this.#missed.delete(id)) {
      this.#missed.add(id)
      return void (await this.#leads.stillThere(id, AGAIN_MS))
    }
    this.#log.warn(
      { uuid: id, state: attempt.state, node: attempt.node },
      'an attempt was left behind, and the switch knows nothing of it',
    )
    await this.#leads.presume(id, 'LOST')
  }

  /** True as long as it cannot be ruled out. */
  async #lives({ id, core }: AttemptRow): Promise<boolean> {
    if (await this.#switchboard.isElsewhere(core ?? undefined)) return true
    const home = core === null ? null : this.#switchboard.of(core)
    if (home) return home.exists(uuid(id))
    // a switch whose link is down may still run; one that was started anew has a new core, and has lost its calls
    return this.#switchboard.switches.some(one => !one.up)
  }
}
