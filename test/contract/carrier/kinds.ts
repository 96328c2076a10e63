/**
 * Who answers a lead's number, by its last digit, and what must come of the call. The numbers are reserved for fiction:
 * 555-0100 to 555-0199 of each area code of North America.
 */
import type { AttemptEnd } from '../../../src/campaign/disposition.ts'
import type { CountsAs } from '../../../src/store/attempts.ts'

export type Kind = 'person' | 'gone-at-once' | 'machine' | 'beep' | 'congested' | 'never' | 'busy' | 'unallocated'

const BY_DIGIT: Readonly<Record<string, Kind>> = {
  0: 'person', // says a short word, and stays until somebody has talked with them
  1: 'person',
  2: 'person',
  3: 'gone-at-once', // picks up and hangs up, before a word
  4: 'machine', // talks for three seconds
  5: 'congested', // the carrier refuses: 503
  6: 'beep', // a machine that talks for four seconds, and then beeps
  7: 'never', // rings and rings
  8: 'busy', // 486
  9: 'unallocated', // 404
}

/** The last digits of a kind, for a regular expression. */
export const digitsOf = (kind: Kind): string =>
  `[${Object.keys(BY_DIGIT)
    .filter(digit => BY_DIGIT[digit] === kind)
    .join('')}]`

export const kindOf = (number: string): Kind => BY_DIGIT[number.at(-1)!]!

/** What comes of each call, and what it counts as for the law; null: nobody answered. */
export const ENDS: Readonly<
  Record<Exclude<Kind, 'person'>, { readonly end: AttemptEnd; readonly counts: CountsAs | null }>
> = {
  'gone-at-once': { end: 'hung-up', counts: 'nobody' },
  machine: { end: 'machine', counts: 'machine' },
  beep: { end: 'machine', counts: 'machine' },
  congested: { end: 'failed', counts: null },
  never: { end: 'no-answer', counts: null },
  busy: { end: 'busy', counts: null },
  unallocated: { end: 'invalid', counts: null },
}

const OF_AREA = 100

/** So many numbers, each last digit equally often. At most 5 000. */
export const leadNumbers = (count: number): string[] =>
  Array.from({ length: count }, (_, n) => {
    const [area, line] = [201 + Math.floor(n / OF_AREA), n % OF_AREA]
    return `+1${area}55501${String(line).padStart(2, '0')}`
  })

/** What a person does: milliseconds from picking up to the word, and its length; the seconds that they talk. */
export const PERSON = { ringsMs: 400, breathMs: 400, wordMs: 300, talksSeconds: 8 } as const
