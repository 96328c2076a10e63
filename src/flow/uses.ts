/**
 * The queues and sounds that a script needs and that cannot be read from its code: `export const uses`. The doctor
 * checks them.
 */
import { InputError } from '../base/errors.ts'

/**
 * What a script exports as `uses`, so that `switchhook doctor` can check it. A sound whose name stands in quotes in the
 * script is found without this.
 *
 * @example export const uses: Uses = { queues: ['sales'], sounds: ['whisper/sales'] }
 */
export interface Uses {
  /** Names of the queues that the flow puts callers into. */
  readonly queues?: readonly string[]
  /**
   * Names of the sounds that the flow builds at run time, below the switch's sound_prefix and without ending:
   * 'whisper/sales'.
   */
  readonly sounds?: readonly string[]
}

export const NO_USES: Uses = {}

/** Checks what a script exports as `uses`. Throws InputError (BAD_INPUT) when it has another shape. */
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

/** The needs of all scripts together, each name once, sorted. */
export function allUses(each: Iterable<Uses>): Required<Uses> {
  const list = [...each]
  const once = (of: keyof Uses) => [...new Set(list.flatMap(one => one[of] ?? []))].sort()
  return { queues: once('queues'), sounds: once('sounds') }
}
