/**
 * Masks personal data, so that a log, or the answer to somebody who may not see it, can be shown to anybody: telephone
 * numbers in any text, short ones by the name of their field, the columns of a lead, and notes.
 */

const NUMBERS = new Set(['from', 'to', 'number', 'phone', 'caller', 'callee', 'customer', 'digits', 'callerName'])
/** The columns of a lead, and what somebody wrote about a person: names, addresses, whatever it is. */
const WORDS = new Set(['fields', 'note'])
/**
 * A telephone number: seven digits or more, or a number after + or 00 as people write it. Not a part of a uuid, a date,
 * an address or a longer word.
 */
const NUMBER = /(?<![\w.+-])(?:(?:\+|00)\d(?:[ ()/.-]{0,2}\d){5,18}|\d{7,20})(?![\w-]|\.\d)/g
/** What each of them has: most texts have none of it, and are looked through once. */
const PERHAPS = /\+\d|00\d|\d{7}/

/** '+49301234567' → '+49…67': enough to recognise a number, too little to dial it. */
function maskedNumber(value: string): string {
  return value.length <= 4 ? '…' : `${value.slice(0, 3)}…${value.slice(-2)}`
}

/** The text with all telephone numbers masked. */
export function maskedText(text: string): string {
  return PERHAPS.test(text) ? text.replace(NUMBER, maskedNumber) : text
}

/** The value of a field whose name tells that it is personal; any other value as it is. */
export function maskedField(name: string, value: unknown): unknown {
  if (WORDS.has(name)) return '…'
  if (name === 'to' && /^[a-z]/i.test(String(value))) return value // a queue, or a telephone such as user/1001
  return NUMBERS.has(name) && typeof value === 'string' ? maskedNumber(value) : value
}

/**
 * A copy of a value with its personal data masked, however deep it is. The columns of a lead keep their names.
 *
 * @example
 * masked({ number: '112', why: 'as +49301234567 asked', fields: { name: 'Anna' } })
 * // { number: '…', why: 'as +49…67 asked', fields: { name: '…' } }
 */
export function masked(value: unknown): unknown {
  if (typeof value === 'string') return maskedText(value)
  if (Array.isArray(value)) return value.map(masked)
  if (typeof value !== 'object' || value === null || value instanceof Date) return value
  const all = Object.entries(value).map(([name, one]) => [
    maskedText(name),
    WORDS.has(name) ? hidden(one) : masked(maskedField(name, one)),
  ])
  return Object.fromEntries(all)
}

function hidden(words: unknown): unknown {
  if (typeof words !== 'object' || words === null || Array.isArray(words)) return words === null ? null : '…'
  return Object.fromEntries(Object.keys(words).map(name => [name, '…']))
}
