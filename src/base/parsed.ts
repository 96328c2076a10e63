/** Input from outside, read by zod: fields with parsers of ours, and one error with the faults of all fields. */
import { z } from 'zod'
import { FieldFaults, InputError } from './errors.ts'

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

/** Throws FieldFaults, with every fault, for an input that cannot be used. */
export function readInput<Schema extends z.ZodType>(schema: Schema, given: unknown): z.output<Schema> {
  const read = schema.safeParse(given)
  if (read.success) return read.data
  throw new FieldFaults(read.error.issues.map(({ path, message }) => ({ field: path.join('.'), message })))
}
