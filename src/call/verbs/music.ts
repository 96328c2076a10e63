/** Music lasts: it begins here, yields to everything that is played, and ends with its scope. */
import { soundFile, soundName } from '../../esl/words.ts'
import { step } from '../journal.ts'
import type { Leg } from '../leg.ts'
import type { Stage } from '../stage.ts'

/** `await using _music = await call.music('moh/calm')`. A missing sound is logged and the wait goes on silently. */
export function music(leg: Leg, stage: Stage, sound: string): Promise<AsyncDisposable> {
  const file = soundFile(soundName(sound))
  return step(leg, { verb: 'music', run: async () => stage.music(file) })
}
