/** A holiday as operations take it and show it. */
import { z } from 'zod'
import { InputError } from '../../base/errors.ts'
import { described, parsed } from '../../base/parsed.ts'
import { regionNamed } from '../../campaign/calling-settings.ts'

export const regionField = described(
  parsed(regionNamed),
  'a country or a part of it, as in ISO 3166: GB, US-LA, DE-BY',
  '<region>',
)

export const holidayShape = z.object({ region: z.string(), date: z.string(), name: z.string() })

/** '2026-12-25'. Throws InputError for anything else, also for a day that no calendar has. */
export function dateNamed(text: string): string {
  const at = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00Z`) : Number.NaN
  if (Number.isNaN(at) || new Date(at).toISOString().slice(0, 10) !== text)
    throw new InputError(`'${text}' is no date; write year, month and day, such as 2026-12-25`)
  return text
}
