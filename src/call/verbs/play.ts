/** Plays sounds, spoken numbers and silence, one after the other. Keys do not interrupt them. */
import type { SwitchEvent } from '../../esl/event.ts'
import type { AppArgument, Ident } from '../../esl/safe-text.ts'
import { executeUntil } from '../execute.ts'
import { step } from '../../journal/steps.ts'
import type { Leg } from '../leg.ts'
import type { Playback } from '../playback.ts'
import { asSpoken, logMissing, soundMissing, type Prompt, type Spoken } from './prompts.ts'

export interface PlayOptions {
  /**
   * Ends the sounds early, without an error, when it aborts: `place.called` ends an announcement when an agent is
   * free.
   */
  until?: AbortSignal
  /**
   * The keys that are pressed while the sounds play answer the question that follows at once: a menu or gather that is
   * the next verb of this call. The sounds are played to their end. Default false: such a key answers no question.
   */
  typeAhead?: boolean
  /** A sound that FreeSWITCH does not have is logged, and left out. Default false: the verb rejects. */
  skipMissing?: boolean
}

/**
 * Resolves when the last prompt has ended, or when `until` aborts. FreeSWITCH takes every key that is pressed
 * meanwhile: only keys(), on('key') and, with `typeAhead`, the question that follows get it. Rejects with CallEnded,
 * and with SwitchError SOUND_MISSING when FreeSWITCH has no such sound. Throws InputError for a name that is not a
 * sound's.
 */
export function play(
  leg: Leg,
  playback: Playback,
  prompts: Prompt | readonly Prompt[],
  { until, typeAhead = false, skipMissing = false }: PlayOptions = {},
): Promise<void> {
  const spoken = asSpoken(prompts)
  const { next, following } = leg.steps
  return step<string | null>(leg, {
    verb: 'play',
    args: spoken.map(({ argument }) => argument),
    run() {
      return playback.perform(async () => {
        if (typeAhead) playback.typedAhead.listen(leg, next, following)
        for (const item of spoken) {
          if (until?.aborted) break
          const end = await hear(leg, item, until)
          if (end?.get('Application-Response') !== 'FILE NOT FOUND') continue
          if (!skipMissing) throw soundMissing(item.argument)
          logMissing(leg, item.argument)
        }
        return typeAhead ? playback.typedAhead.keys : null
      })
    },
    load(saved) {
      if (saved !== null) playback.typedAhead.had(saved as string, following)
      return saved as string | null
    },
  }).then(() => {})
}

async function hear(leg: Leg, { app, argument }: Spoken, until: AbortSignal | undefined): Promise<SwitchEvent | null> {
  if (until) return executeUntil(leg, app as Ident, argument as string as AppArgument, until)
  return (leg.conversation ?? (await leg.driven())).execute(app as Ident, argument as string as AppArgument)
}
