/** Caller ids: FreeSWITCH swaps caller and callee of a leg when the leg changes sides (flip_cid, invert_cid). */
import type { Channel } from './channel.ts'

/** Swaps caller and callee when an outbound leg enters a dialplan (switch_channel_flip_cid). */
export function turnIds(channel: Channel): void {
  if (channel.direction !== 'outbound' || channel.dialplan) return
  channel.dialplan = true
  if (channel.recovering === 'bridged') return // FreeSWITCH swapped them before it crashed
  const { callerIdName, callerIdNumber, calleeIdNumber } = channel.profile.fields
  channel.variables.set('pre_transfer_caller_id_name', callerIdName)
  channel.variables.set('pre_transfer_caller_id_number', callerIdNumber)
  channel.profile.change({
    callerIdName: calleeIdNumber,
    callerIdNumber: calleeIdNumber,
    calleeIdName: callerIdName,
    calleeIdNumber: callerIdNumber,
  })
  channel.variables.set('channel_cid_flipped', 'yes')
  channel.fire('CALL_UPDATE', { before: [['Direction', 'RECV']] })
}

function invert(channel: Channel): void {
  const { callerIdName, callerIdNumber, calleeIdName, calleeIdNumber } = channel.profile.fields
  channel.profile.change({
    callerIdName: calleeIdName || 'Unknown',
    callerIdNumber: calleeIdNumber || 'Unknown',
    calleeIdName: callerIdName,
    calleeIdNumber: callerIdNumber,
  })
}

/** Runs before `uuid_bridge`: shows the first leg as the caller and the second as the called. */
export function showAsTalk(first: Channel, second: Channel): void {
  turnIds(first)
  if (second.direction === 'outbound') second.dialplan = false
  if (first.direction === 'inbound' && first.secondLeg) {
    invert(first)
    second.secondLeg = false
  }
  if (second.direction === 'inbound' && !second.secondLeg) {
    invert(second)
    second.secondLeg = true
  }
}
