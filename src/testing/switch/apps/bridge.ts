/**
 * The `bridge` application: dials, then bridges. The caller's variables decide what follows a failure or the bridge.
 */
import type { Channel } from '../channel.ts'
import { isTrue } from '../encoding.ts'
import { earlyMedia } from '../media.ts'
import { dial } from '../originate.ts'
import { bridge } from '../talk.ts'
import type { Application } from './application.ts'

/** Ring time in seconds without the variable call_timeout. */
const CALL_TIMEOUT = 60

/** originate_disposition → DIALSTATUS. */
const DIAL_STATUS: Readonly<Record<string, string>> = {
  SUCCESS: 'SUCCESS',
  USER_BUSY: 'BUSY',
  NO_ANSWER: 'NOANSWER',
  ORIGINATOR_CANCEL: 'CANCEL',
  UNALLOCATED_NUMBER: 'UNALLOCATED_NUMBER',
  CALL_REJECTED: 'DONTCALL',
}

/** True when the call continues after a failed bridge. continue_on_fail is true or a list of causes. */
function goesOn(channel: Channel, cause: string): boolean {
  const wanted = channel.variables.get('continue_on_fail')
  if (wanted === undefined) return false
  return isTrue(wanted) || wanted.split(',').some(name => name.trim().toUpperCase() === cause)
}

export const bridgeApplications: Record<string, Application> = {
  async bridge(channel, data) {
    const before = channel.callState
    if (channel.answered) channel.setCallState('RING_WAIT')
    const dialled = await dial(channel.sim, { dialString: data, timeout: CALL_TIMEOUT, caller: channel })
    channel.variables.set('originate_disposition', dialled.cause)
    channel.variables.set('DIALSTATUS', DIAL_STATUS[dialled.cause] ?? dialled.cause)
    if (!dialled.leg) {
      channel.variables.set('originate_failed_cause', dialled.cause)
      if (!channel.down) channel.variables.set('last_bridge_hangup_cause', dialled.cause)
      if (!channel.down) channel.setCallState(before)
      if (channel.ready && !goesOn(channel, dialled.cause)) channel.hangUp(dialled.cause)
      return
    }
    if (!channel.down) channel.setCallState(before)
    const leg = dialled.leg
    leg.originating = false
    if (leg.earlyMedia && !leg.answered) earlyMedia(channel)
    channel.profile.change({
      calleeIdName: leg.profile.fields.calleeIdNumber,
      calleeIdNumber: leg.profile.fields.calleeIdNumber,
    })
    channel.otherLeg = { type: 'originatee', profile: leg.profile.clone() }
    leg.otherLeg = { type: 'originator', profile: channel.profile.clone() }
    channel.variables.set('signal_bond', leg.uuid)
    leg.variables.set('signal_bond', channel.uuid)
    await bridge(channel, leg)
  },
}
