/** The fields that several operations share. `placeholder` is the word for the value in --help. */
import { z } from 'zod'
import { ms, type Duration } from '../base/duration.ts'
import { FieldFaults, InputError } from '../base/errors.ts'
import { parsed } from '../base/parsed.ts'

/** Adds the description of --help, and the word for the value. */
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
  const error = ({ input }: { readonly input?: unknown }) => `'${String(input)}' cannot be used; allowed: ${allowed}`
  return z.number({ error }).refine(fits, { error })
}

export const whole = (least: number, most: number) =>
  numberThat(
    `a whole number from ${least} to ${most}`,
    value => Number.isInteger(value) && value >= least && value <= most,
  )

/** The name of a thing. What is allowed in a name is checked when the thing is made. */
export const nameOf = (thing: string) => described(z.string().min(1), `the name of the ${thing}`)

/** The answer of an operation that removes something. */
export const removal = z.object({ name: z.string(), removed: z.literal(true) })

/** Throws FieldFaults when no setting is given. `settings`: the fields that may be given. */
export function mustChange(given: Readonly<Record<string, unknown>>, settings: readonly string[]): void {
  if (settings.every(name => given[name] === undefined))
    throw new FieldFaults([{ field: '', message: 'nothing to change: give at least one of', give: settings }])
}
