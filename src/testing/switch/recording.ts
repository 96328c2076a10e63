/** Recordings of a leg. They run in FreeSWITCH, so they continue during talks, transfers and takeovers. */
import type { Channel } from './channel.ts'
import { integer } from './encoding.ts'
import type { Header } from './event.ts'
import { earlyMedia } from './media.ts'

const SAMPLES_PER_MS = 8
const BYTES_PER_SAMPLE = 2
const WAV_HEADER = 44
/** FreeSWITCH deletes a file that ends before its first frame. */
const FRAME_MS = 20

/**
 * FreeSWITCH's cause for the end of a recording. 'uri-failure': the disk refused the file. 'empty-file': no audio came
 * yet, and no file remains.
 */
type CompletionCause = 'success-maxtime' | 'empty-file' | 'success-silence' | 'no-input-timeout' | 'uri-failure'

export class Recording {
  readonly uuid: string
  readonly path: string
  readonly startedAt: number
  stoppedAt: number | undefined
  /** Time at which the disk failed. FreeSWITCH reports it only at the end of the recording. */
  brokeAt: number | undefined
  masked = false
  paused = false
  /** Changes of this recording with their times, for tests: 'mask', 'unmask', 'pause', 'resume'. */
  readonly changes: { at: number; what: string }[] = []

  constructor(uuid: string, path: string, at: number) {
    this.uuid = uuid
    this.path = path
    this.startedAt = at
  }
}

/**
 * Starts a recording (switch_ivr_record_session_event). False when the leg has no audio or the file cannot be written.
 * A second start on the same path has no effect and returns true. `limit`: whole seconds; the recording ends up to one
 * second early (measured).
 */
export function startRecording(channel: Channel, path: string, limit = 0): boolean {
  if (channel.down) return false
  const deaf = channel.direction === 'outbound' && !channel.hasMedia
  earlyMedia(channel) // from here on a ringing leg counts as one with early media, even without any audio
  if (deaf) return false
  if (channel.recordings.has(path)) return true
  if (!channel.sim.disk.canBegin(path)) {
    channel.variables.set('record_completion_cause', 'uri-failure')
    return false
  }
  const recording = new Recording(channel.uuid, path, channel.sim.clock.now())
  channel.recordings.set(path, recording)
  channel.sim.recordings.push(recording)
  channel.fire('RECORD_START', { after: [['Record-File-Path', path]] })
  const running = () => channel.recordings.get(path) === recording
  if (limit > 0)
    channel.later(
      (Math.floor(recording.startedAt / 1_000) + limit) * 1_000 - recording.startedAt,
      () => running() && stopRecording(channel, path),
    )
  endAtSilence(channel, recording, running)
  return true
}

/**
 * Ends a recording after RECORD_INITIAL_TIMEOUT_MS without audio, or RECORD_FINAL_TIMEOUT_MS of silence after audio.
 */
function endAtSilence(channel: Channel, recording: Recording, running: () => boolean): void {
  const [initial, final] = ['RECORD_INITIAL_TIMEOUT_MS', 'RECORD_FINAL_TIMEOUT_MS'].map(name =>
    integer(channel.variables.get(name)),
  )
  if (!(initial! > 0) && !(final! > 0)) return
  const { startedAt } = recording
  const look = () => {
    if (!running()) return
    const now = channel.sim.clock.now()
    const spoke = channel.person?.heardFrom(startedAt, 1, 'audio')
    const silent = spoke === undefined || (initial! > 0 && spoke - startedAt >= initial!)
    const ends = silent
      ? initial! > 0
        ? startedAt + initial!
        : Infinity
      : final! > 0
        ? (channel.person?.heardFrom(spoke, final!, 'silence') ?? spoke) + final!
        : Infinity
    if (ends <= now) stopRecording(channel, recording.path, silent ? 'no-input-timeout' : 'success-silence')
    else if (ends < Infinity) channel.later(ends - now, look)
  }
  look()
}

/** Stops one recording, or all in the order of their starts. False when there was none. */
export function stopRecording(channel: Channel, path: string, cause: CompletionCause = 'success-maxtime'): boolean {
  const doomed =
    path.toLowerCase() === 'all'
      ? [...channel.recordings.values()]
      : [channel.recordings.get(path)].filter(found => found !== undefined)
  for (const recording of doomed) {
    const now = channel.sim.clock.now()
    channel.recordings.delete(recording.path)
    recording.stoppedAt = now
    const empty = now - recording.startedAt < FRAME_MS
    if (empty) channel.variables.set('RECORD_DISCARDED', 'true')
    const why = recording.brokeAt !== undefined ? 'uri-failure' : empty ? 'empty-file' : cause
    noteLength(channel, now - recording.startedAt) // on a full disk, too, the unwritten part counts (measured)
    channel.variables.set('record_completion_cause', why)
    stopped(channel, recording.path, [['Record-Completion-Cause', why]])
  }
  return doomed.length > 0
}

/**
 * Stops all recordings at the end of the leg. With a silence threshold each one reports whether it had audio. Any of
 * these variables sets the threshold, even as '0'.
 */
export function stopAllRecordings(channel: Channel): void {
  const listens = ['RECORD_INITIAL_TIMEOUT_MS', 'RECORD_FINAL_TIMEOUT_MS', 'RECORD_SILENCE_THRESHOLD'].some(
    name => channel.variables.get(name) !== undefined,
  )
  for (const { path, startedAt } of [...channel.recordings.values()]) {
    const spoke = !listens || channel.person?.spokeSince(startedAt) === true
    stopRecording(channel, path, spoke ? 'success-silence' : 'no-input-timeout')
  }
}

/** Sets the variables with the length of a file that has just ended. `lasted`: milliseconds. */
export function noteLength(channel: Channel, lasted: number): void {
  const samples = Math.floor(lasted) * SAMPLES_PER_MS
  channel.variables.set('record_file_size', String(WAV_HEADER + samples * BYTES_PER_SAMPLE))
  channel.variables.set('record_samples', String(samples))
  channel.variables.set('record_seconds', String(Math.floor(lasted / 1_000)))
  channel.variables.set('record_ms', String(Math.floor(lasted)))
}

export function stopped(channel: Channel, path: string, more: readonly Header[] = []): void {
  channel.fire('RECORD_STOP', { after: [['Record-File-Path', path], ...more] })
}

/** Masks, unmasks, pauses or resumes a recording. False when there is none for this path. */
export function changeRecording(channel: Channel, path: string, what: string): boolean {
  const recording = channel.recordings.get(path)
  if (!recording) return false
  if (what === 'mask' || what === 'unmask') recording.masked = what === 'mask'
  else recording.paused = what === 'pause'
  recording.changes.push({ at: channel.sim.clock.now(), what })
  return true
}
