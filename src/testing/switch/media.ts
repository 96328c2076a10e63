/** Answer, early media and ringing of a leg. */
import type { Channel } from './channel.ts'

/** Answers an inbound leg, or records that the far end of an outbound leg has answered. */
export function answer(channel: Channel): void {
  if (channel.answered || channel.down) return
  channel.profile.stamp({ answered: channel.sim.nowMicros() })
  channel.answered = true
  channel.fire('CHANNEL_ANSWER')
  channel.variables.set('endpoint_disposition', 'ANSWER')
  channel.sim.tracking.track(channel)
  channel.setCallState('ACTIVE')
  if (channel.direction === 'inbound') channel.person?.lineAnswered()
  channel.pulse.poke()
  if (channel.bridged) channel.partner?.pulse.poke()
}

export function earlyMedia(channel: Channel): void {
  if (channel.hasMedia || channel.down) return
  channel.profile.stamp({ progressMedia: channel.sim.nowMicros() })
  channel.earlyMedia = true
  channel.fire('CHANNEL_PROGRESS_MEDIA')
  channel.variables.set('endpoint_disposition', 'EARLY MEDIA')
  channel.setCallState('EARLY')
  channel.pulse.poke()
}

export function ringing(channel: Channel): void {
  if (channel.ringReady || channel.answered || channel.down) return
  channel.ringReady = true
  channel.profile.stamp({ progress: channel.sim.nowMicros() })
  channel.fire('CHANNEL_PROGRESS')
  channel.setCallState('RINGING')
}
