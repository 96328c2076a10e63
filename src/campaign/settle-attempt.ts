/** Ends an attempt and releases its lead: one transaction, once. The first terminal evidence wins. Used by leads.ts. */
import { happening, type Happening } from '../events/happening.ts'
import type { Queries, Sql, Transaction } from '../store/sql.ts'
import {
  attemptWithId,
  endAttempt,
  lockAttempt,
  type AttemptEvidence,
  type AttemptRow,
  type CountsAs,
} from '../store/attempts.ts'
import { campaignWithId } from '../store/campaigns.ts'
import { givenDispositions, ownDispositions } from '../store/dispositions.ts'
import { isOptedOut, optOut } from '../store/do-not-call.ts'
import { stageEvents } from '../store/events.ts'
import { leadWithId, lockLead, releaseLead } from '../store/leads.ts'
import { afterAttempt } from './after-attempt.ts'
import type { Campaign } from './campaign.ts'
import type { AttemptEnd } from './disposition.ts'
import { policyOf } from './law/laws.ts'
import { countsAs } from './law/verdict.ts'
import { builtIn, storedWord, type Word } from './own-dispositions.ts'

export interface Evidence extends AttemptEvidence {
  /** The flow asked for an agent, and none came in time. */
  readonly unserved?: boolean | undefined
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
  /** Of the settlement that counts: to be told, after its transaction. */
  readonly told?: Happening
}

/**
 * Null when there is no such attempt. An attempt that had been settled stays as it was, but an opt-out is stored even
 * then. What an agent has said of the call goes before `end`. Rejects when PostgreSQL is unavailable: then nothing has
 * changed.
 */
export async function settleAttempt(
  sql: Sql,
  id: string,
  end: AttemptEnd,
  evidence: Evidence,
  now: number,
): Promise<Settlement | null> {
  return sql.begin(async tx => {
    const open = await lockAttempt(tx, id)
    if (!open || open.state === 'ended') {
      const before = await settledBefore(tx, id)
      if (before && end === 'opted-out')
        await optOut(tx, before.attempt.phone ?? (await leadWithId(tx, before.attempt.lead)).phone, 'flow', now)
      return before
    }
    const campaign = await campaignWithId(tx, open.campaign)
    const said = await saidByAgent(tx, open)
    const counts = campaign && whatCounts(campaign, open, { end, said: said?.word ?? null, evidence })
    const closing = { ...evidence, ...counts, disposition: end }
    const attempt = (await endAttempt(tx, id, closing, now))!
    const lead = await lockLead(tx, attempt.lead)
    const word = said?.word ?? builtIn(end)
    const phone = attempt.phone ?? lead.phone
    const source = end === 'opted-out' ? 'flow' : word.as === 'opted-out' ? 'agent' : null
    if (source !== null) await optOut(tx, phone, source, now)
    const ended = {
      word,
      countsAs: counts?.agentCountsAs ?? counts?.countsAs ?? 'nobody',
      phone,
      endedAt: now,
      callAt: said ? said.callAt : evidence.callAt,
      now,
      isCounted: false,
    }
    const after = campaign === null ? { again: null } : await afterAttempt(tx, campaign, lead, ended)
    const agent = said?.agent ?? (evidence.callFor === undefined ? (attempt.agent ?? null) : evidence.callFor)
    await releaseLead(tx, lead.id, {
      ...after,
      disposition: word.name,
      counts: true,
      now,
      callback: word.as === 'callback' && after.again !== null ? { agent } : null,
      behind: campaign?.order === 'fewest-attempts' ? 1 : 0,
    })
    const { again } = after
    const about = { uuid: id, campaign: campaign?.name ?? null, lead: lead.id, cause: attempt.cause }
    const told = happening('lead.disposed', { ...about, disposition: word.name, again }, now, `${id}.disposed`)
    await stageEvents(tx, [told.row])
    return { settled: true, disposition: word.name, again, campaign: about.campaign, attempt, told }
  })
}

/** What an agent said of the call before it was settled; null: nothing. */
async function saidByAgent(tx: Transaction, { id, campaign }: AttemptRow) {
  const last = (await givenDispositions(tx, id)).at(-1)
  if (!last) return null
  const word = storedWord(last.disposition, await ownDispositions(tx, campaign))
  return { word, agent: last.agent, callAt: last.callAt?.getTime() }
}

interface Judged {
  readonly end: AttemptEnd
  readonly said: Word | null
  readonly evidence: Evidence
}

/** What an answered call counts as for the law, without and with the word of the agent. */
function whatCounts(
  campaign: Campaign,
  { answeredAt, connectedAt }: AttemptRow,
  { end, said, evidence }: Judged,
): { readonly countsAs: CountsAs; readonly agentCountsAs?: CountsAs } {
  const policy = policyOf(campaign.law)
  const call = {
    answeredAt: evidence.answeredAt ?? answeredAt?.getTime() ?? null,
    greetedAt: evidence.greetedAt ?? null,
    connectedAt: evidence.connectedAt ?? connectedAt?.getTime() ?? null,
    unserved: evidence.unserved ?? false,
  }
  const counts = countsAs({ ...call, end, byAgent: false }, policy)
  return {
    countsAs: counts,
    ...(said && { agentCountsAs: countsAs({ ...call, end: said.as, byAgent: true }, policy) }),
  }
}

/**
 * No telephone rang: FreeSWITCH or its gateway refused, or nothing was sent. No attempt is used up, and the lead is
 * ready `at` this time; null: at once, with the place that it had.
 */
export async function refuseAttempt(
  sql: Sql,
  id: string,
  cause: string,
  at: number | null,
  now: number,
): Promise<Settlement | null> {
  return sql.begin(async tx => {
    const attempt = await endAttempt(tx, id, { disposition: null, cause }, now)
    if (!attempt) return settledBefore(tx, id)
    const lead = await lockLead(tx, attempt.lead)
    const never = lead.removedAt !== null || (await isOptedOut(tx, attempt.phone ?? lead.phone))
    const again = at ?? lead.nextAt.getTime()
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
  if (!attempt) return null
  const disposition = attempt.agentDisposition ?? attempt.disposition
  return { settled: false, disposition, again: null, campaign: null, attempt }
}
