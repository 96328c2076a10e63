/**
 * The figures of a campaign, for supervisors. The rate of an empty set is null, never 0 or 100 %. Used by the status
 * lines and the operations.
 */
import type { Campaign } from './campaign.ts'
import { isAttemptEnd, meaningOf, type AttemptEnd } from './disposition.ts'
import { answeredEver } from '../store/answered-calls.ts'
import { countAttempts } from '../store/attempts.ts'
import { countLeads } from '../store/leads.ts'
import { countPreviews } from '../store/previews.ts'
import type { Sql } from '../store/sql.ts'

export interface CampaignFigures {
  readonly name: string
  readonly state: Campaign['state']
  /** Calls that reached the network, including those in progress. */
  readonly dialled: number
  readonly underWay: number
  /** Calls that a person or a machine answered, including those that are in a flow or a conversation now. */
  readonly answered: number
  /** Ended calls that a person answered, as agents have corrected them: the base of the abandonment rate. */
  readonly people: number
  readonly talked: number
  /**
   * By the law of the campaign (law/verdict.ts), since its first call. `switchhook compliance` has the law's windows.
   */
  readonly abandoned: number
  /** abandoned ÷ people, 0 to 1 (16 CFR 310.4(b)(4)(i) allows 0.03); null while nobody has answered. */
  readonly abandonRate: number | null
  /** Leads that are not done: ready ones, and claimed ones. */
  readonly left: number
  readonly leads: number
  /** The number of attempts for each end. */
  readonly ends: Readonly<Record<string, number>>
  /** The number of previews for each end; 'open': an agent looks now. Those that were not called are no attempts. */
  readonly previews: Readonly<Record<string, number>>
}

export async function campaignFigures(
  sql: Sql,
  campaign: Pick<Campaign, 'id' | 'name' | 'state'>,
): Promise<CampaignFigures> {
  const [leads, attempts, answered, previews] = await Promise.all([
    countLeads(sql, campaign.id),
    countAttempts(sql, campaign.id),
    answeredEver(sql, campaign.id),
    countPreviews(sql, campaign.id),
  ])
  return figuresOf(campaign, leads, attempts, answered, previews)
}

export function figuresOf(
  { name, state }: Pick<Campaign, 'name' | 'state'>,
  leads: { readonly ready: number; readonly claimed: number; readonly done: number },
  attempts: ReadonlyMap<string, number>,
  answered: ReadonlyMap<string, number>,
  previews: ReadonlyMap<string, number> = new Map(),
): CampaignFigures {
  const count = (fits: (end: AttemptEnd) => boolean) =>
    [...attempts].reduce((sum, [end, n]) => (isAttemptEnd(end) && fits(end) ? sum + n : sum), 0)
  const inFlow = attempts.get('in-flow') ?? 0
  const underWay = (attempts.get('under-way') ?? 0) + inFlow
  const abandoned = answered.get('abandoned') ?? 0
  const people = (answered.get('served') ?? 0) + abandoned
  return {
    name,
    state,
    underWay,
    people,
    abandoned,
    dialled: underWay + count(() => true),
    answered: inFlow + count(wasAnswered),
    talked: (attempts.get('talked') ?? 0) + (attempts.get('sale') ?? 0),
    abandonRate: people === 0 ? null : abandoned / people,
    left: leads.ready + leads.claimed,
    leads: leads.ready + leads.claimed + leads.done,
    ends: Object.fromEntries(
      [...attempts].filter(([end]) => isAttemptEnd(end) || end === 'refused').sort(([a], [b]) => (a < b ? -1 : 1)),
    ),
    previews: Object.fromEntries(previews),
  }
}

/** A flow gave the disposition, or the attempt ended inside a flow without one. */
const wasAnswered = (end: AttemptEnd): boolean => meaningOf(end).by === 'flow' || end === 'hung-up' || end === 'error'
