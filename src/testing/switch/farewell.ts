/** The SIP end of a leg as variables: which side ended it, and with which status (mod_sofia). The first end counts. */
import type { Channel } from './channel.ts'

const STATUS: ReadonlyMap<string, readonly [number, string]> = new Map([
  ['USER_BUSY', [486, 'Busy Here']],
  ['UNALLOCATED_NUMBER', [404, 'Not Found']],
  ['CALL_REJECTED', [603, 'Decline']],
])

/** Status of a telephone that refuses a call for any other cause. */
const UNAVAILABLE = [480, 'Temporarily Unavailable'] as const

/** The far end ends the leg: it hangs up, gives up before the answer, or refuses with the status of its cause. */
export function farEndLeaves(channel: Channel, cause: string): void {
  if (channel.down) return
  const [disposition, status, phrase] = channel.answered
    ? ['recv_bye', 200, undefined]
    : channel.direction === 'inbound'
      ? ['recv_cancel', 487, 'CANCEL']
      : ['recv_refuse', ...(STATUS.get(cause) ?? UNAVAILABLE)]
  write(channel, disposition as string, phrase as string | undefined, Number(status))
  channel.variables.set('sip_term_status', String(status))
  channel.variables.set('proto_specific_hangup_cause', `sip:${status}`)
  channel.hangUp(cause)
}

/** FreeSWITCH ends the leg. The variables are set in CS_HANGUP, so CHANNEL_HANGUP does not have them yet. */
export function weLeave(channel: Channel): void {
  if (channel.variables.get('sip_hangup_disposition') !== undefined) return
  if (channel.answered) return write(channel, 'send_bye')
  if (channel.direction === 'inbound') return write(channel, 'send_refuse')
  write(channel, 'send_cancel', 'CANCEL', 487)
}

function write({ variables }: Channel, disposition: string, phrase?: string, status?: number): void {
  variables.set('sip_hangup_disposition', disposition)
  if (phrase === undefined) return
  variables.set('sip_invite_failure_status', String(status))
  variables.set('sip_invite_failure_phrase', phrase)
}
