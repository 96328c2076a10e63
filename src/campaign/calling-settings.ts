/**
 * The settings of a campaign about who may be called when, as people write them: how often one number is called, what
 * follows from the end of an attempt, and lists of regions and columns. Pure.
 */
import { ms, said, type Duration } from '../base/duration.ts'
import { InputError } from '../base/errors.ts'
import type { NumberLimit, RetryRule } from '../store/campaigns.ts'
import { ATTEMPT_ENDS, isAttemptEnd, meaningOf } from './disposition.ts'

/** A year has 8760 hours; attempts of the last 31 days are counted at most. */
const LONGEST_MS = 31 * 86_400_000
const MOST_LIMITS = 4

/**
 * Reads '3/24h, 7/7d': at most three calls to one number within any 24 hours, and seven within any seven days. 'none':
 * no limit.
 *
 * @throws InputError
 */
export function parseNumberLimits(text: string): NumberLimit[] {
  const limits = wordsOf(text).map(part => {
    const [, most = '', within = ''] = /^(\d{1,3})\/(\S+)$/.exec(part) ?? []
    if (most === '') throw new InputError(`'${part}' is no limit: write calls and time, such as '3/24h, 7/7d'`)
    return { most: Number(most), withinMs: ms(within as Duration) }
  })
  const fault = faultOfLimits(limits)
  if (fault !== null) throw new InputError(fault)
  return limits
}

export function faultOfLimits(limits: readonly NumberLimit[]): string | null {
  if (limits.length > MOST_LIMITS) return `${limits.length} limits; at most ${MOST_LIMITS} are allowed`
  const bad = limits.find(({ most, withinMs }) => most < 1 || withinMs < 60_000 || withinMs > LONGEST_MS)
  return bad ? `${sayNumberLimits([bad])}: at least one call, within 1m to 31d, is allowed` : null
}

export const sayNumberLimits = (limits: readonly NumberLimit[]): string =>
  limits.map(({ most, withinMs }) => `${most}/${said(withinMs)}`).join(', ')

/**
 * Reads 'busy:10m/3, no-answer:2h/4/next-number, invalid:never': the pause before the next call to the lead, how many
 * calls to one number may end so, and whether the next number of the lead is called at once.
 *
 * @throws InputError
 */
export function parseRetry(text: string): Record<string, RetryRule> {
  return Object.fromEntries(
    wordsOf(text).map(part => {
      const [end = '', words = ''] = part.split(':')
      const [after = '', ...more] = words.split('/')
      let rule: RetryRule = after === '' ? {} : { after }
      for (const word of more) {
        if (/^\d{1,3}$/.test(word)) rule = { ...rule, most: Number(word) }
        else if (word === 'next-number' || word === 'same-number')
          rule = { ...rule, nextNumber: word === 'next-number' }
        else
          throw new InputError(
            `'${word}' in '${part}' cannot be used: write the end, the pause, the most calls, and next-number or same-number, such as 'busy:10m/3/next-number'`,
          )
      }
      checkRetry(end, rule)
      return [end, rule]
    }),
  )
}

/** Throws InputError. */
export function checkRetry(end: string, { after, most, nextNumber }: RetryRule): void {
  if (!isAttemptEnd(end))
    throw new InputError(`retry: there is no disposition '${end}'; known: ${ATTEMPT_ENDS.join(', ')}`)
  if (after === undefined && most === undefined && nextNumber === undefined)
    throw new InputError(`retry: nothing is said about '${end}': write a pause, such as '${end}:2h'`)
  if (meaningOf(end).fixed && after !== undefined && after !== 'never')
    throw new InputError(`retry: '${end}' allows only never`)
  if (after !== undefined && after !== 'never') ms(after as Duration)
  if (most !== undefined && (most < 1 || most > 100))
    throw new InputError(`retry: '${end}' allows 1 to 100 calls, not ${most}`)
}

export const sayRetry = (retry: Readonly<Record<string, RetryRule>>): string =>
  Object.entries(retry)
    .map(([end, { after, most, nextNumber }]) => {
      const number = nextNumber === undefined ? [] : [nextNumber ? 'next-number' : 'same-number']
      return `${end}:${[after ?? '', ...(most === undefined ? [] : [most]), ...number].join('/')}`
    })
    .join(', ')

/** Reads 'US-LA, GB': regions as ISO 3166 writes them. 'none': no region. @throws InputError */
export function parseRegions(text: string): string[] {
  return wordsOf(text).map(regionNamed)
}

/** @throws InputError unless it is a country, or a part of one: 'GB', 'US-LA' */
export function regionNamed(text: string): string {
  if (!/^[A-Z]{2}(-[A-Z0-9]{1,3})?$/.test(text))
    throw new InputError(
      `'${text}' is no region: write a country or a part of it as in ISO 3166, such as GB, US-LA or DE-BY`,
    )
  return text
}

/** Reads 'phone2, alt_phone': the names of columns. 'none': no column. */
export const parseColumns = (text: string): string[] => wordsOf(text)

const wordsOf = (text: string): string[] =>
  text.trim() === 'none'
    ? []
    : text
        .split(',')
        .map(word => word.trim())
        .filter(word => word !== '')
