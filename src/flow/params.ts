/** What a flow needs to be told, typed. A value comes from another flow, or from a channel variable of the same name. */
import { InputError } from '../base/errors.ts'

export interface Need<T> {
  /** In words, for error messages and lists: 'text', 'a whole number from 1 to 9'. */
  readonly what: string
  /** Throws InputError when the text is not what is needed; `undefined` stands for a variable that is not set. */
  read(text: string | undefined): T
}

export type Needs = Readonly<Record<string, Need<unknown>>>
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

/** Any text of 1 to 512 characters. */
export const text = (): Need<string> =>
  need('text', value => {
    if (value.length > 512) throw new InputError(`it has ${value.length} characters; allowed: 512`)
    return value
  })

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

export function choice<const Word extends string>(...words: readonly [Word, ...Word[]]): Need<Word> {
  const what = `one of ${words.join(', ')}`
  return need(what, value => {
    if (!(words as readonly string[]).includes(value)) throw new InputError(`'${value}' is not ${what}`)
    return value as Word
  })
}

/** The same, or `undefined` when the variable is not set. */
export const optional = <T>(needed: Need<T>): Need<T | undefined> => ({
  what: `${needed.what}, or nothing`,
  read: value => (value === undefined ? undefined : needed.read(value)),
})

/** Reads all that a flow needs; every fault is in one InputError. */
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
