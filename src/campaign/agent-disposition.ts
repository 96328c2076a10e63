/**
 * What an agent says of an attempt, in the wrap-up or later: it corrects the attempt, the ledger of the law and the
 * next call of the lead. One transaction.
 *
 * The last word counts. After any words the lead is called as if the last one had ended the attempt: the delay begins
 * at the end of the attempt, not at the word. The same word again changes nothing. A word for an attempt after which
 * the lead was called again changes the attempt and the ledger, and it can still end the lead. An opt-out is never
 * taken back here: the number stays on the list.
 *
 * Used by operations/agent/disposition.ts.
 */
import { InputError } from '../base/errors.ts'
import type { Sql, Transaction } from '../store/sql.ts'
import type { Events } from '../events/events.ts'
import { happening, type Happening } from '../events/happening.ts'
import { attemptWithId, isNewestAttempt, lockAttempt, setAgentDisposition, type AttemptRow } from '../store/attempts.ts'
import { holdCampaign, resumeCampaign } from '../store/campaigns.ts'
import { addGivenDisposition, givenDispositions, ownDispositions } from '../store/dispositions.ts'
import { optOut } from '../store/do-not-call.ts'
import { stageEvents } from '../store/events.ts'
import { lockLead, releaseLead, type LeadRow } from '../store/leads.ts'
import type { Campaign } from './campaign.ts'
import type { CampaignCommandParts } from './campaign-commands.ts'
import { meaningOf } from './disposition.ts'
import { policyOf } from './law/laws.ts'
import { countsAs } from './law/verdict.ts'
import { afterAttempt } from './after-attempt.ts'
import { wordFrom, type Word } from './own-dispositions.ts'

export interface AgentSaid {
  /** A name or letters of a disposition. */
  readonly disposition: string
  readonly agent: string
  /** When the person wants to be called again, ms since the epoch; undefined: not said. */
  readonly callAt?: number | undefined
}

export interface Corrected {
  /** False: the same agent has said the same before. */
  readonly changed: boolean
  /** The name of the disposition, also when letters were typed. */
  readonly disposition: string
  readonly campaign: string
  readonly lead: number
  /** When the lead is called again, ms since the epoch. Null: never; or the attempt is not settled yet. */
  readonly again: number | null
  /** The campaign was done, and runs again because of this lead. */
  readonly resumed: boolean
  /** To be told, after the transaction. */
  readonly told: readonly Happening[]
}

/** As disposeAttempt, and tells of it and wakes the dialer of the campaign. */
export async function giveDisposition(
  { sql, events, wakeup }: CampaignCommandParts & { readonly events: Events },
  uuid: string,
  said: AgentSaid,
  now: number,
): Promise<Corrected | null> {
  const corrected = await disposeAttempt(sql, uuid, said, now)
  if (!corrected) return null
  const { campaign, again, told } = corrected
  for (const one of told) one.tell(events)
  if (again !== null) await wakeup.ring({ what: 'campaign', name: campaign })
  return corrected
}

/**
 * Null when the call is no attempt of a campaign, or its campaign is removed. Rejects with InputError for a disposition
 * that the campaign does not have, and for a time without a callback. Rejects when PostgreSQL is unavailable: then
 * nothing has changed.
 */
export async function disposeAttempt(
  sql: Sql,
  id: string,
  { disposition, agent, callAt }: AgentSaid,
  now: number,
): Promise<Corrected | null> {
  return sql.begin(async tx => {
    const known = await attemptWithId(tx, id)
    // the campaign first: its deletion locks in this order too
    const campaign = known && (await holdCampaign(tx, known.campaign))
    const attempt = campaign && (await lockAttempt(tx, id))
    if (!attempt) return null
    const word = wordFrom(disposition, await ownDispositions(tx, campaign.id))
    if (callAt !== undefined && word.as !== 'callback')
      throw new InputError(`'${word.name}' takes no time for the next call; a callback does`)
    const last = (await givenDispositions(tx, id)).at(-1)
    const lead = await lockLead(tx, attempt.lead)
    const answer = { disposition: word.name, campaign: campaign.name, lead: lead.id }
    const isSame = last?.disposition === word.name && last.agent === agent && last.callAt?.getTime() === callAt
    if (isSame) return { ...answer, changed: false, again: againOf(attempt, lead), resumed: false, told: [] }
    const given = {
      disposition: word.name,
      agent,
      at: new Date(now),
      callAt: callAt === undefined ? null : new Date(callAt),
    }
    await addGivenDisposition(tx, id, given)
    const counts = attempt.state === 'ended' ? whatItCounts(campaign, attempt, word) : null
    await setAgentDisposition(tx, id, { disposition: word.name, countsAs: counts })
    // null: the settlement reads the word
    const again = counts && (await correctLead(tx, { campaign, attempt, lead, word, counts, agent, callAt, now }))
    const resumed = again !== null && (await resumeCampaign(tx, campaign.id))
    const told = [
      happening('lead.corrected', { uuid: id, ...answer, agent, again }, now),
      ...(resumed ? [happening('campaign.started', { campaign: campaign.name }, now)] : []),
    ]
    await stageEvents(
      tx,
      told.map(({ row }) => row),
    )
    return { ...answer, changed: true, again, resumed, told }
  })
}

const againOf = (attempt: AttemptRow, lead: LeadRow): number | null =>
  attempt.state === 'ended' && lead.state === 'ready' ? lead.nextAt.getTime() : null

function whatItCounts(campaign: Campaign, attempt: AttemptRow, word: Word) {
  const { answeredAt, greetedAt, connectedAt } = attempt
  const call = {
    end: word.as,
    byAgent: true,
    answeredAt: answeredAt?.getTime() ?? null,
    greetedAt: greetedAt?.getTime() ?? null,
    connectedAt: connectedAt?.getTime() ?? null,
    unserved: attempt.countsAs === 'abandoned' && connectedAt === null,
  }
  return countsAs(call, policyOf(campaign.law))
}

interface Correction {
  readonly campaign: Campaign
  readonly attempt: AttemptRow
  readonly lead: LeadRow
  readonly word: Word
  readonly counts: ReturnType<typeof whatItCounts>
  readonly agent: string
  readonly callAt: number | undefined
  readonly now: number
}

/** Writes the lead as if `word` had ended the attempt. Resolves with the time of its next call, or null. */
async function correctLead(
  tx: Transaction,
  { campaign, attempt, lead, word, counts, agent, callAt, now }: Correction,
): Promise<number | null> {
  const phone = attempt.phone ?? lead.phone
  if (word.as === 'opted-out') await optOut(tx, phone, 'agent', now)
  const isLast = lead.state !== 'claimed' && (await isNewestAttempt(tx, attempt))
  const { fixed, is } = meaningOf(word.as)
  const endsLead = fixed === true || is.includes('sale')
  if (!isLast && !(endsLead && lead.state === 'ready')) return againOf(attempt, lead)
  const endedAt = attempt.endedAt?.getTime() ?? now
  const ended = { word, countsAs: counts, phone, endedAt, callAt, now, isCounted: true }
  const after = isLast ? await afterAttempt(tx, campaign, lead, ended) : { again: null }
  const callback = word.as === 'callback' && after.again !== null ? { agent } : null
  await releaseLead(tx, lead.id, { ...after, disposition: word.name, counts: false, now, callback })
  return after.again
}
