/**
 * When the leads of a place may be called by one campaign: the hours of the campaign, those of its rule set and of the
 * stricter states, and the holidays, all by the clock of each zone that the place may have. Pure, but for a memory of
 * what it has found: an answer holds until the moment that it names, so a decision about a million leads costs a
 * look-up for each place.
 */
import { isOpen, localDate, nextChange, nextMidnight, type Week } from '../base/hours.ts'
import { RULE_SETS, type RulesName } from './calling-rules/rule-sets.ts'
import type { RegionRule, RuleSet } from './calling-rules/rule-set.ts'
import type { Place } from './number-places.ts'
import { placeFrom } from './place.ts'

export interface CallingSettings {
  readonly rules: RulesName
  /** Empty: no hours of its own. */
  readonly hours: Week
  /** For leads whose zone is unknown. */
  readonly timeZone: string
  /** Regions on whose holidays this campaign calls nobody. */
  readonly holidays: readonly string[]
}

/** Dates such as '2026-12-25' by region: 'US-LA', 'GB'. */
export type Holidays = ReadonlyMap<string, ReadonlyMap<string, string>>

/** One rule, by the clock of one zone. */
interface Rule {
  readonly zone: string
  readonly spans: Week
  readonly holidays: ReadonlyMap<string, string>
  /** Who says so: 'campaign', or the name of the rule set or state. */
  readonly by: string
}

export interface Allowed {
  readonly open: boolean
  /** When this changes, ms since the epoch; null: not within the next weeks. */
  readonly until: number | null
  /** What keeps it closed now: 'hours of us in America/New_York', 'holiday Christmas Day in US-LA'. */
  readonly closedBy: readonly string[]
}

const ALWAYS: Week = [{ days: [0, 1, 2, 3, 4, 5, 6], from: 0, until: 1_440 }]
/** Rules that contradict each other have no common hour: it counts as never. */
const LONGEST_CLOSED_MS = 31 * 86_400_000
const MOST_STEPS = 1_000
/** A week has seven midnights, and one more by a clock that is set back. */
const DAYS_AHEAD = 9

export class CallingHours {
  readonly #settings: CallingSettings
  readonly #holidays: Holidays
  readonly #rules = new Map<string, readonly Rule[]>()
  readonly #known = new Map<string, Allowed & { readonly since: number }>()
  /** Many places share a rule of one zone. */
  readonly #opens = new Map<Rule, { readonly since: number; readonly at: number | null }>()
  readonly #shared = new Map<string, Rule>()

  constructor(settings: CallingSettings, holidays: Holidays) {
    this.#settings = settings
    this.#holidays = holidays
  }

  /** May the leads of this place be called at `now` (ms since the epoch)? `key`: as placeKey writes it. */
  at(key: string, now: number): Allowed {
    const known = this.#known.get(key)
    if (known && known.since <= now && (known.until === null ? now - known.since < 3_600_000 : now < known.until))
      return known
    const found = { ...this.#find(key, now), since: now }
    this.#known.set(key, found)
    return found
  }

  /** Most calls to one number within any 24 hours, by the rules of its regions; null: no limit. */
  mostPerDay(key: string): number | null {
    const limits = this.#regionRules(placeFrom(key)).flatMap(([, rule]) => rule.mostPerDay ?? [])
    return limits.length === 0 ? null : Math.min(...limits)
  }

  #find(key: string, now: number): Allowed {
    const rules = this.#rulesOf(key)
    const closed = rules.filter(rule => !isAllowed(rule, now))
    if (closed.length === 0) return { open: true, until: least(rules.map(rule => closesAt(rule, now))), closedBy: [] }
    const closedBy = [...new Set(closed.map(rule => whyClosed(rule, now)))]
    return { open: false, until: this.#opensAt(rules, now), closedBy }
  }

  #opensAt(rules: readonly Rule[], now: number): number | null {
    let at = now
    for (let step = 0; step < MOST_STEPS; step++) {
      const closed = rules.find(rule => !isAllowed(rule, at))
      if (!closed) return at
      const next = this.#openOf(closed, at)
      if (next === null || next - now > LONGEST_CLOSED_MS) return null
      at = next
    }
    return null
  }

  #openOf(rule: Rule, at: number): number | null {
    const known = this.#opens.get(rule)
    if (known && known.since <= at && known.at !== null && at < known.at) return known.at
    const found = { since: at, at: opensAt(rule, at) }
    this.#opens.set(rule, found)
    return found.at
  }

  #rulesOf(key: string): readonly Rule[] {
    const known = this.#rules.get(key)
    if (known) return known
    const place = placeFrom(key)
    const { hours, timeZone, holidays, rules: name } = this.#settings
    const set: RuleSet | null = RULE_SETS[name]
    const own = this.#datesOf(holidays)
    const zones = place.zones.length > 0 ? place.zones : [timeZone]
    const regions = this.#regionRules(place)
    const found = zones.flatMap(zone => {
      const rule = (by: string, spans: Week, closedOn: ReadonlyMap<string, string>) =>
        this.#share({ zone, spans, holidays: closedOn, by })
      return [
        ...(hours.length > 0 || own.size > 0 ? [rule('the campaign', hours.length > 0 ? hours : ALWAYS, own)] : []),
        ...(set ? [rule(name, set.hours, set.notOnHolidays ? this.#datesOf([set.country]) : NO_DATES)] : []),
        ...regions.map(([region, { hours: spans = ALWAYS, notOnHolidays }]) =>
          rule(region, spans, notOnHolidays ? this.#datesOf([region.slice(0, 2), region]) : NO_DATES),
        ),
      ]
    })
    this.#rules.set(key, found)
    return found
  }

  #share(rule: Rule): Rule {
    const name = `${rule.by} ${rule.zone}`
    const known = this.#shared.get(name) ?? rule
    this.#shared.set(name, known)
    return known
  }

  #regionRules({ regions }: Place): (readonly [string, RegionRule])[] {
    const set: RuleSet | null = RULE_SETS[this.#settings.rules]
    return regions.flatMap(region => {
      const rule = set?.regions[region]
      return rule ? [[region, rule] as const] : []
    })
  }

  #datesOf(regions: readonly string[]): ReadonlyMap<string, string> {
    return new Map(
      regions.flatMap(region =>
        [...(this.#holidays.get(region) ?? [])].map(([date, name]) => [date, `${name} in ${region}`] as const),
      ),
    )
  }
}

const NO_DATES: ReadonlyMap<string, string> = new Map()

const least = (moments: readonly (number | null)[]): number | null => {
  const known = moments.filter(moment => moment !== null)
  return known.length === 0 ? null : Math.min(...known)
}

const isHoliday = ({ zone, holidays }: Rule, at: number): boolean =>
  holidays.size > 0 && holidays.has(localDate(zone, at))

const isAllowed = (rule: Rule, at: number): boolean => isOpen(rule, at) && !isHoliday(rule, at)

function whyClosed(rule: Rule, at: number): string {
  const holiday = rule.holidays.size > 0 ? rule.holidays.get(localDate(rule.zone, at)) : undefined
  return holiday === undefined ? `the hours of ${rule.by} in ${rule.zone}` : `the holiday ${holiday}`
}

/** The next moment from `at` on at which this rule allows a call; null: not within the next weeks. */
function opensAt(rule: Rule, at: number): number | null {
  let next: number | null = at
  for (let step = 0; step < MOST_STEPS && next !== null; step++) {
    if (isHoliday(rule, next)) next = nextMidnight(rule.zone, next)
    else if (isOpen(rule, next)) return next
    else next = nextChange(rule, next)
  }
  return null
}

/** The next moment after `at`, at which it is open, at which it closes; null: not within the next days. */
function closesAt(rule: Rule, at: number): number | null {
  const end = nextChange(rule, at)
  if (rule.holidays.size === 0) return end
  let midnight = at
  for (let day = 0; day < DAYS_AHEAD; day++) {
    midnight = nextMidnight(rule.zone, midnight)
    if (end !== null && midnight >= end) return end
    if (isHoliday(rule, midnight)) return midnight
  }
  return end
}
