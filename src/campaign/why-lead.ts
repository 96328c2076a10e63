/**
 * Why a lead is not dialled now: every rule that holds it back, and until when. The same rules as those of the claim
 * (store/claims.ts, callable-leads.ts), one by one. Pure.
 */
import type { NumberLimit } from '../store/campaigns.ts'
import type { NumberCall } from '../store/attempts.ts'
import type { DoNotCall } from '../store/do-not-call.ts'
import type { LeadNumber } from '../store/lead-numbers.ts'
import type { HeldLead } from '../store/leads.ts'
import type { Campaign } from './campaign.ts'
import type { Allowed } from './calling-hours.ts'

type WhyNot =
  | 'campaign-state'
  | 'done'
  | 'removed'
  | 'claimed'
  | 'preview'
  | 'retry'
  | 'callback'
  | 'callback-agent'
  | 'hours'
  | 'do-not-call'
  | 'limit'
  | 'abandoned'
  | 'called-now'
  | 'number-closed'

export interface Reason {
  readonly why: WhyNot
  /** When it ends by itself, ms since the epoch; null: it does not, or nobody knows. */
  readonly until: number | null
  /** The state, the disposition, the limit, the hours: by the reason. */
  readonly what: string
}

export interface LeadFacts {
  readonly campaign: Campaign
  readonly lead: HeldLead
  /** The number that is called next. */
  readonly number: LeadNumber
  readonly hours: Allowed
  /** Calls to that number, of all campaigns, newest first. */
  readonly calls: readonly NumberCall[]
  /** Entries of the do-not-call list for that number and this campaign. */
  readonly entries: readonly DoNotCall[]
  /** The limits of the campaign, and those of the law for the place of the number. */
  readonly limits: readonly NumberLimit[]
  readonly abandonedMs: number
  /** The agent who looks at it now; null: nobody does. */
  readonly preview: { readonly agent: string; readonly until: Date } | null
  readonly now: number
}

/** Empty: the lead is dialled when its turn comes and an agent is free. */
export function whyNotDialled(facts: LeadFacts): Reason[] {
  const { campaign, lead, number, hours, calls, entries, limits, abandonedMs, preview, now } = facts
  const reasons: Reason[] = []
  const add = (why: WhyNot, until: number | null, what: string) => void reasons.push({ why, until, what })
  if (campaign.state !== 'running') add('campaign-state', null, campaign.state)
  if (lead.removedAt !== null) add('removed', null, lead.removedAt.toISOString().slice(0, 10))
  else if (lead.state === 'done') add('done', null, lead.disposition ?? 'no disposition')
  if (lead.state === 'claimed' && preview) add('preview', preview.until.getTime(), preview.agent)
  else if (lead.state === 'claimed') add('claimed', lead.claimedUntil?.getTime() ?? null, lead.claimedBy ?? '')
  const at = lead.nextAt.getTime()
  if (lead.state === 'ready' && lead.callbackAt !== null) {
    if (at > now) add('callback', at, lead.callbackFor ?? 'any agent')
    else if (lead.callbackFor !== null && at + campaign.callbackWaitMs > now)
      add('callback-agent', at + campaign.callbackWaitMs, lead.callbackFor)
  } else if (lead.state === 'ready' && at > now) add('retry', at, lead.disposition ?? 'not called yet')
  if (!hours.open) add('hours', hours.until, hours.closedBy.join(' and '))
  for (const { number: entry, prefix, source, note } of entries)
    add('do-not-call', null, `${entry}${prefix ? '*' : ''} (${[source, note].filter(word => word !== '').join(': ')})`)
  if (number.closed) add('number-closed', null, number.phone)
  if (calls.some(call => call.state !== 'ended' && call.lead !== lead.id)) add('called-now', null, number.phone)
  const abandoned = calls.find(call => call.disposition === 'abandoned')?.endedAt?.getTime()
  if (abandoned !== undefined && abandoned + abandonedMs > now) add('abandoned', abandoned + abandonedMs, number.phone)
  for (const limit of limits) {
    const until = limitEnds(calls, limit, now)
    if (until !== null) add('limit', until, `${limit.most} calls to ${number.phone}`)
  }
  return reasons
}

/** When one more call to a number is within this limit; null: it is now. */
function limitEnds(calls: readonly NumberCall[], { most, withinMs }: NumberLimit, now: number): number | null {
  const counted = calls.filter(call => call.state !== 'ended' || call.disposition !== null)
  const last = counted[most - 1]?.intendedAt.getTime()
  return last !== undefined && last + withinMs > now ? last + withinMs : null
}
