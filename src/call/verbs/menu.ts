/** Plays one or more sounds and offers a choice by key. */
import type { Duration } from '../../base/duration.ts'
import { InputError } from '../../base/errors.ts'
import type { Leg } from '../leg.ts'
import type { Playback } from '../playback.ts'
import { gather } from './gather.ts'
import type { Prompt } from './prompts.ts'

type Key = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | '*' | '#'
/** The meaning of each key, in words of the flow: { 1: 'sales', 2: 'support' }. */
export type Choices<Choice extends string> = { readonly [K in Key]?: Choice }

export interface MenuOptions {
  /** The number of times that the menu is played, 1 to 20. Default 3. */
  tries?: number
  /** The wait for a key after the sound, 1s or more. Default 5s. */
  timeout?: Duration
  /** The sound that is played after a wrong key. Default: none. */
  invalid?: Prompt
}

/**
 * The sounds are one question: a key during any of them ends them. Resolves with the word of the key, or with null when
 * no try brought a valid key. Rejects with CallEnded, with SwitchError SOUND_MISSING when FreeSWITCH has none of the
 * sounds, and with InputError when `choices` is empty.
 */
export async function menu<const Choice extends string>(
  leg: Leg,
  playback: Playback,
  prompt: Prompt | readonly Prompt[],
  choices: Choices<Choice>,
  options: MenuOptions = {},
): Promise<Choice | null> {
  const words = new Map(Object.entries(choices) as [string, Choice][])
  if (words.size === 0) throw new InputError(`menu: the choices are empty: give at least one key`)
  const key = await gather(leg, playback, {
    digits: 1,
    prompt,
    keys: [...words.keys()].join(''),
    terminator: 'none',
    ...options,
  })
  return key === null ? null : (words.get(key) ?? null)
}
