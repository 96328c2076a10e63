/**
 * Records a message of the caller; it ends at silence, at the limit, or at a key.
 *
 * Not by the application `record`: that one hangs the caller up when it is interrupted, by a transfer or because the
 * node died (mod_dptools.c, record_function: DESTINATION_OUT_OF_ORDER). A recording beside an idle leg continues,
 * whichever node drives the leg.
 */
import type { Clock } from '../../base/clock.ts'
import { ms, type Duration } from '../../base/duration.ts'
import { CallMoved } from '../../base/errors.ts'
import * as build from '../../esl/api.ts'
import { api, subscribe } from '../../esl/command.ts'
import type { SwitchEvent } from '../../esl/event.ts'
import { filePath, varValue, type FilePath, type Ident, type VarValue } from '../../esl/safe-text.ts'
import type { CallContext } from '../call-context.ts'
import { step } from '../../journal/steps.ts'
import type { Leg } from '../leg.ts'
import type { Playback } from '../playback.ts'
import { beginRecording, cannotWrite, NOT_WRITTEN } from './begin-recording.ts'

export interface RecordOptions {
  /** The longest message. Default 2m. */
  limit?: Duration
  /** Silence of this length ends the message. Default 5s. */
  silence?: Duration
}

export interface Message {
  /** The file, on the FreeSWITCH machine. */
  readonly path: string
  /** Milliseconds. */
  readonly length: number
}

/** The energy below which FreeSWITCH counts a frame as silence (its own default). */
const SILENCE_LEVEL = '200' as string as VarValue
const NOW = '0' as string as VarValue // without it the first 25 frames are lost (measured)
/**
 * Variables of the leg: the file that was begun last; the length in ms, and the completion cause, of the last
 * recording that ended.
 */
const [MESSAGE, LENGTH, CAUSE] = [
  'switchhook_message' as Ident,
  'record_ms' as Ident,
  'record_completion_cause' as Ident,
]
/**
 * FreeSWITCH's own limit applies only when this process dies; it ends up to a second early, hence the extra seconds.
 */
const SAFETY_SECONDS = 2

/**
 * Rejects with CallEnded when the caller hangs up; the file holds what was said before. Rejects with SwitchError
 * SWITCH_REFUSED when FreeSWITCH cannot write the file, at the beginning or because the disk became full.
 */
export function record(
  leg: Leg,
  playback: Playback,
  context: CallContext,
  { limit = '2m', silence = '5s' }: RecordOptions = {},
): Promise<Message> {
  const path = filePath(`${context.recordingsOf(leg)}/${leg.uuid}-message-${leg.steps.next}.wav`)
  const limitMs = ms(limit)
  const quiet = varValue(String(ms(silence)))
  const take = (again: boolean) =>
    playback.perform(async () => {
      const conversation = await leg.driven()
      using stopped = watchStop(leg, path)
      const stop = () => conversation.post(api(build.uuidRecord(leg.uuid, 'stop', path)))
      using _key = leg.onKey(stop)
      using _limit = timeLimit(context.clock, limitMs, stop)
      conversation.post(subscribe('RECORD_STOP')) // not among the events of every conversation
      if (again) {
        // it ended while no node drove the call: beginning it again would overwrite the file
        const [file, length, cause] = await Promise.all(
          [MESSAGE, LENGTH, CAUSE].map(async name => (await conversation.api(build.uuidGetvar(leg.uuid, name))).trim()),
        )
        if (file === path && Number(length) > 0) return messageOf(path, Number(length), cause)
      }
      // after a change of connection the recording may still run
      await beginRecording(
        conversation,
        leg,
        path,
        {
          RECORD_READ_ONLY: 'true',
          RECORD_STEREO: 'false',
          RECORD_PRE_BUFFER_FRAMES: NOW,
          [MESSAGE]: varValue(path),
          [LENGTH]: '',
          RECORD_INITIAL_TIMEOUT_MS: quiet,
          RECORD_FINAL_TIMEOUT_MS: quiet,
          RECORD_SILENCE_THRESHOLD: SILENCE_LEVEL,
        },
        Math.ceil(limitMs / 1_000) + SAFETY_SECONDS,
      )
      const end = await stopped.event
      return messageOf(path, Number(end.variable(LENGTH) ?? 0), end.get('Record-Completion-Cause'))
    })
  return step(leg, { verb: 'record', intent: () => path, run: () => take(false), recover: () => take(true) })
}

function messageOf(path: FilePath, length: number, cause: string | undefined): Message {
  if (cause === NOT_WRITTEN) throw cannotWrite(path, cause)
  return { path, length }
}

function timeLimit(clock: Clock, limitMs: number, reached: () => void): Disposable {
  const timer = clock.after(limitMs, reached)
  return { [Symbol.dispose]: () => timer.cancel() }
}

/**
 * Resolves when FreeSWITCH has closed the file. Rejects with CallMoved when the connection is lost, with CallEnded
 * when the caller hangs up.
 */
function watchStop(leg: Leg, path: FilePath): Disposable & { readonly event: Promise<SwitchEvent> } {
  const over = new AbortController()
  const event = leg.next(
    'recorded',
    AbortSignal.any([over.signal, leg.signal]),
    stop => stop.get('Record-File-Path') === path,
  )
  event.catch(() => {}) // an awaiting verb still gets the error; none awaits when the recording could not begin
  const lost = leg.on('phase', phase => {
    if (phase !== 'ended') over.abort(new CallMoved('its connection to this node was lost during a recording'))
  })
  return {
    event,
    [Symbol.dispose]() {
      lost[Symbol.dispose]()
      over.abort(new CallMoved('the wait for this recording is over'))
    },
  }
}
