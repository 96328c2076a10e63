/** The API command that plays a file to a leg in addition to what the leg hears (switch_ivr_displace_session). */
import type { Channel } from '../channel.ts'
import { integer } from '../encoding.ts'
import { earlyMedia } from '../media.ts'
import { words } from '../separate.ts'
import { soundsOf } from '../sounds.ts'
import { NO_SESSION, usage } from './answers.ts'
import type { Api } from './index.ts'

const SYNTAX = '<uuid> [start|stop] <path> [<limit>] [mux]'

const displaced = new WeakMap<Channel, Set<string>>()

/**
 * False when the leg has no audio, the file plays already, or no file exists. Of a list (file_string) FreeSWITCH leaves
 * out what does not exist.
 */
function start(channel: Channel, path: string, limit: number): boolean {
  earlyMedia(channel)
  const paths = displaced.get(channel) ?? new Set<string>()
  displaced.set(channel, paths)
  if (!channel.hasMedia || paths.has(path)) return false
  const sounds = soundsOf(path, channel.sim.sounds, channel.sim.usualSound).filter(sound => sound !== 'missing')
  if (sounds.length === 0) return false
  paths.add(path)
  const most = limit > 0 ? limit * 1_000 : Infinity
  let at = 0
  for (const { what, lasts } of sounds) {
    const hear = () => void (what !== undefined && paths.has(path) && channel.person?.hear(what))
    if (at === 0) hear()
    else if (at < most) channel.later(at, hear)
    at += lasts
  }
  if (Math.min(at, most) < Infinity) channel.later(Math.min(at, most), () => paths.delete(path))
  return true
}

export const displaceApi: Record<string, Api> = {
  uuid_displace(sim, argument) {
    const [uuid = '', action = '', path, limit] = words(argument, 5)
    if (path === undefined) return usage(SYNTAX)
    const channel = sim.locate(uuid)
    if (!channel) return NO_SESSION
    switch (action.toLowerCase()) {
      case 'start':
        return start(channel, path, integer(limit)) ? '+OK Success\n' : '-ERR Cannot displace session!\n'
      case 'stop':
        return displaced.get(channel)?.delete(path) ? '+OK Success\n' : '-ERR Cannot stop displace session!\n'
      default:
        return usage(SYNTAX)
    }
  },
}
