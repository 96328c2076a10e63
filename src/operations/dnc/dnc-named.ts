/** The entry of the do-not-call list that an operation names, and its form in answers. */
import { z } from 'zod'
import type { Country } from '../../base/country.ts'
import { described, parsed } from '../../base/parsed.ts'
import { findCampaign } from '../../campaign/campaign-commands.ts'
import { inCountry } from '../../esl/phone-number.ts'
import { dial } from '../../esl/safe-text.ts'
import { numberPattern } from '../../queue/number-rules.ts'
import { doNotCallEntries, type DoNotCall } from '../../store/do-not-call.ts'
import type { Queries, Sql } from '../../store/sql.ts'

export const dncNumber = described(
  parsed(numberPattern),
  "the number, such as +493012345, or the first digits of numbers and a star: '+4930*'",
  '<number>',
)

export const dncCampaign = described(
  z.string().min(1),
  'only this campaign does not call it; default: no campaign does',
  '<campaign>',
).optional()

export const dncShape = z.object({
  /** A whole number, or the first digits and a star. */
  number: z.string(),
  /** Null: every campaign. */
  campaign: z.string().nullable(),
  source: z.string(),
  note: z.string(),
  at: z.date(),
})

const MOST_ABOUT = 1_000

/** '+4930*' → its digits, and that it is a prefix. A whole number is read in the country of the installation. */
export function patternOf(
  pattern: string,
  country: Country | null | undefined,
): { readonly number: string; readonly prefix: boolean } {
  if (pattern.endsWith('*')) return { number: pattern.slice(0, -1), prefix: true }
  return { number: inCountry(dial(pattern), country), prefix: false }
}

export const shownEntry = ({ number, prefix, ...entry }: DoNotCall): z.output<typeof dncShape> => ({
  ...entry,
  number: prefix ? `${number}*` : number,
})

/** Null: every campaign. Rejects with NotFoundError. */
export const campaignId = async (sql: Sql, name: string | undefined): Promise<string | null> =>
  name === undefined ? null : (await findCampaign(sql, name)).id

/** The entry for exactly this number or prefix, of this campaign; null when there is none. */
export async function entryNamed(
  { sql, country }: { readonly sql: Queries; readonly country?: Country | null },
  { number: pattern, campaign }: { readonly number: string; readonly campaign?: string | undefined },
): Promise<DoNotCall | null> {
  const { number, prefix } = patternOf(pattern, country)
  const entries = await doNotCallEntries(sql, { about: number, limit: MOST_ABOUT })
  const found = entries.find(
    entry => entry.number === number && entry.prefix === prefix && entry.campaign === (campaign ?? null),
  )
  return found ?? null
}
