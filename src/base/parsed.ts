/** A zod field that is read by a parser of ours: what the parser refuses is a fault of the field, with its message. */
import { z } from 'zod'
import { InputError } from './errors.ts'

/**
 * `parse` returns the value, or throws InputError.
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
