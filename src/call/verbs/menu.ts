/** Offers a choice by key. */
import type { Duration } from '../../base/duration.ts'
import { InputError } from '../../base/errors.ts'
import type { Leg } from '../leg.ts'
import type { Playback } from '../playback.ts'
import { gather } from './gather.ts'

export type Key = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | '*' | '#'
/** What each key means, in words of the flow: { 1: 'sales', 2: 'support' }. */
export type Choices<Choice extends string> = { readonly [K in Key]?: Choice }

export interface MenuOptions {
  /** How often the menu is played. Default 3. */
  tries?: number
  /** How long is waited for a key after the sound. Default 5s. */
  timeout?: Duration
  /** Played after a wrong key. Default: nothing. */
  invalid?: string
}

/** Resolves with the chosen word, or null when no try brought one of the keys. Rejects with SwitchError SOUND_MISSING when the switch has no such sound. */
export async function menu<const Choice extends string>(
  leg: Leg,
  playback: Playback,
  sound: string,
  choices: Choices<Choice>,
  options: MenuOptions = {},
): Promise<Choice | null> {
  const words = new Map(Object.entries(choices) as [string, Choice][])
  if (words.size === 0) throw new InputError(`the menu '${sound}' offers no key`)
  const key = await gather(leg, playback, {
    digits: 1,
    prompt: sound,
    keys: [...words.keys()].join(''),
    terminator: 'none',
    ...options,
  })
  return key === null ? null : (words.get(key) ?? null)
}
