/** Music begins here, pauses for everything else that is played, and ends with its scope. */
import { soundFile, soundName } from '../../esl/safe-text.ts'
import { endScope } from '../../journal/scoped-steps.ts'
import { step } from '../../journal/steps.ts'
import type { Leg } from '../leg.ts'
import type { Playback } from '../playback.ts'

/**
 * `await using _music = await call.music('moh/calm')`. A sound that FreeSWITCH does not have is logged; the caller
 * waits in silence.
 */
export function music(leg: Leg, playback: Playback, sound: string): Promise<AsyncDisposable> {
  const file = soundFile(soundName(sound))
  let playing: AsyncDisposable | null = null
  let closed = false
  const lasting: AsyncDisposable = {
    [Symbol.asyncDispose]: () =>
      endScope(
        leg,
        ['music', sound],
        async () => playing?.[Symbol.asyncDispose](),
        () => (closed = true),
      ),
  }
  const begin = () => {
    if (!closed) playing = playback.music(file)
    return lasting
  }
  return step(leg, {
    verb: 'music',
    args: [sound],
    later: true,
    run: async () => begin(),
    save: () => null,
    load(_, replay) {
      replay.atEnd(async () => void begin())
      return lasting
    },
  })
}
