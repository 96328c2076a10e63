/**
 * The number that a called person sees. Pure. Of a campaign's caller ids those with the longest prefix of the called
 * number fit. They take turns by the lead's id: the same lead sees the same number, and a list spreads evenly, whatever
 * its order. With the rotation 'attempt' the lead sees the next number at the next attempt.
 */
import { InputError } from '../base/errors.ts'
import { dial } from '../esl/safe-text.ts'

export interface CallerId {
  readonly number: string
  /** For called numbers that begin so; '': for all. */
  readonly prefix: string
}

export const ROTATIONS = ['lead', 'attempt'] as const
export type Rotation = (typeof ROTATIONS)[number]

/** 2³² ÷ the golden ratio: multiples of it spread evenly, also those of every second or tenth id (Knuth, TAOCP 6.4). */
const GOLDEN = 0x9e3779b1

interface CalledLead {
  /** The id of the lead. */
  readonly lead: number
  /** Attempts before this one that count. */
  readonly attempts: number
  readonly phone: string
}

/** Null: none of them fits. */
export function callerIdFor(
  ids: readonly CallerId[],
  rotation: Rotation,
  { lead, attempts, phone }: CalledLead,
): string | null {
  const fitting = ids.filter(({ prefix }) => phone.startsWith(prefix))
  const longest = Math.max(...fitting.map(({ prefix }) => prefix.length))
  const best = fitting.filter(({ prefix }) => prefix.length === longest)
  if (best.length === 0) return null
  const first = Math.floor(((Math.imul(lead, GOLDEN) >>> 0) / 2 ** 32) * best.length)
  return best[(first + (rotation === 'attempt' ? attempts : 0)) % best.length]!.number
}

/**
 * Reads '+4930111', or '+4930=+4930111': for called numbers that begin with +4930.
 *
 * @throws InputError
 */
export function parseCallerId(text: string): CallerId {
  const [before, after, ...more] = text.split('=')
  const [number, prefix] = after === undefined ? [before!, ''] : [after, before!]
  if (more.length > 0 || (after !== undefined && !/^\+?\d{1,20}$/.test(prefix)))
    throw new InputError(
      `'${text}' is no caller id; allowed: a number (+4930111), or the first digits of called numbers and a number (+4930=+4930111)`,
    )
  return { number: dial(number), prefix }
}

export const sayCallerId = ({ number, prefix }: CallerId): string => (prefix === '' ? number : `${prefix}=${number}`)

/** The first fault of a list, in words; null: it can be used. */
export function faultOfCallerIds(ids: readonly CallerId[]): string | null {
  if (ids.length > 1_000) return `${ids.length} caller ids; at most 1000 are allowed`
  const twice = ids.map(sayCallerId).find((one, at, all) => all.indexOf(one) !== at)
  return twice === undefined ? null : `${twice} is there twice`
}
