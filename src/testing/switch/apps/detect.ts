/** Applications that analyse the audio of the far end: detect_audio and detect_silence. A hit is a frame of 20 ms. */
import type { Channel } from '../channel.ts'
import { integer } from '../encoding.ts'
import { words } from '../separate.ts'
import type { Application } from './application.ts'

const FRAME_MS = 20

/**
 * Waits until `wanted` lasts for more than `hits` frames without a gap, or until the timeout. Only the end of the call
 * ends it early.
 */
async function detect(channel: Channel, data: string, wanted: 'audio' | 'silence'): Promise<void> {
  const [threshold, hits, timeout] = words(data, 4)
  if (integer(threshold) <= 0 || integer(hits) <= 0 || timeout === undefined) return
  const now = channel.sim.clock.now()
  const needed = (integer(hits) + 1) * FRAME_MS
  const found = channel.person?.heardFrom(now, needed, wanted)
  const limit = integer(timeout) > 0 ? integer(timeout) : Infinity
  const after = found === undefined ? Infinity : found - now + needed
  const timedOut = after > limit
  for (let left = Math.min(after, limit); left > 0 && channel.ready;) left -= await channel.pulse.rest(left)
  if (!channel.ready) return
  channel.variables.set(`detect_${wanted}_timeout`, String(timedOut))
  if (timedOut) channel.variables.set(`detect_${wanted}_hits`, '0')
}

export const detection: Record<string, Application> = {
  detect_audio: (channel, data) => detect(channel, data, 'audio'),
  detect_silence: (channel, data) => detect(channel, data, 'silence'),
}
