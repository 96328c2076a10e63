/**
 * Begins to record a leg into a file, for the verbs record and recording; its error names the file that FreeSWITCH
 * could not write.
 */
import { SwitchError } from '../../base/errors.ts'
import * as build from '../../esl/api.ts'
import type { FilePath, VarValue } from '../../esl/safe-text.ts'
import type { Conversation } from '../conversation.ts'
import type { Leg } from '../leg.ts'

/** FreeSWITCH's reply when it cannot open the file, or when the leg has no audio. */
const REFUSED = 'Cannot record session'

/** FreeSWITCH's completion cause for a recording that could not be written to the disk. */
export const NOT_WRITTEN = 'uri-failure'

/**
 * Starts a recording; starting the same file again is harmless. Rejects with SwitchError SWITCH_REFUSED, with the
 * path, when the file cannot be written. `seconds`: FreeSWITCH's own limit.
 */
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
    `FreeSWITCH cannot write the recording ${path} (${cause instanceof Error ? REFUSED : String(cause)}): check the disk and the folder on its machine`,
    { cause },
  )
