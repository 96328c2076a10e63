/** What people hear: the names of sounds, spoken numbers, silence. Used by play, menu and gather. */
import { ms, type Duration } from '../../base/duration.ts'
import { InputError, SwitchError } from '../../base/errors.ts'
import { sayString } from '../../esl/api.ts'
import { appArgument, saidText, soundFile, soundName, type AppArgument, type SaidText } from '../../esl/safe-text.ts'
import type { Leg } from '../leg.ts'

/**
 * One thing to play: the name of a sound below FreeSWITCH's sound_prefix, without its ending, or the result of
 * number(), digits() or silence().
 */
export type Prompt = string | Spoken
export type Spoken =
  | { readonly app: 'say'; readonly argument: SaidText }
  | { readonly app: 'playback'; readonly argument: AppArgument }

const said = (text: string): Spoken => ({ app: 'say', argument: saidText(text) })

/** 23 → 'twenty-three', by mod_say_en and its digit sounds. InputError unless whole, 0 to 999 999 999. */
export function number(value: number): Spoken {
  if (!Number.isInteger(value) || value < 0 || value > 999_999_999)
    throw new InputError(`number(): ${value} cannot be spoken: whole numbers from 0 to 999999999 are allowed`)
  return said(`en number pronounced ${value}`)
}

/** '203' → 'two zero three'. InputError unless 1 to 32 digits. */
export function digits(value: string): Spoken {
  if (!/^[0-9]{1,32}$/.test(value))
    throw new InputError(`digits(): '${value}' cannot be spoken: 1 to 32 digits are allowed`)
  return said(`en name_spelled iterated ${value}`)
}

/** A pause of this length: `silence('500ms')`. */
export function silence(duration: Duration): Spoken {
  return { app: 'playback', argument: `silence_stream://${ms(duration)}` as string as AppArgument }
}

/** Throws InputError for a name that is not a sound's. */
export function asSpoken(prompts: Prompt | readonly Prompt[]): readonly Spoken[] {
  const list = Array.isArray(prompts) ? (prompts as readonly Prompt[]) : [prompts as Prompt]
  return list.map(prompt =>
    typeof prompt === 'string' ? { app: 'playback', argument: soundFile(soundName(prompt)) } : prompt,
  )
}

export const soundMissing = (sound: string): SwitchError =>
  new SwitchError('SOUND_MISSING', `FreeSWITCH has no sound '${sound}': put the file below its sound_prefix`)

/** The caller hears what is there. */
export function logMissing(leg: Leg, sound: string): void {
  const { log } = leg.steps.journal
  log.error({ uuid: leg.uuid, sound }, 'a sound is missing on FreeSWITCH; it is left out')
}

/** FreeSWITCH's name for several files that are played as one. */
const LIST = 'file_string://'

/**
 * All prompts as one file, which a key ends as a whole. FreeSWITCH skips a sound of a list that it does not have, and
 * finds no file when it has none of them.
 */
export async function asOneFile(leg: Leg, prompts: readonly Spoken[]): Promise<AppArgument> {
  const [first] = prompts
  if (prompts.length === 1 && first!.app === 'playback') return first!.argument
  const files = prompts.map(async ({ app, argument }) =>
    app === 'playback' ? argument : (await (await leg.driven()).api(sayString(argument))).trim().replace(LIST, ''),
  )
  return appArgument(LIST + (await Promise.all(files)).join('!'))
}
