/**
 * A recording lasts as long as its scope: over joins, talks and returns, in one file with two channels (0: what the
 * caller says, 1: what the caller hears). Pausing masks it: the file keeps its time axis and holds silence for that
 * time.
 */
import { CallEnded, SwitchError } from '../../base/errors.ts'
import * as build from '../../esl/api.ts'
import { filePath, varValue, type FilePath, type Ident, type VarValue } from '../../esl/safe-text.ts'
import { command } from '../execute.ts'
import { eventsIn } from '../../journal/call-events.ts'
import { endScope } from '../../journal/scoped-steps.ts'
import { step } from '../../journal/steps.ts'
import type { Leg } from '../leg.ts'
import { beginRecording } from './begin-recording.ts'

export interface Recording extends AsyncDisposable {
  /** The file, on the FreeSWITCH machine. */
  readonly path: string
  /** Records silence from now on, for example while the caller says a card number. */
  pause(): Promise<void>
  /** Records sound again. */
  resume(): Promise<void>
}

const ZERO = '0' as string as VarValue
/** The variable of the leg that names its file: any node can mask it while the caller talks. */
export const RECORDED = 'switchhook_recorded' as Ident

/**
 * For each leg: the number of its files, and of the scopes of the present file. A recording that begins within another
 * shares its file.
 */
const files = new WeakMap<Leg, { count: number; scopes: number }>()

/**
 * The flow begins again and has begun no recording. One that still runs continues when the flow begins a recording
 * again.
 */
export const forgetRecordings = (leg: Leg): void => void files.delete(leg)

/**
 * Begins at once, also while music plays. Rejects with SwitchError SWITCH_REFUSED when FreeSWITCH cannot write the
 * file; the call continues, so a flow that can do without a recording catches it. Sets every variable: an earlier
 * message on the same leg has left its own values.
 */
export function recording(leg: Leg, folder: string): Promise<Recording> {
  const had = files.get(leg) ?? { count: filesBefore(leg), scopes: 0 }
  files.set(leg, had)
  if (had.scopes++ === 0) had.count++
  // the same path when this step runs again: starting the same file twice is harmless
  const path = filePath(`${folder}/${leg.uuid}${had.count === 1 ? '' : `-${had.count}`}.wav`)
  const verb = `recording ${had.count}`
  let closed = false
  // `again`: a file that a dead process had begun, and that was closed since, must not be overwritten (mod_sndfile
  // truncates it)
  const begin = async (again: boolean) => {
    const conversation = await leg.driven()
    // without PRE_BUFFER 0, a join within 0.7 s loses the first half second (measured)
    await beginRecording(conversation, leg, path, {
      RECORD_STEREO: 'true',
      RECORD_READ_ONLY: 'false',
      RECORD_PRE_BUFFER_FRAMES: ZERO,
      RECORD_INITIAL_TIMEOUT_MS: ZERO,
      RECORD_FINAL_TIMEOUT_MS: ZERO,
      RECORD_APPEND: again ? 'true' : 'false',
      [RECORDED]: varValue(path),
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
      tellStarted(leg, path)
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
    had.scopes-- // nothing was begun: the next recording is not within this one
    throw error
  })
}

/** How many files the flows before this one have made: they are not written again. */
function filesBefore({ uuid, steps: { journal } }: Leg): number {
  if (uuid !== journal.uuid) return 0
  const began = journal.notes.findLastIndex(({ note }) => note.kind === 'flow')
  return eventsIn(journal.notes.slice(0, Math.max(0, began))).filter(({ path }) => path !== undefined).length
}

/** Once for each file. A leg that was dialled for a call is no part of that call's record. */
function tellStarted({ uuid, steps: { journal } }: Leg, path: FilePath): void {
  if (uuid === journal.uuid && !eventsIn(journal.notes).some(one => one.path === path))
    journal.tell('call.recording.started', { path })
}

function open(leg: Leg, path: FilePath, isLast: () => boolean, closed: () => void): Recording {
  const tell = (action: 'mask' | 'unmask') =>
    step(leg, { verb: 'recording', args: [action], run: () => command(leg, build.uuidRecord(leg.uuid, action, path)) })
  const stop = async (last: boolean) => {
    if (!last || leg.phase === 'ended' || leg.phase === 'moved') return
    try {
      await command(leg, build.uuidRecord(leg.uuid, 'stop', path))
    } catch (error) {
      // the call has ended, and its recordings with it
      if (!(error instanceof CallEnded) && !(error instanceof SwitchError)) throw error
    }
  }
  return {
    path,
    pause: () => tell('mask'),
    resume: () => tell('unmask'),
    [Symbol.asyncDispose]: () => {
      const last = isLast()
      return endScope(leg, ['recording'], () => stop(last), closed)
    },
  }
}
