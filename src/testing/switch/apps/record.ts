/** Applications that record: a message (`record`), or the whole leg (`record_session`). */
import { integer } from '../encoding.ts'
import { takeKey } from '../keys.ts'
import { earlyMedia } from '../media.ts'
import { words } from '../separate.ts'
import { noteLength, startRecording, stopped, stopRecording } from '../recording.ts'
import { pause, type Application } from './application.ts'
import { terminatorReader } from './playback.ts'

export const recordApplications: Record<string, Application> = {
  /**
   * `record <path> [<seconds> [<threshold> [<seconds of silence>]]]`: ends at a terminator, at the limit or at silence.
   * As in FreeSWITCH, it hangs the leg up when the leg leaves its state meanwhile (a reset, too) or when the file
   * cannot be written.
   */
  async record(channel, data) {
    const [path = '', limit, threshold, silence] = words(data, 4)
    earlyMedia(channel)
    const { disk, clock } = channel.sim
    if (!disk.canBegin(path)) return channel.hangUp('DESTINATION_OUT_OF_ORDER')
    const start = clock.now()
    const reader = terminatorReader(channel)
    const seconds = integer(limit?.replace('+', ''))
    // The limit counts whole seconds, and the recording ends when it is exceeded, not when it is reached.
    const limitEnds = seconds > 0 ? (Math.floor(start / 1_000) + seconds + 1) * 1_000 : Infinity
    const hush = integer(threshold) > 0 ? (integer(silence) || 3) * 1_000 : 0
    const silenceEnds = hush > 0 ? (channel.person?.heardFrom(start, hush, 'silence') ?? start) + hush : Infinity
    channel.variables.set('silence_hits_exhausted', 'false')
    channel.fire('RECORD_START', { after: [['Record-File-Path', path]] })
    const ends = Math.min(limitEnds, silenceEnds)
    while (channel.ready && clock.now() < ends && disk.state === 'fine') {
      if (channel.breaking) {
        channel.breaking = 0
        break
      }
      if (channel.digits.length > 0) {
        if (reader(takeKey(channel)!) === 'stop') break
        continue
      }
      await pause(channel, ends - clock.now())
    }
    if (clock.now() >= silenceEnds) channel.variables.set('silence_hits_exhausted', 'true')
    noteLength(channel, clock.now() - start)
    stopped(channel, path) // no completion cause: only `record_session` sends one
    if (!channel.ready) channel.hangUp('DESTINATION_OUT_OF_ORDER')
  },
  /** `record_session <path> [+<seconds>]`. */
  record_session(channel, data) {
    const [path = '', limit] = words(data, 5)
    startRecording(channel, path, limit?.startsWith('+') ? integer(limit.slice(1)) : 0)
  },
  stop_record_session: (channel, data) => void stopRecording(channel, data.trim()),
}
