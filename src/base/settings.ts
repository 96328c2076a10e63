/**
 * Settings of the things that people define (a queue, an agent). A room lists each setting of its things once, with
 * its range, its default and its meaning; the stores, the operations and their --help follow from the list.
 *
 * A record holds only the settings that were given. The others have their default, so a new setting needs no change of
 * stored records. A duration is in milliseconds in the record (`tierWaitMs`), and a text with a unit where people
 * write it (`tierWait`).
 */
import { z } from 'zod'
import { InputError } from './errors.ts'
import { said, type Duration } from './duration.ts'
import { described, duration as durationField, parsed, whole as wholeField } from './parsed.ts'
import { quoted } from './quoted.ts'

export interface Setting<T> {
  readonly standard: T
  /** The value as records have it. */
  readonly stored: z.ZodType<T>
  /** The value as people write it. */
  readonly input: z.ZodType<T>
  /** Words for the value in --help. */
  readonly placeholder: string
  readonly description: string
  /** The value as people write it. */
  say(value: T): string
}

export type Settings = Readonly<Record<string, Setting<unknown>>>
type ValueOf<S> = S extends Setting<infer T> ? T : never
/** The settings that were given. */
export type Given<All> = { readonly [K in keyof All]?: ValueOf<All[K]> | undefined }
/** The name that people write: 'tierWait' for tierWaitMs. */
type InputName<K> = K extends `${infer Name}Ms` ? Name : K

/** Milliseconds in the record; the name of the setting must end with Ms. */
export const duration = (
  standard: number,
  [least, most]: readonly [Duration, Duration],
  description: string,
): Setting<number> => ({
  standard,
  stored: z.number().nonnegative(),
  input: durationField(least, most),
  placeholder: '<duration>',
  description: `${description}, ${most} at most`,
  say: said,
})

export const whole = (
  standard: number,
  [least, most]: readonly [number, number],
  description: string,
): Setting<number> => ({
  standard,
  stored: z.number(),
  input: wholeField(least, most),
  placeholder: '<number>',
  description: `${description}, ${least} to ${most}`,
  say: String,
})

/** People write 'yes' or 'no'; programs may give true or false. */
export const yesOrNo = (standard: boolean, description: string): Setting<boolean> => {
  const error = ({ input }: { readonly input?: unknown }) => `${quoted(input)} cannot be used; allowed: yes, no`
  return {
    standard,
    stored: z.boolean(),
    input: z.union([z.boolean(), z.enum(['yes', 'no']).transform(word => word === 'yes')], { error }),
    placeholder: '<yes|no>',
    description,
    say: value => (value ? 'yes' : 'no'),
  }
}

/** One of some words. */
export const choice = <const T extends string>(
  standard: NoInfer<T>,
  allowed: readonly [T, ...T[]],
  description: string,
): Setting<T> => {
  const error = ({ input }: { readonly input?: unknown }) =>
    `${quoted(input)} cannot be used; allowed: ${allowed.join(', ')}`
  const word = z.enum(allowed, { error }) as unknown as z.ZodType<T>
  return { standard, stored: word, input: word, placeholder: `<${allowed.join('|')}>`, description, say: String }
}

/** A text of people that has another form in the record. `parse` throws InputError. */
export const text = <T>(setting: Omit<Setting<T>, 'input'> & { readonly parse: (text: string) => T }): Setting<T> => ({
  ...setting,
  input: parsed(setting.parse) as unknown as z.ZodType<T>,
})

/** The fields of a record. */
export const storedFields = <All extends Settings>(
  all: All,
): { [K in keyof All]: z.ZodOptional<z.ZodType<ValueOf<All[K]>>> } =>
  Object.fromEntries(Object.entries(all).map(([name, { stored }]) => [name, stored.optional()])) as never

/** The fields of an operation that takes the settings; none must be given. */
export function inputFields<All extends Settings>(
  all: All,
): { [K in keyof All & string as InputName<K>]: z.ZodOptional<z.ZodType<ValueOf<All[K]>>> } {
  const fields = Object.entries(all).map(([name, { input, description, placeholder, standard, say }]) => [
    inputName(name),
    described(input, `${description} (default: ${say(standard) || 'none'})`, placeholder)
      .meta({ setting: true })
      .optional(),
  ])
  return Object.fromEntries(fields)
}

/** zod compiles a schema when it first reads something: each one is built once. */
const SCHEMAS = new WeakMap<Settings, z.ZodObject>()

function storedSchema(all: Settings): z.ZodObject {
  const known = SCHEMAS.get(all) ?? z.looseObject(storedFields(all))
  SCHEMAS.set(all, known)
  return known
}

/**
 * The settings that a store has, checked. Settings that this version does not know are kept: a newer node has set them.
 *
 * @throws InputError (BAD_INPUT) for a value that this version cannot use
 */
export function readSettings<All extends Settings>(all: All, stored: Readonly<Record<string, unknown>>): Given<All> {
  const read = storedSchema(all).safeParse(stored)
  if (read.success) return read.data as Given<All>
  throw new InputError(`the stored settings cannot be used: ${z.prettifyError(read.error).replaceAll('\n', ' ')}`)
}

/** The settings among the fields that an operation was given. */
export function givenIn<All extends Settings>(all: All, input: Readonly<Record<string, unknown>>): Given<All> {
  const given = Object.keys(all).flatMap(name => {
    const value = input[inputName(name)]
    return value === undefined ? [] : [[name, value]]
  })
  return Object.fromEntries(given) as Given<All>
}

/** Only the settings of a record, without its other fields. */
export function settingsOf<All extends Settings>(all: All, record: Given<All>): Given<All> {
  const own = Object.keys(all).flatMap(name => {
    const value = record[name as keyof All]
    return value === undefined ? [] : [[name, value]]
  })
  return Object.fromEntries(own) as Given<All>
}

/**
 * The fields of a record that are neither settings of this version nor its own fields: those of a newer version. Who
 * writes a record keeps them.
 */
export function unknownIn(
  all: Settings,
  record: Readonly<Record<string, unknown>>,
  own: readonly string[],
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(record).filter(([name, value]) => value !== undefined && !(name in all) && !own.includes(name)),
  )
}

/** The record without the settings of these names (as people write them): they have their default again. */
export function without<All extends Settings, T extends Given<All>>(
  all: All,
  record: T,
  names: readonly string[] = [],
): T {
  const gone = new Set(Object.keys(all).filter(name => names.includes(inputName(name))))
  return Object.fromEntries(Object.entries(record).filter(([name]) => !gone.has(name))) as T
}

/** The name that people write for a setting. */
export const inputName = (name: string): string => name.replace(/Ms$/, '')

/** Reads a setting of a record: the value that was given, else the default. */
export const settingIn =
  <All extends Settings>(all: All) =>
  <K extends keyof All>(record: Given<All>, name: K): ValueOf<All[K]> =>
    (record[name] ?? all[name]!.standard) as ValueOf<All[K]>

/** Each setting of a record as people write it, and whether it was given. */
export const sayEach = <All extends Settings>(all: All, record: Given<All>) =>
  Object.entries(all).map(([name, { standard, say, description }]) => {
    const value = record[name as keyof All]
    return { name: inputName(name), value: say(value ?? standard), given: value !== undefined, description }
  })
