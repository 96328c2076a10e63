/** Who is shown to whom: FreeSWITCH turns the ids of a leg round when it changes sides (flip_cid, invert_cid). */
import type { Channel } from './channel.ts'

/** The caller ids are turned round when a leg of ours enters a dialplan (switch_channel_flip_cid). */
export function turnIds(channel: Channel): void {
  if (channel.direction !== 'outbound' || channel.dialplan) return
  channel.dialplan = true
  if (channel.recovering === 'bridged') return // they were turned in its first life
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

/** Before two legs are bridged by their uuids: the first is shown as the caller, the second as the called. */
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
