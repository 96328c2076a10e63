/** Lets the caller hear sounds, spoken numbers and silence, one after the other. Keys do not interrupt it. */
import { ms, type Duration } from '../../base/duration.ts'
import { InputError, SwitchError } from '../../base/errors.ts'
import type { SwitchEvent } from '../../esl/event.ts'
import { soundFile, soundName, type AppArgument, type Ident } from '../../esl/safe-text.ts'
import { executeUntil } from '../execute.ts'
import { step } from '../../journal/steps.ts'
import type { Leg } from '../leg.ts'
import type { Playback } from '../playback.ts'

/** One thing to hear: the name of a sound below the switch's sound folder, or something built by number(), digits() or silence(). */
export type Prompt = string | Spoken
export interface Spoken {
  readonly app: 'say' | 'playback'
  readonly argument: AppArgument
}

/** 23 → 'twenty-three', by mod_say_en and its digits sounds. Whole numbers from 0 to 999 999 999. */
export function number(value: number): Spoken {
  if (!Number.isInteger(value) || value < 0 || value > 999_999_999)
    throw new InputError(`${value} cannot be said: whole numbers from 0 to 999999999 can`)
  return { app: 'say', argument: `en number pronounced ${value}` as string as AppArgument }
}

/** '203' → 'two zero three'. */
export function digits(value: string): Spoken {
  if (!/^[0-9]{1,32}$/.test(value)) throw new InputError(`'${value}' cannot be said digit by digit: 1 to 32 digits can`)
  return { app: 'say', argument: `en name_spelled iterated ${value}` as string as AppArgument }
}

export function silence(duration: Duration): Spoken {
  return { app: 'playback', argument: `silence_stream://${ms(duration)}` as string as AppArgument }
}

export interface PlayOptions {
  /** Cuts the sounds short, without error, when it aborts: `place.called` ends an announcement when an agent is free. */
  until?: AbortSignal
}

/** Rejects with SwitchError SOUND_MISSING when the switch has no such sound. */
export function play(
  leg: Leg,
  playback: Playback,
  prompts: Prompt | readonly Prompt[],
  options: PlayOptions = {},
): Promise<void> {
  const spoken = (Array.isArray(prompts) ? (prompts as readonly Prompt[]) : [prompts as Prompt]).map(asSpoken)
  return step(leg, {
    verb: `play ${spoken.map(({ argument }) => argument).join(' ')}`,
    run() {
      return playback.perform(async () => {
        for (const item of spoken) {
          if (options.until?.aborted) return
          const end = await hear(leg, item, options.until)
          if (end?.get('Application-Response') === 'FILE NOT FOUND')
            throw new SwitchError(
              'SOUND_MISSING',
              `the switch has no sound '${item.argument}' (it looks below its sound_prefix)`,
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

export function asSpoken(prompt: Prompt): Spoken {
  return typeof prompt === 'string' ? { app: 'playback', argument: soundFile(soundName(prompt)) } : prompt
}
