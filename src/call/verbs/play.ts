/** Plays sounds, spoken numbers and silence, one after the other. Keys do not interrupt them. */
import { ms, type Duration } from '../../base/duration.ts'
import { InputError, SwitchError } from '../../base/errors.ts'
import type { SwitchEvent } from '../../esl/event.ts'
import { soundFile, soundName, type AppArgument, type Ident } from '../../esl/safe-text.ts'
import { executeUntil } from '../execute.ts'
import { step } from '../../journal/steps.ts'
import type { Leg } from '../leg.ts'
import type { Playback } from '../playback.ts'

/**
 * One thing to play: the name of a sound below FreeSWITCH's sound_prefix, without its ending, or the result of
 * number(), digits() or silence().
 */
export type Prompt = string | Spoken
export interface Spoken {
  readonly app: 'say' | 'playback'
  readonly argument: AppArgument
}

/** 23 → 'twenty-three', by mod_say_en and its digit sounds. InputError unless whole, 0 to 999 999 999. */
export function number(value: number): Spoken {
  if (!Number.isInteger(value) || value < 0 || value > 999_999_999)
    throw new InputError(`number(): ${value} cannot be spoken: whole numbers from 0 to 999999999 are allowed`)
  return { app: 'say', argument: `en number pronounced ${value}` as string as AppArgument }
}

/** '203' → 'two zero three'. InputError unless 1 to 32 digits. */
export function digits(value: string): Spoken {
  if (!/^[0-9]{1,32}$/.test(value))
    throw new InputError(`digits(): '${value}' cannot be spoken: 1 to 32 digits are allowed`)
  return { app: 'say', argument: `en name_spelled iterated ${value}` as string as AppArgument }
}

/** A pause of this length: `silence('500ms')`. */
export function silence(duration: Duration): Spoken {
  return { app: 'playback', argument: `silence_stream://${ms(duration)}` as string as AppArgument }
}

export interface PlayOptions {
  /**
   * Ends the sounds early, without an error, when it aborts: `place.called` ends an announcement when an agent is
   * free.
   */
  until?: AbortSignal
}

/**
 * Resolves when the last prompt has ended, or when `until` aborts. Rejects with CallEnded, and with SwitchError
 * SOUND_MISSING when FreeSWITCH has no such sound. Throws InputError for a name that is not a sound's.
 */
export function play(
  leg: Leg,
  playback: Playback,
  prompts: Prompt | readonly Prompt[],
  options: PlayOptions = {},
): Promise<void> {
  const spoken = (Array.isArray(prompts) ? (prompts as readonly Prompt[]) : [prompts as Prompt]).map(asSpoken)
  return step(leg, {
    verb: 'play',
    args: spoken.map(({ argument }) => argument),
    run() {
      return playback.perform(async () => {
        for (const item of spoken) {
          if (options.until?.aborted) return
          const end = await hear(leg, item, options.until)
          if (end?.get('Application-Response') === 'FILE NOT FOUND')
            throw new SwitchError(
              'SOUND_MISSING',
              `FreeSWITCH has no sound '${item.argument}': put the file below its sound_prefix`,
            )
        }
      })
    },
  })
}

async function hear(leg: Leg, { app, argument }: Spoken, until: AbortSignal | undefined): Promise<SwitchEvent | null> {
  if (until) return executeUntil(leg, app as Ident, argument, until)
  return (leg.conversation ?? (await leg.driven())).execute(app as Ident, argument)
}

function asSpoken(prompt: Prompt): Spoken {
  return typeof prompt === 'string' ? { app: 'playback', argument: soundFile(soundName(prompt)) } : prompt
}
