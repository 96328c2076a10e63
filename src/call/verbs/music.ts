/** Music lasts: it begins here, yields to everything that is played, and ends with its scope. */
import { soundFile, soundName } from '../../esl/words.ts'
import { ends } from '../nouns.ts'
import { step } from '../steps.ts'
import type { Leg } from '../leg.ts'
import type { Stage } from '../stage.ts'

/** `await using _music = await call.music('moh/calm')`. A missing sound is logged and the wait goes on silently. */
export function music(leg: Leg, stage: Stage, sound: string): Promise<AsyncDisposable> {
  const file = soundFile(soundName(sound))
  const verb = `music ${sound}`
  let playing: AsyncDisposable | null = null
  let closed = false
  const lasting: AsyncDisposable = {
    [Symbol.asyncDispose]: () => ends(leg, verb, async () => playing?.[Symbol.asyncDispose](), () => (closed = true)),
  }
  const begin = () => {
    if (!closed) playing = stage.music(file)
    return lasting
  }
  return step(leg, {
    verb,
    later: true,
    run: async () => begin(),
    save: () => null,
    load(_, replay) {
      replay.atEnd(async () => void begin())
      return lasting
    },
  })
}
