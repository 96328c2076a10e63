/** API commands about recordings. */
import { integer } from '../encoding.ts'
import { changeRecording, startRecording, stopRecording } from '../recording.ts'
import { words } from '../separate.ts'
import { NO_SESSION, usage } from './answers.ts'
import type { Api } from './index.ts'

export const recordApi: Record<string, Api> = {
  uuid_record(sim, argument) {
    const [uuid = '', action = '', path, limit] = words(argument, 5)
    if (path === undefined) return usage('<uuid> [start|stop|mask|unmask] <path> [<limit>] [<recording_vars>]')
    const channel = sim.locate(uuid)
    if (!channel) return NO_SESSION
    switch (action.toLowerCase()) {
      case 'start':
        return startRecording(channel, path, integer(limit)) ? '+OK Success\n' : '-ERR Cannot record session!\n'
      case 'stop':
        return stopRecording(channel, path) ? '+OK Success\n' : '-ERR Cannot stop record session!\n'
      case 'mask':
      case 'unmask':
      case 'pause':
      case 'resume':
        return changeRecording(channel, path, action.toLowerCase())
          ? '+OK Success\n'
          : `-ERR Cannot ${action.toLowerCase()} recording session!\n`
      default:
        return usage('<uuid> [start|stop|mask|unmask] <path> [<limit>] [<recording_vars>]')
    }
  },

  uuid_buglist(sim, uuid) {
    const channel = sim.locate(uuid)
    if (!channel) return ''
    const bugs = [...channel.recordings.keys()].map(
      path =>
        ` <media-bug>\n  <function>session_record</function>\n  <target>${path}</target>\n` +
        `  <thread-locked>0</thread-locked>\n </media-bug>\n`,
    )
    return `<media-bugs>\n${bugs.join('')}</media-bugs>\n`
  },
}
