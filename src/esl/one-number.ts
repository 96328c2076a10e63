/**
 * The cell of a list before its digits are read: what a spreadsheet has done to the number, and whether it is one
 * number at all. A number library does not do this: to it a point is grouping, and 4930123456.0 has one digit more.
 * Used by phone-number.ts.
 */

/** Most digits of a number with its country code (E.164). */
const LONGEST = 15
/** Each of two numbers has at least so many digits, unless the second one shows that it is a number of its own. */
const WHOLE = 7
const ALONE = 6

export type RawFault = 'rounded' | 'two' | 'long'

const digitsIn = (text: string): number => text.replace(/\D/g, '').length

/** The number without what a spreadsheet has added, or what is wrong with it. */
export function oneNumber(written: string): { readonly text: string } | { readonly fault: RawFault } {
  const text = written
    .normalize('NFKC') // full-width digits, no-break spaces
    .trim()
    .replace(/^="(.*)"$/, '$1') // a cell that was made text for a spreadsheet
    .replace(/^['\s=]+/, '')
    .replace(/^tel:/i, '')
    .trim()
  if (/^[+-]?\d+([.,]\d+)?e[+-]?\d+$/i.test(text)) return { fault: 'rounded' }
  const whole = withoutDecimals(text)
  if (areTwo(whole)) return { fault: 'two' }
  if (/^(\+|00)/.test(whole) && digitsIn(whole.replace(/^00|\(0\)|;.*$/g, '')) > LONGEST) return { fault: 'long' }
  return { text: whole }
}

/** 4930123456.0 → 4930123456: only zeros behind the one point, or comma. */
function withoutDecimals(text: string): string {
  if (/^\d{1,3}(,\d{3}){2,}$/.test(text)) return text.replaceAll(',', '') // groups of thousands
  return /^[^.,]*\d[.,]0+$/.test(text) ? text.replace(/[.,]0+$/, '') : text
}

/** Whatever stands between two numbers; a space alone too. The sides of each separator are looked at. */
const SEPARATOR = /\s*[\r\n;,|&]+\s*|\s*\/\s*|\s+[-\u2013\u2014]\s+|\s+[a-z]{1,5}\s+|\s+/gi

function areTwo(written: string): boolean {
  if (/^\+?\d*$/.test(written)) return false
  const text = written.replace(/^00/, '+').replace(/\(0\)/g, ' ') // no digits of the number
  return [...text.matchAll(SEPARATOR)].some(found => {
    const [first, second] = [text.slice(0, found.index), text.slice(found.index + found[0].length)]
    const [left, right] = [digitsIn(first), digitsIn(second)]
    if (/[\r\n;,|&]/.test(found[0]) && /^[^a-z]*$/i.test(second)) return left >= 3 && right >= 3
    if (/^\(?\s*(\+|00\d)/.test(second)) return left >= (/^\(?\s*0/.test(second) ? ALONE : 3) && right >= ALONE
    // 030 1234567/8: the second number differs in its last digits
    if (found[0].trim() === '/' && left >= WHOLE && right <= 2 && right > 0 && /^\d+$/.test(second)) return true
    if (left < ALONE || right < ALONE) return false
    if (left + right > LONGEST) return true
    return left >= WHOLE && right >= WHOLE && (/^\(?0/.test(second) || !first.startsWith('+'))
  })
}
