/**
 * A recording lasts as long as its scope: over joins, talks and returns, in one file with two channels (0 what the caller says,
 * 1 what the caller hears). Pausing masks it: the file keeps its time axis and holds silence for that while.
 */
import { CallEnded, SwitchError } from '../../base/errors.ts'
import * as build from '../../esl/api.ts'
import { filePath, type FilePath, type VarValue } from '../../esl/safe-text.ts'
import { command } from '../execute.ts'
import { endScope } from '../../journal/scoped-steps.ts'
import { step } from '../../journal/steps.ts'
import type { Leg } from '../leg.ts'
import { beginRecording } from './begin-recording.ts'

export interface Recording extends AsyncDisposable {
  /** Where the switch writes it, on the switch's machine. */
  readonly path: string
  /** From now on silence is recorded: a card number is being said. */
  pause(): Promise<void>
  resume(): Promise<void>
}

const ZERO = '0' as string as VarValue

/** Of each leg: how many files it has had, and how many scopes the present one has. One that begins within another shares its file. */
const files = new WeakMap<Leg, { count: number; scopes: number }>()

/** The flow begins again: it has begun none. One that runs is gone on with, when it begins one again. */
export const forgetRecordings = (leg: Leg): void => void files.delete(leg)

/**
 * Begins at once, also while music plays. Rejects with SwitchError SWITCH_REFUSED when the switch cannot write the file; the call goes on,
 * so a flow that may do without a recording catches it. A message taken before on the same leg has left its own wishes behind.
 */
export function recording(leg: Leg, folder: string): Promise<Recording> {
  const had = files.get(leg) ?? { count: 0, scopes: 0 }
  files.set(leg, had)
  if (had.scopes++ === 0) had.count++
  // the same path when this step is run again: a second start on it is harmless
  const path = filePath(`${folder}/${leg.uuid}${had.count === 1 ? '' : `-${had.count}`}.wav`)
  const verb = `recording ${had.count}`
  let closed = false
  // `again`: a file that a process which died has closed already must not be written over (mod_sndfile truncates it)
  const begin = async (again: boolean) => {
    const conversation = await leg.driven()
    // without PRE_BUFFER 0 a join within 0.7 s loses the first half second (measured)
    await beginRecording(conversation, leg, path, {
      RECORD_STEREO: 'true',
      RECORD_READ_ONLY: 'false',
      RECORD_PRE_BUFFER_FRAMES: ZERO,
      RECORD_INITIAL_TIMEOUT_MS: ZERO,
      RECORD_FINAL_TIMEOUT_MS: ZERO,
      RECORD_APPEND: again ? 'true' : 'false',
    })
  }
  const lasting = open(
    leg,
    path,
    () => --had.scopes === 0,
    () => (closed = true),
  )
  const begun = step<Recording, null>(leg, {
    verb,
    later: true,
    run: async () => {
      await begin(false)
      return lasting
    },
    save: () => null,
    load(_, replay) {
      replay.atEnd(async () => {
        if (!closed) await begin(true)
      })
      return lasting
    },
  })
  return begun.catch((error: unknown) => {
    had.scopes-- // nothing was begun: the next one is not within it
    throw error
  })
}

function open(leg: Leg, path: FilePath, isLast: () => boolean, closed: () => void): Recording {
  const tell = (action: 'mask' | 'unmask') =>
    step(leg, { verb: `recording ${action}`, run: () => command(leg, build.uuidRecord(leg.uuid, action, path)) })
  const stop = async (last: boolean) => {
    if (!last || leg.phase === 'ended' || leg.phase === 'moved') return
    try {
      await command(leg, build.uuidRecord(leg.uuid, 'stop', path))
    } catch (error) {
      if (!(error instanceof CallEnded) && !(error instanceof SwitchError)) throw error // the call has ended, and its recordings with it
    }
  }
  return {
    path,
    pause: () => tell('mask'),
    resume: () => tell('unmask'),
    [Symbol.asyncDispose]: () => {
      const last = isLast()
      return endScope(leg, 'recording', () => stop(last), closed)
    },
  }
}
