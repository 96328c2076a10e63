/** The settings of a campaign about who may be called when: as an operation takes them, and as it shows them. */
import { z } from 'zod'
import { said } from '../../base/duration.ts'
import { parseWeek, sayWeek, zoneNamed } from '../../base/hours.ts'
import { described, duration, oneOf, parsed, whole } from '../../base/parsed.ts'
import { RULE_SETS, RULES_NAMES, type RulesName } from '../../campaign/calling-rules/rule-sets.ts'
import {
  parseColumns,
  parseNumberLimits,
  parseRegions,
  parseRetry,
  sayNumberLimits,
  sayRetry,
} from '../../campaign/calling-settings.ts'
import { CALL_ORDERS, type CampaignSettings } from '../../store/campaigns.ts'

export const callingFields = {
  rules: described(
    oneOf(RULES_NAMES),
    'the law about the hours of calls: us, uk, or none (in a new campaign: none); docs/calling-rules.md',
    '<rules>',
  ).optional(),
  hours: described(
    parsed(text => (text === 'none' ? [] : parseWeek(text))),
    "when leads are called, by their own clock: 'Mon-Fri 09:00-20:00, Sat 10:00-16:00', or none (in a new campaign: none)",
    '<hours>',
  ).optional(),
  timeZone: described(
    parsed(zoneNamed),
    'of leads whose own zone is not known from the list or the number (in a new campaign: UTC)',
    '<zone>',
  ).optional(),
  holidays: described(
    parsed(parseRegions),
    'regions on whose holidays nobody is called, such as GB or US-LA,DE-BY, or none',
    '<regions>',
  ).optional(),
  maxAttempts: described(whole(1, 100), 'calls to each number of a lead (in a new campaign: 3)', '<n>').optional(),
  numberLimits: described(
    parsed(parseNumberLimits),
    'most calls to one number within a time, of all campaigns: 3/24h,7/7d, or none',
    '<limits>',
  ).optional(),
  otherNumbers: described(
    parsed(parseColumns),
    'columns of the list with further numbers of a lead, in the order of calls: phone2,alt_phone, or none',
    '<columns>',
  ).optional(),
  retry: described(
    parsed(parseRetry),
    'by the end of a call, the pause, the most calls that may end so, and next-number or same-number: busy:10m/3,no-answer:2h/4/next-number, or none',
    '<rules>',
  ).optional(),
  order: described(
    oneOf(CALL_ORDERS),
    'which due lead is called first: oldest, newest, fewest-attempts, random (in a new campaign: oldest)',
    '<order>',
  ).optional(),
  callbackWait: described(
    duration('0s', '1d'),
    'how long a callback waits for the agent who promised it, before any agent gets it (in a new campaign: 15m)',
    '<duration>',
  ).optional(),
}

/** In answers: each as it may be given again. */
export const callingShape = {
  rules: z.string(),
  /** The day on which the data of the rules were last compared with their sources; null: no rules. */
  rulesVersion: z.string().nullable(),
  hours: z.string(),
  timeZone: z.string(),
  holidays: z.string(),
  maxAttempts: z.number(),
  numberLimits: z.string(),
  otherNumbers: z.string(),
  retry: z.string(),
  order: z.enum(CALL_ORDERS),
  callbackWait: z.string(),
}

type Calling = Pick<
  CampaignSettings,
  | 'rules'
  | 'hours'
  | 'timeZone'
  | 'holidays'
  | 'maxAttempts'
  | 'numberLimits'
  | 'otherNumbers'
  | 'retry'
  | 'order'
  | 'callbackWaitMs'
>

export function sayCalling(campaign: Calling): z.output<z.ZodObject<typeof callingShape>> {
  const { rules, hours, timeZone, holidays, maxAttempts, numberLimits, otherNumbers, retry, order } = campaign
  const orNone = (text: string) => text || 'none'
  return {
    rules,
    rulesVersion: RULE_SETS[rules as RulesName]?.version ?? null,
    hours: orNone(sayWeek(hours)),
    timeZone,
    holidays: orNone(holidays.join(', ')),
    maxAttempts,
    numberLimits: orNone(sayNumberLimits(numberLimits)),
    otherNumbers: orNone(otherNumbers.join(', ')),
    retry: orNone(sayRetry(retry)),
    order,
    callbackWait: said(campaign.callbackWaitMs),
  }
}
