/**
 * The numbering plans of the countries: libphonenumber-js with all types of numbers (`/max`, 160 kB of data). Plans
 * change every month and the library ages, so a number of a usual length is never refused because its range is not
 * known. Used by phone-number.ts.
 */
import { Metadata, parsePhoneNumberFromString, type CountryCode, type PhoneNumber } from 'libphonenumber-js/max'
import type { Country } from '../base/country.ts'

export interface Planned {
  /** With + and the country code where they are known, else as it was given. */
  readonly number: string
  /**
   * Why nobody has this number. `short`: a short, service or emergency number. `length`: too short or too long for its
   * country. `premium`: the called one is paid for it. `unknown`: no country has this code.
   */
  readonly fault: 'short' | 'length' | 'premium' | 'unknown' | null
}

/** National numbers of fewer digits are short numbers, unless the plan knows them (some countries have six digits). */
const SHORTEST = 7

/** Reads digits with or without a +. `country`: the country of a number without a +; null: not known. */
export function inPlan(digits: string, country: Country | null | undefined): Planned {
  const usual = country ? usualNumber(digits, planOf(country)) : null
  if (usual !== null) return { number: usual, fault: null }
  if (digits.startsWith('+')) return international(digits)
  if (!country) return { number: digits, fault: null }
  const read = withLostPlus(digits, country) ?? parsePhoneNumberFromString(digits, country as CountryCode)
  if (!read) return { number: digits, fault: 'short' }
  const { nationalNumber } = read
  if (!read.isValid() && (!read.isPossible() || nationalNumber.length < SHORTEST))
    return { number: digits, fault: nationalNumber.length < SHORTEST ? 'short' : 'length' }
  return { number: read.number, fault: isPremium(read) ? 'premium' : null }
}

/**
 * What the library would answer, in a tenth of the time (10 µs for each number is half of an import): a number of the
 * list's own country, whose plan has no other prefix than 0 and shares its code with no other country. Null: not sure.
 */
function usualNumber(digits: string, { code, isPlain, general, premium, lengths, trunk }: Plan): string | null {
  if (!isPlain) return null
  let national: string
  if (digits.startsWith('+')) {
    if (!digits.startsWith(code, 1)) return null
    national = digits.slice(code.length + 1)
  } else {
    if (trunk !== '0' || !digits.startsWith('0')) return null
    national = digits.slice(1)
  }
  if (national.startsWith('0') || national.length < SHORTEST || !lengths.has(national.length)) return null
  return general.test(national) && !premium?.test(national) ? `+${code}${national}` : null
}

function international(digits: string): Planned {
  const read = parsePhoneNumberFromString(digits)
  if (!read) return { number: digits, fault: 'unknown' }
  if (!read.isPossible()) return { number: digits, fault: 'length' }
  return { number: read.number, fault: isPremium(read) ? 'premium' : null }
}

const isPremium = (read: PhoneNumber): boolean => read.getType() === 'PREMIUM_RATE'

/**
 * +49 4101 12345 whose + a spreadsheet took away. Where national numbers begin with 0, a number that begins with the
 * country code lacks its + rather than its 0: the library alone reads an area code 4941 in it.
 */
function withLostPlus(digits: string, country: Country): PhoneNumber | null {
  const { code, trunk } = planOf(country)
  if (trunk !== '0' || !digits.startsWith(code)) return null
  const read = parsePhoneNumberFromString(`+${digits}`)
  return read?.isValid() ? read : null
}

interface Plan {
  readonly code: string
  /** What stands before a national number. */
  readonly trunk: string | null
  /** No other country has this code, and only the trunk prefix 0, or none, is taken away. */
  readonly isPlain: boolean
  readonly general: RegExp
  readonly premium: RegExp | null
  readonly lengths: ReadonlySet<number>
}

/** The parts of the library's plan that its types leave out. */
interface LibraryPlan {
  callingCode(): string
  nationalPrefix(): string | null | undefined
  nationalPrefixForParsing(): string | null | undefined
  nationalNumberPattern(): string
  possibleLengths(): readonly number[]
  type(name: 'PREMIUM_RATE'): { pattern(): string } | undefined
}

const plans = new Map<Country, Plan>()

function planOf(country: Country): Plan {
  const known = plans.get(country)
  if (known) return known
  const metadata = new Metadata() as Metadata & { getCountryCodesForCallingCode(code: string): readonly string[] }
  metadata.selectNumberingPlan(country as CountryCode)
  const from = metadata.numberingPlan as unknown as LibraryPlan
  const whole = (pattern: string) => new RegExp(`^(?:${pattern})$`)
  const [code, trunk, parsing] = [from.callingCode(), from.nationalPrefix() ?? null, from.nationalPrefixForParsing()]
  const premium = from.type('PREMIUM_RATE')?.pattern()
  const plan = {
    ...{ code, trunk },
    isPlain: metadata.getCountryCodesForCallingCode(code).length === 1 && (!parsing || parsing === '0'),
    general: whole(from.nationalNumberPattern()),
    premium: premium === undefined ? null : whole(premium),
    lengths: new Set(from.possibleLengths()),
  }
  plans.set(country, plan)
  return plan
}

/**
 * '+49 (0)30 12345' → '+493012345', '+39 (0)6 1234567' → '+39061234567': Italy keeps the zero. Null for a text in which
 * the plans find no number.
 */
export function withoutTrunkZero(written: string): string | null {
  const read = parsePhoneNumberFromString(written)
  return read?.isPossible() ? read.number : null
}
