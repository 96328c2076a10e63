/** Recordings of a leg: they live in the switch, so they go on through talks, transfers and takeovers. */
import type { Channel } from './channel.ts'
import type { Header } from './event.ts'

const SAMPLES_PER_MS = 8
const BYTES_PER_SAMPLE = 2
const WAV_HEADER = 44

export class Recording {
  readonly uuid: string
  readonly path: string
  readonly startedAt: number
  stoppedAt: number | undefined
  masked = false
  paused = false
  /** What was done to it, for tests: 'mask', 'unmask', 'pause', 'resume', with the time. */
  readonly changes: { at: number; what: string }[] = []

  constructor(uuid: string, path: string, at: number) {
    this.uuid = uuid
    this.path = path
    this.startedAt = at
  }
}

/** Starts recording; a second start on the same path does nothing. `limit`: whole seconds, which end up to a second early (measured). */
export function startRecording(channel: Channel, path: string, limit = 0): void {
  if (channel.recordings.has(path)) return
  const recording = new Recording(channel.uuid, path, channel.sim.clock.now())
  channel.recordings.set(path, recording)
  channel.sim.recordings.push(recording)
  channel.fire('RECORD_START', { after: [['Record-File-Path', path]] })
  const running = () => channel.recordings.get(path) === recording
  if (limit > 0) channel.later((Math.floor(recording.startedAt / 1_000) + limit) * 1_000 - recording.startedAt, () => running() && stopRecording(channel, path))
  endAtSilence(channel, recording, running)
}

/** RECORD_FINAL_TIMEOUT_MS: so much silence ends a recording. The initial time-out is taken to be the same. */
function endAtSilence(channel: Channel, recording: Recording, running: () => boolean): void {
  const hush = Number(channel.variables.get('RECORD_FINAL_TIMEOUT_MS') ?? 0)
  if (!(hush > 0)) return
  const look = () => {
    if (!running()) return
    const now = channel.sim.clock.now()
    const ends = (channel.person?.heardFrom(recording.startedAt, hush, 'silence') ?? recording.startedAt) + hush
    if (ends <= now) stopRecording(channel, recording.path, 'success-silence')
    else channel.later(ends - now, look)
  }
  look()
}

/** Stops one recording, or all; false when there was none. */
export function stopRecording(channel: Channel, path: string, cause = 'success-maxtime'): boolean {
  const doomed = path === 'all' ? [...channel.recordings.values()] : [channel.recordings.get(path)].filter(found => found !== undefined)
  for (const recording of doomed) {
    channel.recordings.delete(recording.path)
    recording.stoppedAt = channel.sim.clock.now()
    finished(channel, recording.path, recording.stoppedAt - recording.startedAt, cause)
  }
  return doomed.length > 0
}

/** The words of the cause mean nothing; they are the real switch's. */
export function stopAllRecordings(channel: Channel): void {
  if (channel.recordings.size > 0) stopRecording(channel, 'all', 'success-silence')
}

/** Writes the variables of a finished recording and tells of it. */
export function finished(channel: Channel, path: string, lasted: number, cause: string): void {
  const samples = Math.floor(lasted) * SAMPLES_PER_MS
  channel.variables.set('record_file_size', String(WAV_HEADER + samples * BYTES_PER_SAMPLE))
  channel.variables.set('record_samples', String(samples))
  channel.variables.set('record_seconds', String(Math.floor(lasted / 1_000)))
  channel.variables.set('record_ms', String(Math.floor(lasted)))
  channel.variables.set('record_completion_cause', cause)
  const about: Header[] = [
    ['Record-File-Path', path],
    ['Record-Completion-Cause', cause],
  ]
  channel.fire('RECORD_STOP', { after: about })
}

/** mask, unmask, pause, resume. */
export function changeRecording(channel: Channel, path: string, what: string): boolean {
  const recording = channel.recordings.get(path)
  if (!recording) return false
  if (what === 'mask' || what === 'unmask') recording.masked = what === 'mask'
  else recording.paused = what === 'pause'
  recording.changes.push({ at: channel.sim.clock.now(), what })
  return true
}
