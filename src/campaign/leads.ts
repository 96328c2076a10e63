/**
 * The lead of a call, for flows and for the code that runs them: its data, and the disposition of its attempt. The
 * attempt's id is the uuid of the call. All methods may be called on any node, and more than once: after a takeover the
 * call is the same attempt.
 */
import type { Roster } from '../agent/roster.ts'
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { Events } from '../events/events.ts'
import { evidenceIn, timedNotesIn } from '../journal/evidence.ts'
import { saidIn } from '../journal/said.ts'
import type { CallStore } from '../journal/call-store.ts'
import { attemptWithId, markAttempt, markConnected, type AttemptRow } from '../store/attempts.ts'
import { campaignWithId } from '../store/campaigns.ts'
import { optOut as writeOptOut } from '../store/do-not-call.ts'
import { leadWithId, prolongClaim } from '../store/leads.ts'
import type { Sql } from '../store/sql.ts'
import type { Campaign } from './campaign.ts'
import type { DialCapacity } from './dial-capacity.ts'
import { isAttemptEnd, type AttemptEnd } from './disposition.ts'
import { freeAgentsOf } from './reservations.ts'
import { refuseAttempt, settleAttempt, type Evidence, type Settlement } from './settle-attempt.ts'

export interface LeadOfCall {
  /** When ended: it was settled without this call (which came too late), so the call must be hung up. */
  readonly attempt: AttemptRow
  /** `phone`: the number that was called. */
  readonly lead: { readonly id: number; readonly phone: string; readonly fields: Readonly<Record<string, string>> }
  readonly campaign: Campaign
}

/** How long the claim of an answered call lasts before a dialer asks whether the call still exists. */
const ANSWERED_MS = 300_000
/** A line is held longer than its lead is claimed, so that the line is still held when an expired claim is checked. */
export const LINE_GRACE_MS = 60_000

export interface LeadsOptions {
  sql: Sql
  /** The journals of calls. */
  calls: Pick<CallStore, 'read'>
  capacity: DialCapacity
  roster: Pick<Roster, 'list' | 'release'>
  clock: Clock
  log: Log
  events: Events
}

export class Leads {
  readonly sql: Sql
  readonly #calls: LeadsOptions['calls']
  readonly #capacity: DialCapacity
  readonly #roster: LeadsOptions['roster']
  readonly #clock: Clock
  readonly #log: Log
  readonly #events: Events

  constructor({ sql, calls, capacity, roster, clock, log, events }: LeadsOptions) {
    this.sql = sql
    this.#calls = calls
    this.#capacity = capacity
    this.#roster = roster
    this.#clock = clock
    this.#log = log
    this.#events = events
  }

  /**
   * The attempt, lead and campaign of a call; null when it is not a campaign's. Rejects, as all methods do, when
   * PostgreSQL is unavailable.
   */
  async attemptOf(uuid: string): Promise<LeadOfCall | null> {
    const attempt = await attemptWithId(this.sql, uuid)
    const campaign = attempt && (await campaignWithId(this.sql, attempt.campaign))
    if (!attempt || !campaign) return null
    const { id, phone, fields } = await leadWithId(this.sql, attempt.lead)
    return { attempt, lead: { id, phone: attempt.phone ?? phone, fields }, campaign }
  }

  /** A person or a machine answered. False when the attempt is over: the call must be hung up. */
  async answered(uuid: string): Promise<boolean> {
    await markAttempt(this.sql, uuid, 'answered', this.#clock.now())
    return this.stillThere(uuid)
  }

  /** True when the answer is recorded. */
  async wasAnswered(uuid: string): Promise<boolean> {
    return (await attemptWithId(this.sql, uuid))?.answeredAt instanceof Date
  }

  /** The lead talks with an agent from now on. False when the attempt is over. */
  connected(uuid: string, agent: string): Promise<boolean> {
    return markConnected(this.sql, uuid, agent, this.#clock.now())
  }

  /** Ends the attempt, once: a later call gets the settlement that counts. Null when the uuid is not an attempt. */
  async settle(uuid: string, end: AttemptEnd, evidence: Evidence = {}): Promise<Settlement | null> {
    const settlement = await settleAttempt(this.sql, uuid, end, evidence, this.#clock.now())
    return this.#over(uuid, settlement, end)
  }

  /**
   * Settles an attempt whose call is gone and whose flow did not return: from the flow's notes in the journal, and
   * without notes from the attempt's row. Rejects also when Redis is unavailable, so that no note is ignored.
   */
  async presume(uuid: string, cause: string | null): Promise<Settlement | null> {
    const attempt = await attemptWithId(this.sql, uuid)
    if (!attempt) return null
    const notes = timedNotesIn(await this.#calls.read(uuid))
    const said = saidIn(
      notes.map(({ note }) => note),
      isAttemptEnd,
    )
    if (said.optOut !== undefined) await this.optOut(said.optOut, 'flow')
    if (attempt.state === 'ended' && said.end !== 'opted-out') return null
    const evidence = evidenceIn(notes)
    const unserved = evidence.unserved ? 'abandoned' : attempt.answeredAt ? 'hung-up' : 'lost'
    const end = said.end ?? (attempt.connectedAt ? 'talked' : unserved)
    return this.settle(uuid, end, { ...evidence, cause, agent: said.agent })
  }

  /**
   * FreeSWITCH or its gateway refused, or nothing was sent: the attempt ends and does not count. `againMs`: null: the
   * lead is ready at once, and keeps its place among the others.
   */
  async refuse(uuid: string, cause: string, againMs: number | null): Promise<Settlement | null> {
    const now = this.#clock.now()
    return this.#over(
      uuid,
      await refuseAttempt(this.sql, uuid, cause, againMs === null ? null : now + againMs, now),
      'refused',
    )
  }

  /** The call exists, or was just answered: prolongs its claim and its line. False when the attempt is over. */
  async stillThere(uuid: string, forMs = ANSWERED_MS): Promise<boolean> {
    const attempt = await attemptWithId(this.sql, uuid)
    if (!attempt || attempt.state === 'ended') return false
    const until = this.#clock.now() + forMs
    await prolongClaim(this.sql, attempt.lead, until)
    await this.#tellRedis(() => this.#capacity.prolong(attempt.campaign, uuid, until + LINE_GRACE_MS, attempt.gateway))
    return true
  }

  /** No campaign calls this number again, whichever list it is on. */
  async optOut(phone: string, source: string): Promise<void> {
    await this.sql.begin(tx => writeOptOut(tx, phone, source, this.#clock.now()))
  }

  async #over(uuid: string, settlement: Settlement | null, end: string): Promise<Settlement | null> {
    if (settlement?.settled === false) {
      this.#log.info({ uuid, disposition: end, stands: settlement.disposition }, 'attempt was settled before')
    } else settlement?.told?.tell(this.#events)
    // the queue frees an agent who was given to the lead: then this finds none
    if (settlement) await this.#tellRedis(() => freeAgentsOf(uuid, this.#roster, this.#clock.now()))
    const { attempt } = settlement ?? {}
    if (attempt) await this.#tellRedis(() => this.#capacity.giveBack(attempt.campaign, uuid, attempt.gateway))
    return settlement
  }

  /** Grants and reservations in Redis expire by themselves; the settlement in PostgreSQL must not wait for Redis. */
  async #tellRedis(tell: () => Promise<unknown>): Promise<void> {
    try {
      await tell()
    } catch (error) {
      this.#log.warn(
        { error: (error as Error).message },
        'updating Redis for an attempt failed; its line and reservation expire by themselves',
      )
    }
  }
}
