/** Input from outside, read by zod: fields with parsers of ours, and one error with the faults of all fields. */
import { z } from 'zod'
import { ms, type Duration } from './duration.ts'
import { FieldFaults, InputError } from './errors.ts'
import { quoted } from './quoted.ts'

/**
 * A field that is read by a parser of ours: what the parser refuses is a fault of the field, with its message. `parse`
 * returns the value, or throws InputError.
 *
 * @example
 * z.strictObject({ extension: parsed(ident), customer: parsed(phoneNumber) })
 */
export const parsed = <T>(parse: (text: string) => T) =>
  z.string().transform((text, context): T => {
    try {
      return parse(text)
    } catch (error) {
      if (!(error instanceof InputError)) throw error
      context.addIssue({ code: 'custom', message: error.message })
      return z.NEVER
    }
  })

/** Adds the description of --help, and the word for the value there (`placeholder`). */
export const described = <T extends z.ZodType>(field: T, description: string, placeholder?: string): T =>
  field.meta({ description, ...(placeholder !== undefined && { placeholder }) })

/** A duration with its unit, such as '45s'; milliseconds for the operation. */
export const duration = (least: Duration, most: Duration) =>
  parsed(text => {
    const milliseconds = ms(text as Duration)
    if (milliseconds < ms(least) || milliseconds > ms(most))
      throw new InputError(`'${text}' is out of range; allowed: ${least} to ${most}`)
    return milliseconds
  })

/** A number for which `fits` is true; `allowed` says which ones these are. */
export const numberThat = (allowed: string, fits: (value: number) => boolean) => {
  const error = ({ input }: { readonly input?: unknown }) => `${quoted(input)} cannot be used; allowed: ${allowed}`
  return z.number({ error }).refine(fits, { error })
}

/** One of these words. */
export const oneOf = <const Word extends string>(words: readonly Word[]) =>
  z.enum(words, { error: ({ input }) => `${quoted(input)} cannot be used; allowed: ${words.join(', ')}` })

export const whole = (least: number, most: number) =>
  numberThat(
    `a whole number from ${least} to ${most}`,
    value => Number.isInteger(value) && value >= least && value <= most,
  )

/** Throws FieldFaults, with every fault, for an input that cannot be used. */
export function readInput<Schema extends z.ZodType>(schema: Schema, given: unknown): z.output<Schema> {
  const unstorable = unstorableIn(given, [])
  if (unstorable.length > 0) throw new FieldFaults(unstorable)
  const read = schema.safeParse(given)
  if (read.success) return read.data
  throw new FieldFaults(read.error.issues.map(({ path, message }) => ({ field: path.join('.'), message })))
}

/** The sign U+0000, and half of a sign of two: PostgreSQL keeps neither. */
const UNSTORABLE = /\0|\p{Surrogate}/u

function unstorableIn(given: unknown, path: readonly string[]): { field: string; message: string }[] {
  if (typeof given === 'string')
    return UNSTORABLE.test(given)
      ? [{ field: path.join('.'), message: 'has a sign that is no text, such as U+0000' }]
      : []
  if (typeof given !== 'object' || given === null) return []
  return Object.entries(given).flatMap(([name, one]) => [
    ...unstorableIn(name, path),
    ...unstorableIn(one, [...path, name]),
  ])
}
