/** The fields that several operations share. */
import { z } from 'zod'
import { FieldFaults, InputError, Refusal } from '../base/errors.ts'
import { described, parsed } from '../base/parsed.ts'
import { inputName, type Settings } from '../base/settings.ts'
import { quoted } from '../base/quoted.ts'
import type { Actor } from './operation.ts'

/** The name of a thing. What is allowed in a name is checked when the thing is made. */
export const nameOf = (thing: string) => described(z.string().min(1), `the name of the ${thing}`)

/** Names of settings that go back to their default. */
export const backToDefault = (settings: Settings) => {
  const names = Object.keys(settings).map(inputName)
  const error = ({ input }: { readonly input?: unknown }) =>
    `${quoted(input)} is no setting with a default; allowed: ${names.join(', ')}`
  const description = 'settings that go back to their default, separated by commas'
  return described(z.array(z.enum(names, { error })), description, '<names>').optional()
}

/** A moment as people and programs write it: with its zone, so that nobody guesses. */
export const moment = described(
  parsed(text => {
    const at = Date.parse(text)
    if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)$/.test(text) || Number.isNaN(at))
      throw new InputError(`'${text}' is no moment; allowed: date, time and zone, such as 2026-12-01T15:30+01:00`)
    return at
  }),
  'when: date, time and zone, such as 2026-12-01T15:30+01:00',
  '<time>',
)

/**
 * Throws Refusal FORBIDDEN when somebody who does not see numbers would let others see them. `refused`: 'makes no key
 * that does'.
 */
export function mustSeeNumbers({ who, seesNumbers = true }: Actor, wanted: boolean, refused: string): void {
  if (wanted && !seesNumbers) throw new Refusal('FORBIDDEN', `${who} does not see numbers, and ${refused}`)
}

/** The answer of an operation that removes something. */
export const removal = z.object({ name: z.string(), removed: z.literal(true) })

/** Throws FieldFaults when no setting is given. `settings`: the fields that may be given. */
export function mustChange(given: Readonly<Record<string, unknown>>, settings: readonly string[]): void {
  if (settings.every(name => given[name] === undefined))
    throw new FieldFaults([{ field: '', message: 'nothing to change: give at least one of', give: settings }])
}
