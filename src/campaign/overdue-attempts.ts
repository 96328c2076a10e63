/**
 * Overdue attempts: the claim on the lead has expired and the attempt is not settled, because its node is dead, frozen
 * or slow. FreeSWITCH is asked twice before an attempt is settled, so that no lead is dialled again on a guess. When
 * FreeSWITCH certainly never had the leg, the node died before it dialled: the attempt does not count, and the lead is
 * called again. Used by dialer.ts.
 */
import type { Log } from '../base/log.ts'
import type { Switchboard } from '../switch/switchboard.ts'
import { uuid } from '../esl/safe-text.ts'
import { attemptsOf, overdueAttempts, type AttemptRow } from '../store/attempts.ts'
import { freeStaleClaims } from '../store/leads.ts'
import type { Attempts } from './attempt.ts'
import type { Campaign } from './campaign.ts'
import type { Leads } from './leads.ts'

/**
 * The flow of a call that has just ended may still be writing its disposition: after so long the attempt is checked
 * again.
 */
const AGAIN_MS = 15_000
/** An attempt that could not be settled so often is looked at once an hour: what refuses it does not end by itself. */
const MOST_FAILURES = 3
const PARKED_MS = 3_600_000
/** After so many attempts that no node has sent, the next one counts as lost: dialling this lead may end the node. */
const MOST_NOT_SENT = 3

export class OverdueAttempts {
  readonly #leads: Leads
  readonly #attempts: Attempts
  readonly #switchboard: Switchboard
  readonly #log: Log
  /** Attempts whose call was not found once. */
  readonly #missed = new Set<string>()
  /** How often an attempt could not be looked at. */
  readonly #failures = new Map<string, number>()

  constructor(options: { leads: Leads; attempts: Attempts; switchboard: Switchboard; log: Log }) {
    this.#leads = options.leads
    this.#attempts = options.attempts
    this.#switchboard = options.switchboard
    this.#log = options.log
  }

  /** Rejects when PostgreSQL is unavailable. An attempt that cannot be settled delays no other lead. */
  async run(campaign: Campaign, now: number): Promise<void> {
    for (const attempt of await overdueAttempts(this.#leads.sql, campaign.id, now)) {
      try {
        await this.#look(attempt)
      } catch (error) {
        await this.#putOff(attempt, error as Error)
      }
    }
    await freeStaleClaims(this.#leads.sql, campaign.id, now)
  }

  async #putOff({ id, campaign }: AttemptRow, { message }: Error): Promise<void> {
    const failures = (this.#failures.get(id) ?? 0) + 1
    this.#failures.set(id, failures)
    const fields = { uuid: id, campaign, failures, error: message }
    if (failures < MOST_FAILURES)
      this.#log.warn(fields, 'an overdue attempt could not be settled; it is tried again in 15 s')
    else this.#log.error(fields, 'an overdue attempt could not be settled; it is tried again in an hour')
    await this.#leads.stillThere(id, failures < MOST_FAILURES ? AGAIN_MS : PARKED_MS)
  }

  async #look(attempt: AttemptRow): Promise<void> {
    const { id } = attempt
    if (this.#attempts.drives(id)) return void (await this.#leads.stillThere(id, AGAIN_MS))
    if (await this.#lives(attempt)) {
      this.#missed.delete(id)
      return void (await this.#leads.stillThere(id))
    }
    if (!this.#missed.has(id)) {
      this.#missed.add(id)
      return void (await this.#leads.stillThere(id, AGAIN_MS))
    }
    await this.#settle(attempt)
    this.#missed.delete(id)
    this.#failures.delete(id)
  }

  async #settle(attempt: AttemptRow): Promise<void> {
    const { id } = attempt
    if (await this.#wasNeverSent(attempt)) {
      this.#log.info({ uuid: id, node: attempt.node }, 'overdue attempt was never dialled; its lead is called again')
      return void (await this.#leads.refuse(id, 'NOT_SENT', null))
    }
    this.#log.warn(
      { uuid: id, state: attempt.state, node: attempt.node },
      'overdue attempt found without a call on FreeSWITCH; it is settled from its journal or as lost',
    )
    await this.#leads.presume(id, 'LOST')
  }

  /** The call does not exist. True when it certainly never did, and the lead may be dialled. */
  async #wasNeverSent({ id, lead, state, core, intendedAt }: AttemptRow): Promise<boolean> {
    const home = core === null ? null : this.#switchboard.runs(core)
    if (state !== 'intended' || !home?.neverHad(uuid(id), intendedAt.getTime())) return false
    const before = await attemptsOf(this.#leads.sql, lead)
    return (
      before.filter(({ disposition, cause }) => disposition === null && cause === 'NOT_SENT').length < MOST_NOT_SENT
    )
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
