/**
 * The description of a channel in events: state, profile, the other leg and variables, in FreeSWITCH's order
 * (switch_channel_event_set_data).
 */
import type { Channel } from './channel.ts'
import { jsonMember, plainLine } from './encoding.ts'
import type { TextFormat, Header } from './event.ts'
import { stateNumber } from './states.ts'

const CODEC: readonly Header[] = (['Read', 'Write'] as const).flatMap((way): Header[] => [
  [`Channel-${way}-Codec-Name`, 'PCMU'],
  [`Channel-${way}-Codec-Rate`, '8000'],
  [`Channel-${way}-Codec-Bit-Rate`, '64000'],
])
const CODEC_TEXT = {
  plain: CODEC.map(([name, value]) => plainLine(name, value)).join(''),
  json: CODEC.map(([name, value]) => jsonMember(name, value)).join(''),
}

export function channelText(channel: Channel, format: TextFormat, withVariables: boolean): string {
  const write = format === 'plain' ? plainLine : jsonMember
  const { direction } = channel
  let text =
    write('Channel-State', channel.running) +
    write('Channel-Call-State', channel.callState) +
    write('Channel-State-Number', String(stateNumber(channel.state))) +
    write('Channel-Name', channel.name) +
    write('Unique-ID', channel.uuid) +
    write('Call-Direction', direction) +
    write('Presence-Call-Direction', direction) +
    write('Channel-HIT-Dialplan', String(direction === 'inbound' || channel.dialplan)) +
    write('Channel-Call-UUID', channel.variables.get('call_uuid') ?? channel.uuid) +
    write('Answer-State', channel.answerState)
  if (channel.cause) text += write('Hangup-Cause', channel.cause)
  if (direction === 'inbound' || channel.hasMedia) text += CODEC_TEXT[format]
  text += channel.profile.text('Caller', format)
  if (channel.otherLeg)
    text += write('Other-Type', channel.otherLeg.type) + channel.otherLeg.profile.text('Other-Leg', format)
  if (withVariables) text += format === 'plain' ? channel.variables.plain() : channel.variables.json()
  return text
}
