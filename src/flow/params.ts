/**
 * The values that a flow needs, typed. A value comes from the flow that calls it, or from the channel variable of the
 * same name.
 */
import { InputError } from '../base/errors.ts'

/** One value that a flow needs: made by text(), integer(), choice() or optional(). */
export interface Need<T> {
  /** In words, for error messages and lists: 'text', 'a whole number from 1 to 9'. */
  readonly what: string
  /**
   * The typed value of a text; `undefined` stands for a variable that is not set. Throws InputError (BAD_INPUT) when
   * the text is not allowed.
   */
  read(text: string | undefined): T
}

/** The needs of a flow, by name. */
export type Needs = Readonly<Record<string, Need<unknown>>>
/** The values of these needs, as the flow gets them. */
export type Params<N extends Needs> = { readonly [K in keyof N]: N[K] extends Need<infer T> ? T : never }

function need<T>(what: string, read: (text: string) => T): Need<T> {
  return {
    what,
    read(text) {
      if (text === undefined) throw new InputError(`it is not set; needed: ${what}`)
      return read(text)
    },
  }
}

/**
 * Any text of 1 to 512 characters.
 *
 * @example flow({ queue: text() }, async (call, { queue }) => …)
 */
export const text = (): Need<string> =>
  need('text', value => {
    if (value.length > 512) throw new InputError(`it has ${value.length} characters; at most 512 are allowed`)
    return value
  })

/**
 * A whole number of at most 16 digits, from `from` to `to`, both included. Default: every number that JavaScript holds
 * exactly.
 *
 * @example flow({ level: integer({ from: 1, to: 9 }) }, async (call, { level }) => …)
 */
export function integer({
  from = Number.MIN_SAFE_INTEGER,
  to = Number.MAX_SAFE_INTEGER,
}: { from?: number; to?: number } = {}): Need<number> {
  const what = `a whole number from ${from} to ${to}`
  return need(what, value => {
    const number = Number(value)
    if (!/^-?\d{1,16}$/.test(value) || number < from || number > to) throw new InputError(`'${value}' is not ${what}`)
    return number
  })
}

/**
 * One of these words, in this spelling.
 *
 * @example flow({ language: choice('en', 'de') }, async (call, { language }) => …)
 */
export function choice<const Word extends string>(...words: readonly [Word, ...Word[]]): Need<Word> {
  const what = `one of ${words.join(', ')}`
  return need(what, value => {
    if (!(words as readonly string[]).includes(value)) throw new InputError(`'${value}' is not ${what}`)
    return value as Word
  })
}

/**
 * The same, or `undefined` when the variable is not set.
 *
 * @example flow({ crmuuid: optional(text()) }, async (call, { crmuuid }) => …)
 */
export const optional = <T>(needed: Need<T>): Need<T | undefined> => ({
  what: `${needed.what}, or nothing`,
  read: value => (value === undefined ? undefined : needed.read(value)),
})

/** Reads all values that a flow needs. Throws one InputError (BAD_INPUT) that lists every fault. */
export function readParams<N extends Needs>(needs: N, valueOf: (name: string) => string | undefined): Params<N> {
  const params: Record<string, unknown> = {}
  const faults: string[] = []
  for (const [name, needed] of Object.entries(needs)) {
    try {
      params[name] = needed.read(valueOf(name))
    } catch (error) {
      if (!(error instanceof InputError)) throw error
      faults.push(`${name}: ${error.message}`)
    }
  }
  if (faults.length > 0) throw new InputError(faults.join('; '))
  return params as Params<N>
}
