/**
 * Telephone numbers as people, lists and carriers write them. One check for all: whether Switchhook can dial it, and in
 * which form. Used for leads, click-to-dial and callbacks.
 */
import { InputError } from '../base/errors.ts'
import type { Country } from '../base/country.ts'
import { inPlan, withoutTrunkZero, type Planned } from './number-plan.ts'
import { oneNumber, type RawFault } from './one-number.ts'
import { dial, type Dial } from './safe-text.ts'

/** What a carrier adds to a number that it has looked up (RFC 4694). Any other parameter changes what is dialled. */
const PORTABILITY = /(;(npdi|(rn|cic)=\+?[0-9-]+))+$/i

/** A text that is no number to dial. `allowed` says what would be one, and what is wrong with this text. */
export class NumberFault extends InputError {
  readonly allowed: string
  constructor(written: string, allowed: string) {
    super(`'${written.slice(0, 80)}' is not a valid number to dial; allowed: ${allowed}`)
    this.allowed = allowed
  }
}

/** No number is written longer; a cell may have 64 kB. */
const MOST_CHARACTERS = 200
const ANY = 'a number to dial: 2 to 20 digits, optionally with a + before them'
const RAW: Record<RawFault, string> = {
  rounded:
    'a number with all its digits: a spreadsheet has rounded this one, and the last digits are lost. Give the column the format "text" in the spreadsheet, put the numbers in again, and export it once more',
  two: 'one number: these are two numbers in one cell. Keep one of them, and give the other a line of its own',
  long: 'at most 15 digits behind the + (E.164)',
}

/**
 * +49 (0)30 / 123-45, 0049 30 12345 and +493012345;npdi → +493012345: digits and a leading +, as FreeSWITCH dials it.
 * Short numbers of the installation (two digits or more) are numbers too.
 *
 * @throws NumberFault (BAD_INPUT) for anything else: words, two numbers, a number that a spreadsheet has rounded
 */
export function phoneNumber(written: string): Dial {
  if (written.length > MOST_CHARACTERS) throw new NumberFault(written, ANY)
  const plain = /^\+?[1-9]\d{1,14}$/.test(written) ? written : readRaw(written)
  try {
    const number = dial(plain)
    if (!/^(\+0|0+$)/.test(number)) return number
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    throw new NumberFault(written, ANY)
  }
  throw new NumberFault(written, `${ANY}; no country code begins with 0, and no number is all zeros`)
}

function readRaw(written: string): string {
  const raw = oneNumber(written.replace(PORTABILITY, ''))
  if ('fault' in raw) throw new NumberFault(written, RAW[raw.fault])
  const international = raw.text.replace(/^00(?=[\d\s])/, '+')
  const bare =
    international.startsWith('+') && international.includes('(0)')
      ? (withoutTrunkZero(international) ?? international.replace(/\(0\)/, ''))
      : international
  return bare.replace(/[\s()./'=-]/g, '').replace(/[\u2010-\u2015]/g, '')
}

const PLAN: Record<NonNullable<Planned['fault']>, string> = {
  short: 'the whole number of a person: this is a short, service or emergency number, or it lacks digits',
  length: 'as many digits as the numbers of its country have: this one has too few or too many',
  premium: 'a number of a person: this is a premium-rate number, whose owner is paid for each call',
  unknown: 'the code of a country behind the +: no country has this one',
}

/**
 * The number of a person to call, with + and country code where the country is known: with DE, 030 12345 is
 * +493012345. `country`: the country of numbers without a +; null: not known, then their digits stay as they are.
 *
 * @throws NumberFault (BAD_INPUT) as phoneNumber does, for premium-rate numbers, and with a known country for short,
 *   service and emergency numbers
 */
export function leadNumber(written: string, country: Country | null): Dial {
  const digits = phoneNumber(written)
  const { number, fault } = inPlan(digits, country)
  // without a country nothing says that the lists of this installation have whole numbers
  if (fault !== null && (country !== null || fault === 'premium')) throw new NumberFault(written, PLAN[fault])
  return dial(number)
}

/**
 * The number that somebody types to be dialled, or looks for: as leadNumber, but what is no number of the country
 * stays as it is, such as the extension 201.
 */
export function inCountry(number: Dial, country: Country | null | undefined): Dial {
  const planned = inPlan(number, country)
  return planned.fault === null ? dial(planned.number) : number
}

/**
 * The number as Switchhook dials it: '0049 30 12345' → '+493012345'. Null for a text that cannot be dialled, such as a
 * withheld caller id.
 */
export function dialable(written: string): string | null {
  try {
    return phoneNumber(written)
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    return null
  }
}
