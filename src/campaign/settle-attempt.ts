/** Ends an attempt and releases its lead: one transaction, once. The first terminal evidence wins. Used by leads.ts. */
import type { Queries, Sql } from '../store/sql.ts'
import { attemptWithId, endAttempt, type AttemptClosing, type AttemptRow } from '../store/attempts.ts'
import { campaignWithId } from '../store/campaigns.ts'
import { isOptedOut, leadWithId, lockLead, optOut, releaseLead } from '../store/leads.ts'
import { nextCall } from './campaign.ts'
import type { AttemptEnd } from './disposition.ts'

export interface Evidence extends Omit<AttemptClosing, 'disposition'> {
  /**
   * With 'callback': when the lead wants to be called, ms since the epoch. Default: after the disposition's own delay.
   */
  readonly callAt?: number | undefined
}

export interface Settlement {
  /** False: it had been settled before, and nothing has changed. */
  readonly settled: boolean
  /** The disposition that counts; null for an attempt that FreeSWITCH refused. */
  readonly disposition: string | null
  /** When the lead is called again, ms since the epoch; null: never, or settled before. */
  readonly again: number | null
  /** The name of the campaign; null: it is removed, or the attempt was refused or settled before. */
  readonly campaign: string | null
  readonly attempt: AttemptRow
}

/**
 * Null when there is no such attempt. An attempt that had been settled stays as it was, but an opt-out is stored even
 * then. Rejects when PostgreSQL is unavailable: then nothing has changed.
 */
export async function settleAttempt(
  sql: Sql,
  id: string,
  end: AttemptEnd,
  evidence: Evidence,
  now: number,
): Promise<Settlement | null> {
  return sql.begin(async tx => {
    const attempt = await endAttempt(tx, id, { ...evidence, disposition: end }, now)
    if (!attempt) {
      const before = await settledBefore(tx, id)
      if (before && end === 'opted-out')
        await optOut(tx, (await leadWithId(tx, before.attempt.lead)).phone, 'flow', now)
      return before
    }
    const [campaign, lead] = [await campaignWithId(tx, attempt.campaign), await lockLead(tx, attempt.lead)]
    if (end === 'opted-out') await optOut(tx, lead.phone, 'flow', now)
    const never = campaign === null || lead.removedAt !== null || (await isOptedOut(tx, lead.phone))
    const again = never ? null : nextCall(campaign, end, lead.attempts + 1, now, evidence.callAt)
    await releaseLead(tx, lead.id, { again, disposition: end, counts: true, now })
    return { settled: true, disposition: end, again, campaign: campaign?.name ?? null, attempt }
  })
}

/**
 * No telephone rang: FreeSWITCH refused, or nothing was sent. No attempt is used up, and the lead is ready at `again`.
 */
export async function refuseAttempt(
  sql: Sql,
  id: string,
  cause: string,
  again: number,
  now: number,
): Promise<Settlement | null> {
  return sql.begin(async tx => {
    const attempt = await endAttempt(tx, id, { disposition: null, cause }, now)
    if (!attempt) return settledBefore(tx, id)
    const lead = await lockLead(tx, attempt.lead)
    const never = lead.removedAt !== null || (await isOptedOut(tx, lead.phone))
    await releaseLead(tx, lead.id, {
      again: never ? null : again,
      disposition: never ? 'opted-out' : null,
      counts: false,
      now,
    })
    return { settled: true, disposition: null, again: never ? null : again, campaign: null, attempt }
  })
}

async function settledBefore(sql: Queries, id: string): Promise<Settlement | null> {
  const attempt = await attemptWithId(sql, id)
  return attempt && { settled: false, disposition: attempt.disposition, again: null, campaign: null, attempt }
}
