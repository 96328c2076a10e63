/**
 * What a flow, and whoever runs it, has to do with a lead: who it is, and what becomes of it. The attempt's id is the uuid of the
 * call. May be asked on any node, and more than once: a call that another node takes over is the same attempt.
 */
import type { Roster } from '../agent/roster.ts'
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import { readEntries } from '../journal/entries.ts'
import type { CallStore } from '../journal/call-store.ts'
import { attemptWithId, markAttempt, markConnected, type AttemptRow } from '../store/attempts.ts'
import { campaignWithId } from '../store/campaigns.ts'
import { leadWithId, optOut as writeOptOut, prolongClaim } from '../store/leads.ts'
import type { Sql } from '../store/sql.ts'
import type { Campaign } from './campaign.ts'
import type { DialCapacity } from './dial-capacity.ts'
import { isAttemptEnd, type AttemptEnd } from './disposition.ts'
import { freeAgentsOf } from './reservations.ts'
import { refuseAttempt, settleAttempt, type Evidence, type Settlement } from './settle-attempt.ts'

export interface LeadOfCall {
  /** Ended: it was settled without this call (it came too late), so the call must be hung up. */
  readonly attempt: AttemptRow
  readonly lead: { readonly id: number; readonly phone: string; readonly fields: Readonly<Record<string, string>> }
  readonly campaign: Campaign
}

/** How long nobody asks whether an answered call is still there. */
const ANSWERED_MS = 300_000
/** A line is held longer than its lead is claimed: whoever looks after a claim that ran out finds the line still held. */
export const LINE_GRACE_MS = 60_000

export interface LeadsOptions {
  sql: Sql
  /** Where the journals of calls are. */
  calls: Pick<CallStore, 'read'>
  capacity: DialCapacity
  roster: Pick<Roster, 'list' | 'release'>
  clock: Clock
  log: Log
}

export class Leads {
  readonly sql: Sql
  readonly #calls: LeadsOptions['calls']
  readonly #capacity: DialCapacity
  readonly #roster: LeadsOptions['roster']
  readonly #clock: Clock
  readonly #log: Log

  constructor({ sql, calls, capacity, roster, clock, log }: LeadsOptions) {
    this.sql = sql
    this.#calls = calls
    this.#capacity = capacity
    this.#roster = roster
    this.#clock = clock
    this.#log = log
  }

  /** Whose call this is; null when it is no campaign's. Rejects, as all of this does, when PostgreSQL is away. */
  async attemptOf(uuid: string): Promise<LeadOfCall | null> {
    const attempt = await attemptWithId(this.sql, uuid)
    const campaign = attempt && (await campaignWithId(this.sql, attempt.campaign))
    if (!attempt || !campaign) return null
    const { id, phone, fields } = await leadWithId(this.sql, attempt.lead)
    return { attempt, lead: { id, phone, fields }, campaign }
  }

  /** Somebody or something answered. False when the attempt is over: the call must be hung up. */
  async answered(uuid: string): Promise<boolean> {
    await markAttempt(this.sql, uuid, 'answered', this.#clock.now())
    return this.stillThere(uuid)
  }

  /** Whoever drives the call has written down that it was answered. */
  async wasAnswered(uuid: string): Promise<boolean> {
    return (await attemptWithId(this.sql, uuid))?.answeredAt instanceof Date
  }

  /** They talk with an agent, from now on. False when the attempt is over. */
  connected(uuid: string, agent: string): Promise<boolean> {
    return markConnected(this.sql, uuid, agent, this.#clock.now())
  }

  /** Ends the attempt, once: who comes later is told what stands. Null when the uuid is no attempt. */
  async settle(uuid: string, end: AttemptEnd, evidence: Evidence = {}): Promise<Settlement | null> {
    const settlement = await settleAttempt(this.sql, uuid, end, evidence, this.#clock.now())
    return this.#over(uuid, settlement, end)
  }

  /**
   * The call is gone and nobody who drove it says how it was: what its flow had written into the journal decides, and without that what
   * is written down of the attempt. Rejects when Redis is away, too: nobody's word is passed over.
   */
  async presume(uuid: string, cause: string | null): Promise<Settlement | null> {
    const attempt = await attemptWithId(this.sql, uuid)
    if (!attempt) return null
    const said = saidIn(await this.#calls.read(uuid))
    if (said.optOut !== undefined) await this.optOut(said.optOut, 'flow')
    if (attempt.state === 'ended' && said.end !== 'opted-out') return null
    const end = said.end ?? (attempt.connectedAt ? 'talked' : attempt.answeredAt ? 'hung-up' : 'lost')
    return this.settle(uuid, end, { cause, agent: said.agent })
  }

  /** The switch would not dial, or we did not ask it to: the attempt is over and was none. */
  async refuse(uuid: string, cause: string, againMs: number): Promise<Settlement | null> {
    const now = this.#clock.now()
    return this.#over(uuid, await refuseAttempt(this.sql, uuid, cause, now + againMs, now), 'refused')
  }

  /** The call was found to live, or was just answered: its claim and its line last longer. False when the attempt is over. */
  async stillThere(uuid: string, forMs = ANSWERED_MS): Promise<boolean> {
    const attempt = await attemptWithId(this.sql, uuid)
    if (!attempt || attempt.state === 'ended') return false
    const until = this.#clock.now() + forMs
    await prolongClaim(this.sql, attempt.lead, until)
    await this.#tellRedis(() => this.#capacity.prolong(attempt.campaign, uuid, until + LINE_GRACE_MS))
    return true
  }

  /** Nobody of ours calls this number again, whichever list it is on. */
  async optOut(phone: string, source: string): Promise<void> {
    await this.sql.begin(tx => writeOptOut(tx, phone, source, this.#clock.now()))
  }

  async #over(uuid: string, settlement: Settlement | null, end: string): Promise<Settlement | null> {
    if (settlement?.settled === false) {
      this.#log.info({ uuid, disposition: end, stands: settlement.disposition }, 'an attempt had been settled before')
    }
    // an agent who was given to the lead is the queue's to free: then nobody is found here
    if (settlement) await this.#tellRedis(() => freeAgentsOf(uuid, this.#roster, this.#clock.now()))
    if (settlement) await this.#tellRedis(() => this.#capacity.giveBack(settlement.attempt.campaign, uuid))
    return settlement
  }

  /** What is held in Redis lapses by itself; what PostgreSQL says must not wait for it. */
  async #tellRedis(tell: () => Promise<unknown>): Promise<void> {
    try {
      await tell()
    } catch (error) {
      this.#log.warn(
        { error: (error as Error).message },
        'what Redis holds for an attempt could not be changed; it lapses by itself',
      )
    }
  }
}

/** What a flow had come to, as far as its journal goes: the last of it counts. */
function saidIn(lines: readonly string[]): { end?: AttemptEnd; agent?: string | undefined; optOut?: string } {
  let said: ReturnType<typeof saidIn> = {}
  for (const entry of readEntries(lines)) {
    if (entry.k !== 'note') continue
    const { note } = entry
    if ('optOut' in note) said = { ...said, optOut: note.optOut }
    else if ('disposition' in note && isAttemptEnd(note.disposition))
      said = { ...said, end: note.disposition, agent: note.agent }
    else if ('event' in note && note.event === 'talking') said = { ...said, end: 'talked', agent: note.agent }
  }
  return said
}
