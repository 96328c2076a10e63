/** Begins to write a file of a leg, for both verbs that do; and says in words which file the switch could not write. */
import { SwitchError } from '../../base/errors.ts'
import * as build from '../../esl/api.ts'
import type { FilePath, VarValue } from '../../esl/safe-text.ts'
import type { Conversation } from '../conversation.ts'
import type { Leg } from '../leg.ts'

/** FreeSWITCH's answer when it cannot open the file, or the leg has no audio. */
const REFUSED = 'Cannot record session'

/** Its word for a recording that the disk did not take, at the end of it. */
export const NOT_WRITTEN = 'uri-failure'

/** A second start of the same file is harmless. Rejects with SwitchError SWITCH_REFUSED, which names the file, when it cannot be written. */
export async function beginRecording(
  conversation: Conversation,
  leg: Leg,
  path: FilePath,
  variables: Readonly<Record<string, VarValue | 'true' | 'false' | ''>>,
  seconds?: number,
): Promise<void> {
  const prepared = conversation.api(build.uuidSetvars(leg.uuid, variables))
  const begun = conversation.api(build.uuidRecord(leg.uuid, 'start', path, seconds)).catch((error: unknown) => {
    throw error instanceof SwitchError && error.message.includes(REFUSED) ? cannotWrite(path, error) : error
  })
  await Promise.all([prepared, begun])
}

export const cannotWrite = (path: string, cause: unknown): SwitchError =>
  new SwitchError(
    'SWITCH_REFUSED',
    `the switch cannot write the recording ${path} (${cause instanceof Error ? REFUSED : String(cause)}): look at the disk and the folder of the switch`,
    { cause },
  )
