/**
 * The list of numbers whose callers are treated in another way: a priority, or no entry at all. Rows in PostgreSQL
 * (store/number-rules.ts), with a copy in Redis for the moment in which a caller enters a queue.
 */
import { InputError } from '../base/errors.ts'
import { phoneNumber } from '../esl/phone-number.ts'

export interface NumberRule {
  /** A whole number, as esl/phone-number.ts writes it, or its first digits and a star: '+4930*'. */
  readonly number: string
  /** '': every queue. */
  readonly queue: string
  /** -9 to 9. Callers of a higher priority are served first; those without a rule have 0. */
  readonly priority: number
  /** The caller is not let in. */
  readonly blocked: boolean
  /** In the supervisor's words. */
  readonly note: string
}

export type NumberKey = Pick<NumberRule, 'queue' | 'number'>

/** @throws InputError (BAD_INPUT) for a text that is neither a number nor the first digits of one */
export function numberPattern(written: string): string {
  const [, start] = /^(\+?\d{1,19})\*$/.exec(written) ?? []
  if (start !== undefined) return `${start}*`
  try {
    return phoneNumber(written)
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    throw new InputError(`'${written}' is not a number; allowed: +493012345, or its first digits and a star: +4930*`)
  }
}

/** Names a rule; neither the name of a queue nor a number has a blank. */
export const ruleKey = ({ queue, number }: NumberKey): string => `${queue} ${number}`

/**
 * The keys of the rules that may be about this number, the first one counts: those of the queue before those of every
 * queue, the whole number before its first digits.
 */
export function ruleKeysFor(queue: string, number: string): string[] {
  const starts = Array.from(number, (_, at) => `${number.slice(0, number.length - at)}*`)
  return [queue, ''].flatMap(name => [number, ...starts].map(pattern => ruleKey({ queue: name, number: pattern })))
}
