/** Hold: by `uuid_hold`, or by a re-INVITE of the telephone (switch_ivr_hold, sofia_glue_toggle_hold). */
import { broadcast } from './broadcast.ts'
import type { Channel } from './channel.ts'
import { stopBroadcast } from './park.ts'

/** The leg holds the other one, who hears hold_music. False when that is so already. */
export function hold(channel: Channel, on: boolean): boolean {
  if (on === (channel.callState === 'HELD')) return false
  channel.legHolding = on
  if (on) channel.profile.stamp({ lastHold: channel.sim.nowMicros() })
  channel.setCallState(on ? 'HELD' : 'UNHELD')
  if (!on) channel.setCallState('ACTIVE')
  const music = channel.variables.get('hold_music')
  const other = channel.partner
  if (other && music && on) broadcast(other, music, { loops: true })
  if (other && !on) stopBroadcast(other)
  channel.fire(on ? 'CHANNEL_HOLD' : 'CHANNEL_UNHOLD')
  return true
}
