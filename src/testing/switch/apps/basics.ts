/** Applications that change the state of a leg: answer, ring, hang up, park, transfer, echo. */
import { integer } from '../encoding.ts'
import { takeKey } from '../keys.ts'
import { answer, earlyMedia, ringing } from '../media.ts'
import { park } from '../park.ts'
import { words } from '../separate.ts'
import { causeOf } from '../states.ts'
import { transfer } from '../transfer.ts'
import { pause, type Application } from './application.ts'

/** SIP status → hangup cause, for `respond`. */
const CAUSE_OF_STATUS = new Map([
  [403, 'CALL_REJECTED'],
  [404, 'UNALLOCATED_NUMBER'],
  [408, 'RECOVERY_ON_TIMER_EXPIRE'],
  [480, 'NO_USER_RESPONSE'],
  [486, 'USER_BUSY'],
  [503, 'NORMAL_TEMPORARY_FAILURE'],
  [603, 'CALL_REJECTED'],
])

const nothing: Application = () => {}

export const basics: Record<string, Application> = {
  answer,
  pre_answer: earlyMedia,
  ring_ready: ringing,
  hangup: (channel, data) => channel.hangUp(causeOf(data)),
  respond: (channel, data) => channel.hangUp(CAUSE_OF_STATUS.get(integer(data)) ?? 'NORMAL_UNSPECIFIED'),
  transfer(channel, data) {
    const [extension = '', dialplan, context] = words(data, 4)
    transfer(channel, extension, dialplan, context)
  },
  async park(channel) {
    await park(channel)
  },
  async echo(channel) {
    earlyMedia(channel)
    while (channel.ready && !channel.breaking) {
      takeKey(channel)
      await pause(channel, Infinity)
    }
  },
  start_dtmf: nothing,
  stop_dtmf: nothing,
  log: nothing,
  info: nothing,
  verbose_events: nothing,
  flush_dtmf: channel => void (channel.digits.length = 0),
}
