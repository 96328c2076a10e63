/**
 * Telephone numbers as people, lists and carriers write them. One check for all: whether Switchhook can dial it, and in
 * which form. Used for leads, click-to-dial and callbacks.
 */
import { InputError } from '../base/errors.ts'
import { dial, type Dial } from './safe-text.ts'

/** What a carrier adds to a number that it has looked up (RFC 4694). Any other parameter changes what is dialled. */
const PORTABILITY = /(;(npdi|(rn|cic)=\+?[0-9-]+))+$/i

/**
 * +49 (0)30 / 123-45, 0049 30 12345 and +493012345;npdi → +493012345: digits and a leading +, as FreeSWITCH dials it.
 * Short numbers of the installation (two digits or more) are numbers too. Throws InputError for anything else.
 */
export function phoneNumber(written: string): Dial {
  const international = written.replace(PORTABILITY, '').replace(/^[\s'=]*00(?=[\d\s])/, '+')
  const bare = /^[\s'=]*\+/.test(international) ? international.replace(/\(0\)/, '') : international
  const number = dial(bare.replace(/[\s\u00a0()./'=-]/g, '').replace(/[\u2010-\u2015]/g, ''))
  if (/^(\+0|0+$)/.test(number))
    throw new InputError(
      `'${written}' is not a number to dial: no country code begins with 0, and no number is all zeros`,
    )
  return number
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
