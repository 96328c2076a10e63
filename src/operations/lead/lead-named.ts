/** The lead that an operation names, by its campaign and its number, and its form in answers. */
import { z } from 'zod'
import { NotFoundError } from '../../base/errors.ts'
import { described, parsed, whole } from '../../base/parsed.ts'
import type { Country } from '../../base/country.ts'
import type { Campaign } from '../../campaign/campaign.ts'
import type { GivenLead } from '../../campaign/lead-commands.ts'
import { findCampaign } from '../../campaign/campaign-commands.ts'
import { inCountry, phoneNumber } from '../../esl/phone-number.ts'
import { countLeads, leadsOf, type ListedLead } from '../../store/leads.ts'
import type { Sql } from '../../store/sql.ts'
import { moment, nameOf } from '../fields.ts'
import { quoted } from '../../base/quoted.ts'

export const campaignName = nameOf('campaign')
export const leadNumberField = described(parsed(phoneNumber), 'the number of the lead, however it is written')

const FIELD_PAIR = /^\s*([^=,]+?)\s*=\s*([^,]*?)\s*$/

/** A record of programs; people write name=Anna,city=Ulm, or JSON when a value has a comma. */
export const leadFields = described(
  z.union([z.record(z.string().min(1), z.string()), z.string()]).transform((given, context) => {
    const fields = typeof given === 'string' ? fieldsFrom(given) : given
    if (fields !== null) return fields
    const allowed = 'name=Anna,city=Ulm, or JSON: {"name":"Meier, Anna"}'
    context.addIssue({ code: 'custom', message: `${quoted(given)} cannot be used; allowed: ${allowed}` })
    return z.NEVER
  }),
  'columns of the lead: name=Anna,city=Ulm, or JSON',
  '<fields>',
)

function fieldsFrom(text: string): Record<string, string> | null {
  if (text.trim().startsWith('{')) {
    const read = z.record(z.string().min(1), z.string()).safeParse(readJson(text))
    return read.success ? read.data : null
  }
  const pairs = text.split(',').map(one => FIELD_PAIR.exec(one))
  return pairs.every(pair => pair !== null) ? Object.fromEntries(pairs.map(([, name, value]) => [name!, value!])) : null
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

export const leadPriority = described(
  whole(-1_000, 1_000),
  'leads of a higher priority are called first (a new lead has 0)',
  '<n>',
)

/** So many leads may be in one request. */
const MOST_LEADS = 10_000

const writtenNumber = z.string().min(1).max(200)
const EACH = 'each lead is a number, or { number, fields, priority, callAt }; the last three may be absent'
/** What may be given of a lead besides its number. */
export const leadDetails = {
  fields: leadFields.optional(),
  priority: leadPriority.optional(),
  callAt: moment.meta({ description: 'not called before this time (default: now)', placeholder: '<time>' }).optional(),
}
export const leadNumber = described(writtenNumber, 'the number to call')
const oneLead = z.strictObject({ number: writtenNumber, ...leadDetails }, { error: EACH })
export const leadList = described(
  z
    .array(z.preprocess(lead => (typeof lead === 'string' ? { number: lead } : lead), oneLead))
    .max(MOST_LEADS, `${MOST_LEADS} leads at most; add more with lead.add, ${MOST_LEADS} at most in each request`),
  `many at once, ${MOST_LEADS} at most: numbers separated by commas; programs give each with its fields, priority and callAt`,
  '<numbers>',
)

type Details = z.output<z.ZodObject<typeof leadDetails>>

/** The leads of a request; `all`: what holds for each of them that does not say otherwise. */
export function givenLeads(leads: z.output<typeof leadList>, all: Details = {}): GivenLead[] {
  return leads.map(({ number, fields, priority, callAt }) => ({
    number,
    fields: { ...all.fields, ...fields },
    priority: priority ?? all.priority,
    nextAt: callAt ?? all.callAt,
  }))
}

/** What became of the leads of a request. */
export const addedShape = {
  added: z.number(),
  /** Numbers that the campaign has already, or that were given twice. */
  duplicates: z.number(),
  optedOut: z.number(),
  rejected: z.array(z.object({ number: z.string(), allowed: z.string() })),
}

export const leadShape = z.object({
  id: z.number(),
  phone: z.string(),
  fields: z.record(z.string(), z.string()),
  /** claimed: it is called now. */
  state: z.enum(['ready', 'claimed', 'done']),
  attempts: z.number(),
  nextAt: z.date(),
  disposition: z.string().nullable(),
  priority: z.number(),
  lastAttemptAt: z.date().nullable(),
  /** Who talked in the last attempt. */
  agent: z.string().nullable(),
  /** Somebody took it from the list; its attempts still count. */
  removedAt: z.date().nullable(),
})

interface LeadParts {
  readonly sql: Sql
  readonly country?: Country | null
}
interface Named {
  readonly campaign: string
  readonly number: Parameters<typeof inCountry>[0]
}

/** Rejects with NotFoundError when the campaign, or the lead on its list, does not exist. */
export async function findLead(
  parts: LeadParts,
  named: Named,
): Promise<{ readonly campaign: Campaign; readonly lead: ListedLead }> {
  const { sql, country } = parts
  const campaign = await findCampaign(sql, named.campaign)
  const phone = inCountry(named.number, campaign.country ?? country)
  const found = await leadsOf(sql, campaign.id, 9, 0, { phone })
  const lead = found.find(one => one.removedAt === null)
  if (!lead) throw new NotFoundError(`lead of the campaign '${campaign.name}'`, phone, null)
  return { campaign, lead }
}

/** What an audit row shows of a lead; null without one. */
export async function leadBefore(parts: LeadParts, named: Named): Promise<ListedLead | null> {
  try {
    return (await findLead(parts, named)).lead
  } catch (error) {
    if (error instanceof NotFoundError) return null
    throw error
  }
}

/** What an audit row shows of a change of many leads: how many are in each state. */
export async function leadCounts({ sql }: LeadParts, { campaign }: Pick<Named, 'campaign'>) {
  const { id } = await findCampaign(sql, campaign)
  return countLeads(sql, id)
}
