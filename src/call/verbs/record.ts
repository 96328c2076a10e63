/** Takes a message from the caller: ends at silence, at the limit, or at a key. */
import { ms, type Duration } from '../../base/duration.ts'
import { appArgument, filePath } from '../../esl/words.ts'
import { execute } from '../execute.ts'
import { step } from '../journal.ts'
import type { Leg } from '../leg.ts'
import type { Stage } from '../stage.ts'

export interface RecordOptions {
  /** The longest message. Whole seconds at the switch. Default 2m. */
  limit?: Duration
  /** So much silence ends it. Whole seconds. Default 5s. */
  silence?: Duration
}

export interface Message {
  readonly path: string
  /** Milliseconds. */
  readonly length: number
}

/** Energy below which the switch counts a frame as silence (its own default in the samples). */
const SILENCE_LEVEL = 200
let messages = 0

export function record(leg: Leg, stage: Stage, folder: string, { limit = '2m', silence = '5s' }: RecordOptions = {}): Promise<Message> {
  const path = filePath(`${folder}/${leg.uuid}-message-${++messages}.wav`)
  const seconds = (duration: Duration) => Math.max(1, Math.round(ms(duration) / 1_000))
  const argument = appArgument(`${path} ${seconds(limit)} ${SILENCE_LEVEL} ${seconds(silence)}`)
  return step(leg, {
    verb: 'record',
    run: () =>
      stage.perform(async () => {
        const end = await execute(leg, 'record', argument)
        return { path, length: Number(end.variable('record_ms') ?? 0) }
      }),
  })
}
