/**
 * The leads that one campaign may call now, for its dialer: those of places whose hours are open, and callbacks that
 * are due. The claim itself looks at each number (store/claims.ts). One instance for each dialer: it remembers the
 * hours of each place.
 */
import type { Country } from '../base/country.ts'
import { localDate } from '../base/hours.ts'
import { ms, type Duration } from '../base/duration.ts'
import { claimLeads, countDue, readyCallbacks, readyLines, type Claim, type Claimed } from '../store/claims.ts'
import type { ReadyCallback, ReadyLine } from '../store/claims.ts'
import { holidaysFrom } from '../store/holidays.ts'
import { nextExpiry, placeLeads, unplacedLeads } from '../store/leads.ts'
import type { PreviewRow } from '../store/previews.ts'
import type { Queries, Sql } from '../store/sql.ts'
import { policyOf } from './law/laws.ts'
import type { Campaign } from './campaign.ts'
import { CallingHours, type Holidays } from './calling-hours.ts'
import type { RulesName } from './calling-rules/rule-sets.ts'
import { meaningOf, type AttemptEnd } from './disposition.ts'
import { leadFacts } from './lead-facts.ts'
import { callingColumns } from './list-lead.ts'
import type { LeadFacts } from './pacing/lead-answers.ts'

/** Holidays that were imported count after this time. */
const HOLIDAYS_MS = 60_000
/** Places whose hours never open within weeks are looked at again after this time. */
const NEVER_MS = 3_600_000
/** Callbacks that are looked at; more of them wait for the first ones. */
export const MOST_CALLBACKS = 500
/** Leads without a place (a program or a node of the version before has added them) are given one in portions. */
const PLACED_AT_ONCE = 500
/**
 * When leads had to be put off, the next claim looks at more of them than it wants: a list may begin with thousands of
 * numbers that must not be called.
 */
const MOST_PUT_OFF = 500
/** Lines that one claim reads at most: each is an index scan. */
const MOST_LINES = 128

export interface Due {
  /** Leads that may be called now, counted up to the number that was asked for. */
  readonly ready: number
  /** When the next lead becomes due, or the hours of its place begin; null: no lead waits. */
  readonly nextAt: number | null
  /** The free agents who have promised a callback that is due, and that is not for anybody yet. */
  readonly promisedBy: readonly string[]
  /** When the next claim expires. */
  readonly expiresAt: number | null
}

/** The uuid of an attempt, and the agent who is reserved for it; null: no certain agent. */
export interface Slot {
  readonly id: string
  readonly agent: string | null
}

/** A lead that is called now. */
export interface ClaimedLead extends Claimed {
  /** What is known of it before the call. */
  readonly facts: LeadFacts
}

type Claiming = Pick<Claim, 'node' | 'gateway' | 'core' | 'now' | 'until' | 'preview'>

export class CallableLeads {
  readonly #sql: Sql
  readonly #country: Country | null
  #hours: { readonly of: Campaign; readonly since: number; readonly hours: CallingHours } | null = null
  #lines: readonly ReadyLine[] = []
  #callbacks: readonly ReadyCallback[] = []
  /** So many leads more than are wanted are looked at. */
  #ahead = 0

  /** @param country Of numbers without a country code, where the campaign names none. */
  constructor(sql: Sql, country: Country | null = null) {
    this.#sql = sql
    this.#country = country
  }

  /** @param agents The free agents: a callback that one of them has promised is due for that agent. */
  async due(campaign: Campaign, now: number, agents: readonly string[], upTo: number): Promise<Due> {
    const hours = await this.#hoursOf(campaign, now)
    const [lines, callbacks, expiresAt] = await Promise.all([
      readyLines(this.#sql, campaign.id),
      readyCallbacks(this.#sql, campaign.id, MOST_CALLBACKS),
      nextExpiry(this.#sql, campaign.id),
    ])
    const isPlaced = ({ place }: ReadyLine) => place !== 0 || !needsPlaces(campaign)
    const moments: number[] = []
    if (!lines.every(isPlaced)) {
      await this.#place(campaign)
      moments.push(now) // the next portion, and those of this one
    }
    this.#lines = lines.filter(isPlaced)
    this.#callbacks = callbacks
    const opens = (key: string, nextAt: number): boolean => {
      const { open, until } = hours.at(key, now)
      if (open && nextAt <= now) return true
      moments.push(open ? nextAt : Math.max(until ?? now + NEVER_MS, nextAt))
      return false
    }
    const due = this.#lines.filter(({ key, nextAt }) => opens(key, nextAt))
    const called = callbacks.filter(one => {
      const free = forAnyone(one, campaign)
      const isFor = free <= now || agents.includes(one.agent ?? '')
      if (opens(one.key, one.nextAt)) {
        if (!isFor) moments.push(free)
        return isFor
      }
      return false
    })
    const ready = Math.min(upTo, called.length + (await countDue(this.#sql, campaign.id, due, now, upTo)))
    const promisedBy = new Set(called.flatMap(one => (forAnyone(one, campaign) > now ? (one.agent ?? []) : [])))
    return {
      ready,
      nextAt: moments.length === 0 ? null : Math.min(...moments),
      promisedBy: [...promisedBy],
      expiresAt,
    }
  }

  /**
   * Claims leads for these attempts, as far as there are any: callbacks first. Looks at the hours again, at `now`. May
   * claim fewer leads than are due; then the next turn finds them.
   */
  async claim(
    campaign: Campaign,
    slots: readonly Slot[],
    claim: Claiming,
  ): Promise<{ readonly claimed: ClaimedLead[]; readonly putOff: number }> {
    const { now } = claim
    const hours = await this.#hoursOf(campaign, now)
    const isDue = ({ key, nextAt }: { key: string; nextAt: number }) => nextAt <= now && hours.at(key, now).open
    const callbacks = assign(this.#callbacks.filter(isDue), slots, campaign, now)
    const taken = new Set(callbacks.map(({ id }) => id))
    const ids = slots.flatMap(({ id }) => (taken.has(id) ? [] : id))
    const lines = ids.length === 0 ? [] : firstLines(this.#lines.filter(isDue), campaign, ids.length + this.#ahead)
    const looked = ids.length === 0 ? 0 : ids.length + this.#ahead
    const answer = await claimLeads(this.#sql, {
      ...claim,
      ...limitsOf(campaign, [...this.#lines, ...this.#callbacks], hours),
      ids,
      looked,
      places: lines.map(({ place }) => place),
      priority: lines[0]?.priority ?? 0,
      callbacks,
    })
    this.#ahead = answer.putOff === 0 ? 0 : Math.min(MOST_PUT_OFF, Math.max(50, 2 * this.#ahead))
    const claimed = withFacts(answer.claimed, [...this.#lines, ...this.#callbacks], campaign, now)
    return { claimed, putOff: answer.putOff }
  }

  /**
   * Claims the leads of these previews, to call them. Looks again at everything that it has looked at before the
   * preview. `closed`: those whose calling hours have ended; nothing is done about them.
   */
  async claimPreviewed(
    campaign: Campaign,
    previews: readonly Pick<PreviewRow, 'id' | 'place' | 'key'>[],
    claim: Claiming,
  ): Promise<{ readonly claimed: ClaimedLead[]; readonly closed: readonly string[] }> {
    const hours = await this.#hoursOf(campaign, claim.now)
    const isOpen = ({ key }: { readonly key: string }) => hours.at(key, claim.now).open
    const { claimed } = await claimLeads(this.#sql, {
      ...claim,
      ...limitsOf(campaign, previews, hours),
      ...{ ids: [], looked: 0, places: [], priority: 0, callbacks: [] },
      previewed: previews.filter(isOpen).map(({ id }) => id),
    })
    const closed = previews.filter(one => !isOpen(one)).map(({ id }) => id)
    return { claimed: withFacts(claimed, previews, campaign, claim.now), closed }
  }

  async #hoursOf(campaign: Campaign, now: number): Promise<CallingHours> {
    const known = this.#hours
    if (known?.of === campaign && now >= known.since && now - known.since < HOLIDAYS_MS) return known.hours
    const hours = await callingHoursOf(this.#sql, campaign, now)
    this.#hours = { of: campaign, since: now, hours }
    return hours
  }

  async #place({ id: campaign, otherNumbers, country }: Campaign): Promise<void> {
    const leads = await unplacedLeads(this.#sql, campaign, PLACED_AT_ONCE)
    const placed = leads.map(({ id, phone, fields }) => ({
      id,
      ...callingColumns(phone, fields, otherNumbers, country ?? this.#country),
    }))
    await this.#sql.begin(tx => placeLeads(tx, placed))
  }
}

/** The calling hours of a campaign with the holidays that are stored. */
export async function callingHoursOf(sql: Queries, campaign: Campaign, now: number): Promise<CallingHours> {
  const { rules, hours, timeZone, holidays } = campaign
  // a day earlier: somewhere it is still yesterday
  const rows = await holidaysFrom(sql, localDate('UTC', now - 86_400_000))
  const dates = new Map<string, Map<string, string>>()
  for (const { region, date, name } of rows) dates.set(region, (dates.get(region) ?? new Map()).set(date, name))
  return new CallingHours({ rules: rules as RulesName, hours, timeZone, holidays }, dates satisfies Holidays)
}

/** How long no campaign calls a number at which a person was abandoned. */
export const abandonedMs = (campaign: Pick<Campaign, 'retry' | 'law'>): number =>
  Math.max(pauseAfter(campaign, 'abandoned', '31d'), policyOf(campaign.law).lockMs)

interface KeyedPlace {
  readonly place: number
  readonly key: string
}

function withFacts(
  claimed: readonly Claimed[],
  places: readonly KeyedPlace[],
  { timeZone }: Campaign,
  now: number,
): ClaimedLead[] {
  const keys = new Map(places.map(({ place, key }) => [place, key]))
  return claimed.map(one => ({ ...one, facts: leadFacts(keys.get(one.place) ?? '', one.before, now, timeZone) }))
}

/** How often a number may be called, by the settings of the campaign and the rules of these places. */
export function numberRules(
  campaign: Campaign,
  places: readonly KeyedPlace[],
  hours: CallingHours,
): Pick<Claim, 'limits' | 'dayLimits' | 'abandonedMs'> {
  const limited = new Map(places.map(({ place, key }) => [place, hours.mostPerDay(key)]))
  return {
    limits: campaign.numberLimits,
    dayLimits: [...limited].flatMap(([place, most]) => (most === null ? [] : [{ place, most }])),
    abandonedMs: abandonedMs(campaign),
  }
}

/** What the claim looks at in each lead. */
const limitsOf = (campaign: Campaign, places: readonly KeyedPlace[], hours: CallingHours) => ({
  ...numberRules(campaign, places, hours),
  campaign: campaign.id,
  order: campaign.order,
  roundMs: pauseAfter(campaign, 'no-answer', '2h'),
})

function pauseAfter({ retry }: Pick<Campaign, 'retry'>, end: AttemptEnd, never: Duration): number {
  const after = retry[end]?.after ?? meaningOf(end).again
  return ms(after === 'never' ? never : (after as Duration))
}

const needsPlaces = ({ rules, hours, holidays, otherNumbers }: Campaign): boolean =>
  rules !== 'none' || hours.length > 0 || holidays.length > 0 || otherNumbers.length > 0

/** When a callback may go to any agent. */
export const forAnyone = ({ agent, nextAt }: ReadyCallback, { callbackWaitMs }: Campaign): number =>
  agent === null ? nextAt : nextAt + callbackWaitMs

/** Each agent gets the first callback that this agent has promised; the other slots get those that any may have. */
function assign(
  due: readonly ReadyCallback[],
  slots: readonly Slot[],
  campaign: Campaign,
  now: number,
): { lead: number; id: string }[] {
  const left = [...due]
  const take = (fits: (one: ReadyCallback) => boolean): ReadyCallback | undefined => {
    const at = left.findIndex(fits)
    return at < 0 ? undefined : left.splice(at, 1)[0]
  }
  const own = slots.map(({ agent }) => take(one => agent !== null && one.agent === agent))
  const all = own.map(one => one ?? take(other => forAnyone(other, campaign) <= now))
  return all.flatMap((one, at) => (one ? [{ lead: one.lead, id: slots[at]!.id }] : []))
}

/** The lines of the highest priority; no more of them than leads are wanted can have one of the first leads. */
function firstLines(due: readonly ReadyLine[], { order }: Campaign, wanted: number): readonly ReadyLine[] {
  const priority = Math.max(...due.map(line => line.priority))
  const first = due.filter(line => line.priority === priority).sort((a, b) => a.nextAt - b.nextAt || a.first - b.first)
  return first.slice(0, Math.min(MOST_LINES, order === 'oldest' ? wanted : MOST_LINES))
}
