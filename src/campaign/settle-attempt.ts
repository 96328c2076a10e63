/** Ends an attempt and releases its lead: one transaction, once. The first terminal evidence wins. Used by leads.ts. */
import type { Queries, Sql } from '../store/sql.ts'
import { attemptWithId, endAttempt, type AttemptClosing, type AttemptRow } from '../store/attempts.ts'
import { campaignWithId } from '../store/campaigns.ts'
import { isOptedOut, mustNotBeCalled, optOut } from '../store/do-not-call.ts'
import { countEnds, numbersOf, saveNumber } from '../store/lead-numbers.ts'
import { leadWithId, lockLead, releaseLead, type LeadRow } from '../store/leads.ts'
import type { Campaign } from './campaign.ts'
import { nextCall, type NextCall } from './next-call.ts'
import type { AttemptEnd } from './disposition.ts'

export interface Evidence extends Omit<AttemptClosing, 'disposition'> {
  /**
   * With 'callback': when the lead wants to be called, ms since the epoch. Default: after the disposition's own delay.
   */
  readonly callAt?: number | undefined
  /** With 'callback': the agent who promised it. Default: the agent who talked with the lead; null: any agent. */
  readonly callFor?: string | null | undefined
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
        await optOut(tx, before.attempt.phone ?? (await leadWithId(tx, before.attempt.lead)).phone, 'flow', now)
      return before
    }
    const [campaign, lead] = [await campaignWithId(tx, attempt.campaign), await lockLead(tx, attempt.lead)]
    const phone = attempt.phone ?? lead.phone
    if (end === 'opted-out') await optOut(tx, phone, 'flow', now)
    const ended = { end, phone, now, wanted: evidence.callAt }
    const isOver = campaign === null || lead.removedAt !== null
    const { again, number } = isOver ? { again: null } : await afterCall(tx, campaign, lead, ended)
    const agent = evidence.callFor === undefined ? (attempt.agent ?? null) : evidence.callFor
    await releaseLead(tx, lead.id, {
      again,
      number,
      disposition: end,
      counts: true,
      now,
      callback: end === 'callback' && again !== null ? { agent } : null,
      behind: campaign?.order === 'fewest-attempts' ? 1 : 0,
    })
    return { settled: true, disposition: end, again, campaign: campaign?.name ?? null, attempt }
  })
}

/** Counts the call for the number that was called, and finds the next one. */
async function afterCall(
  tx: Queries,
  campaign: Campaign,
  lead: LeadRow,
  { end, phone, now, wanted }: { end: AttemptEnd; phone: string; now: number; wanted: number | undefined },
): Promise<Pick<NextCall, 'again'> & { number?: { position: number; place: number } }> {
  const before = await numbersOf(tx, lead)
  const current = before.find(one => one.phone === phone)?.position ?? lead.currentNumber
  const numbers = before.map(one => (one.position === current ? { ...one, attempts: one.attempts + 1 } : one))
  const [sameEnds, blocked] = [await countEnds(tx, lead.id, phone, end), await mustNotBeCalled(tx, campaign.id, phone)]
  const next = nextCall(campaign, { end, now, numbers, current, sameEnds, blocked, wanted })
  if (numbers.length === 1) return { again: next.again }
  const called = numbers.find(one => one.position === current)!
  await saveNumber(tx, lead.id, { ...called, closed: called.closed || next.closes })
  const { position, place } = numbers.find(one => one.position === next.position)!
  return { again: next.again, number: { position, place } }
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
    const never = lead.removedAt !== null || (await isOptedOut(tx, attempt.phone ?? lead.phone))
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
