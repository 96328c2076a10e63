/**
 * What the columns of a list say about when and at which numbers a lead is called: its place, its priority, and further
 * numbers. Called for each line of an import. Pure.
 */
import type { Country } from '../base/country.ts'
import { leadNumber, NumberFault } from '../esl/phone-number.ts'
import { columnOf, placeKey, placeOfLead, plainName } from './place.ts'

interface OtherNumber {
  /** 1 is called after the number of the lead. */
  readonly position: number
  readonly phone: string
  /** As placeKey writes it. */
  readonly place: string
}

export interface CallingColumns {
  readonly place: string
  /** From the column `priority`, -9 to 9; others and none: 0. A higher one is called first. */
  readonly priority: number
  readonly otherNumbers: readonly OtherNumber[]
}

/**
 * @param columns The names of the columns with further numbers, in the order in which they are called. A cell that is
 *   no number is left out.
 * @param country Of numbers without a country code.
 */
export function callingColumns(
  number: string,
  fields: Readonly<Record<string, string>>,
  columns: readonly string[],
  country: Country | null,
): CallingColumns {
  const priority = columnOf(fields, ['priority']) ?? ''
  const others: OtherNumber[] = []
  for (const column of columns) {
    const phone = numberIn(columnOf(fields, [plainName(column)]) ?? '', country)
    if (phone === null || phone === number || others.some(other => other.phone === phone)) continue
    others.push({ position: others.length + 1, phone, place: placeKey(placeOfLead(phone, fields)) })
  }
  return {
    place: placeKey(placeOfLead(number, fields)),
    priority: /^-?\d$/.test(priority) ? Number(priority) : 0,
    otherNumbers: others,
  }
}

function numberIn(written: string, country: Country | null): string | null {
  if (written === '') return null
  try {
    return leadNumber(written, country)
  } catch (error) {
    if (!(error instanceof NumberFault)) throw error
    return null
  }
}
