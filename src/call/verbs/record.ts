/**
 * Takes a message from the caller: ends at silence, at the limit, or at a key.
 *
 * Not by the application `record`: that hangs the caller up when it is interrupted, be it by a transfer or because the node died
 * (mod_dptools.c, record_function: DESTINATION_OUT_OF_ORDER). A recording beside an idle leg goes on, whoever drives the leg.
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
  /** So much silence ends it. Default 5s. */
  silence?: Duration
}

export interface Message {
  readonly path: string
  /** Milliseconds. */
  readonly length: number
}

/** Energy below which the switch counts a frame as silence (its own default). */
const SILENCE_LEVEL = '200' as string as VarValue
const NOW = '0' as string as VarValue // without it the first 25 frames are lost (measured)
/** Variables of the leg: which file was begun last; how long the last one was that has ended, in milliseconds, and why it has. */
const [MESSAGE, LENGTH, CAUSE] = [
  'switchhook_message' as Ident,
  'record_ms' as Ident,
  'record_completion_cause' as Ident,
]
/** The switch's own limit is a safety net behind ours, in case this process dies: it ends up to a second early. */
const SAFETY_SECONDS = 2

/**
 * Rejects with CallEnded when the caller hangs up in it; what was said until then is in the file. Rejects with SwitchError SWITCH_REFUSED
 * when the switch cannot write the file, at the beginning or because its disk has filled meanwhile.
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
      conversation.post(subscribe('RECORD_STOP')) // not one of those that every conversation hears
      if (again) {
        // it ended while nobody drove the call: begun once more, it would be written over
        const [file, length, cause] = await Promise.all(
          [MESSAGE, LENGTH, CAUSE].map(async name => (await conversation.api(build.uuidGetvar(leg.uuid, name))).trim()),
        )
        if (file === path && Number(length) > 0) return messageOf(path, Number(length), cause)
      }
      // after a change of connection it may still be running
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

/** Resolves when the switch has closed the file. Rejects with CallMoved when the connection is lost, with CallEnded when the caller is gone. */
function watchStop(leg: Leg, path: FilePath): Disposable & { readonly event: Promise<SwitchEvent> } {
  const over = new AbortController()
  const event = leg.next(
    'recorded',
    AbortSignal.any([over.signal, leg.signal]),
    stop => stop.get('Record-File-Path') === path,
  )
  event.catch(() => {}) // whoever waits for it is told; nobody waits when the recording could not begin
  const lost = leg.on('phase', phase => {
    if (phase !== 'ended') over.abort(new CallMoved('the connection was lost while a message was recorded'))
  })
  return {
    event,
    [Symbol.dispose]() {
      lost[Symbol.dispose]()
      over.abort(new CallMoved('nobody waits for this recording any more'))
    },
  }
}
