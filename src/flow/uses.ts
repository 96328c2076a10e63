/** What a script cannot do without, said by its author where it cannot be read from the code: `export const uses`. For the doctor. */
import { InputError } from '../base/errors.ts'

/**
 * Queues into which the flow puts callers, and sounds whose names it puts together. A sound that stands in quotes in the script is
 * found without this.
 *
 * @example export const uses: Uses = { queues: ['sales'], sounds: ['whisper/sales'] }
 */
export interface Uses {
  readonly queues?: readonly string[]
  readonly sounds?: readonly string[]
}

export const NO_USES: Uses = {}

/** What a script exports as `uses`. Throws InputError when it is something else. */
export function readUses(exported: unknown): Uses {
  if (exported === undefined) return NO_USES
  const texts = (list: unknown) =>
    list === undefined || (Array.isArray(list) && list.every(one => typeof one === 'string'))
  const { queues, sounds, ...rest } = Object(exported) as Uses & Record<string, unknown>
  if (
    typeof exported === 'object' &&
    exported !== null &&
    texts(queues) &&
    texts(sounds) &&
    Object.keys(rest).length === 0
  )
    return exported as Uses
  throw new InputError("its export `uses` cannot be read; allowed: { queues: ['sales'], sounds: ['whisper/sales'] }")
}

/** Of all scripts together, each name once. */
export function allUses(each: Iterable<Uses>): Required<Uses> {
  const list = [...each]
  const once = (of: keyof Uses) => [...new Set(list.flatMap(one => one[of] ?? []))].sort()
  return { queues: once('queues'), sounds: once('sounds') }
}
