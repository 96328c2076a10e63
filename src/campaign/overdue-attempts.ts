/**
 * Overdue attempts: the claim on the lead has expired and the attempt is not settled, because its node is dead, frozen
 * or slow. FreeSWITCH is asked twice before an attempt is settled, so that no lead is dialled again on a guess. Used by
 * dialer.ts.
 */
import type { Log } from '../base/log.ts'
import type { Switchboard } from '../switch/switchboard.ts'
import { uuid } from '../esl/safe-text.ts'
import { overdueAttempts, type AttemptRow } from '../store/attempts.ts'
import { freeStaleClaims } from '../store/leads.ts'
import type { Attempts } from './attempt.ts'
import type { Campaign } from './campaign.ts'
import type { Leads } from './leads.ts'

/**
 * The flow of a call that has just ended may still be writing its disposition: after so long the attempt is checked
 * again.
 */
const AGAIN_MS = 15_000

export class OverdueAttempts {
  readonly #leads: Leads
  readonly #attempts: Attempts
  readonly #switchboard: Switchboard
  readonly #log: Log
  /** Attempts whose call was not found once. */
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
      'overdue attempt found without a call on FreeSWITCH; it is settled from its journal or as lost',
    )
    await this.#leads.presume(id, 'LOST')
  }

  /** True as long as it cannot be ruled out. */
  async #lives({ id, core }: AttemptRow): Promise<boolean> {
    if (await this.#switchboard.isElsewhere(core ?? undefined)) return true
    const home = core === null ? null : this.#switchboard.of(core)
    if (home) return home.exists(uuid(id))
    // a FreeSWITCH whose connection is down may still run; one that was restarted has a new core, and has lost its
    // calls
    return this.#switchboard.switches.some(one => !one.up)
  }
}
