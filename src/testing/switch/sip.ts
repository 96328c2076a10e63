/** Profile and variables of SIP legs in both directions: the ones that Switchhook uses, in FreeSWITCH's order. */
import type { Channel } from './channel.ts'
import { Profile, type ProfileFields, type Times } from './profile.ts'
import type { SimulatedSwitch } from './simulated-switch.ts'

const NEVER: Times = {
  profileCreated: 0,
  created: 0,
  answered: 0,
  progress: 0,
  progressMedia: 0,
  hangup: 0,
  transfer: 0,
  resurrect: 0,
  bridged: 0,
  lastHold: 0,
  holdAccum: 0,
}

const EMPTY: ProfileFields = {
  direction: 'inbound',
  logicalDirection: 'inbound',
  username: '',
  dialplan: '',
  callerIdName: '',
  callerIdNumber: '',
  origCallerIdName: '',
  origCallerIdNumber: '',
  calleeIdName: '',
  calleeIdNumber: '',
  networkAddr: '',
  ani: '',
  destinationNumber: '',
  uniqueId: '',
  source: '',
  transferSource: '',
  context: '',
  rdnis: '',
  channelName: '',
  profileIndex: '1',
}

function times(sim: SimulatedSwitch): Times {
  const now = sim.nowMicros()
  return { ...NEVER, profileCreated: now, created: now }
}

export function incomingProfile(
  sim: SimulatedSwitch,
  uuid: string,
  call: { from: string; name: string; to: string; context: string },
): Profile {
  return new Profile(
    {
      ...EMPTY,
      username: call.from,
      dialplan: 'XML',
      callerIdName: call.name,
      callerIdNumber: call.from,
      origCallerIdName: call.name,
      origCallerIdNumber: call.from,
      networkAddr: '127.0.0.1',
      ani: call.from,
      destinationNumber: call.to,
      uniqueId: uuid,
      source: 'mod_sofia',
      context: call.context,
      channelName: `sofia/internal/${call.from}@127.0.0.1`,
    },
    times(sim),
  )
}

export interface OutgoingLeg {
  number: string
  callerIdName: string
  callerIdNumber: string
  channelName: string
  /** The caller's leg, for `bridge`. */
  caller: Channel | undefined
}

export function outgoingProfile(sim: SimulatedSwitch, uuid: string, leg: OutgoingLeg): Profile {
  const caller = leg.caller?.profile.fields
  return new Profile(
    {
      ...EMPTY,
      direction: 'outbound',
      logicalDirection: caller ? 'inbound' : 'outbound',
      username: caller?.username ?? '',
      dialplan: caller?.dialplan ?? '',
      callerIdName: leg.callerIdName,
      callerIdNumber: leg.callerIdNumber,
      origCallerIdName: caller?.origCallerIdName ?? leg.callerIdName,
      origCallerIdNumber: caller?.origCallerIdNumber ?? leg.callerIdNumber,
      calleeIdName: 'Outbound Call',
      calleeIdNumber: leg.number,
      networkAddr: caller?.networkAddr ?? '',
      ani: caller?.ani ?? leg.callerIdNumber,
      destinationNumber: leg.number,
      uniqueId: uuid,
      source: caller ? 'mod_sofia' : 'src/switch_ivr_originate.c',
      context: caller?.context ?? 'default',
      channelName: leg.channelName,
    },
    times(sim),
  )
}

const CODEC_VARIABLES: readonly (readonly [string, string])[] = [
  ['rtp_use_codec_string', 'PCMU,PCMA'],
  ['remote_audio_media_flow', 'sendrecv'],
  ['audio_media_flow', 'sendrecv'],
  ['rtp_use_codec_name', 'PCMU'],
  ['rtp_use_codec_rate', '8000'],
  ['rtp_use_codec_ptime', '20'],
  ['rtp_use_codec_channels', '1'],
  ['rtp_last_audio_codec_string', 'PCMU@8000h@20i@1c'],
  ['read_codec', 'PCMU'],
  ['original_read_codec', 'PCMU'],
  ['read_rate', '8000'],
  ['original_read_rate', '8000'],
  ['write_codec', 'PCMU'],
  ['write_rate', '8000'],
  ['dtmf_type', 'rfc2833'],
]

export function incomingVariables(channel: Channel, user: string | undefined): void {
  const { fields } = channel.profile
  const [from, to] = [fields.callerIdNumber, fields.destinationNumber]
  const values: (readonly [string, string])[] = [
    ['direction', 'inbound'],
    ['uuid', channel.uuid],
    ['session_id', String(channel.sim.heart.session())],
    ['sip_from_user', from],
    ['sip_from_uri', `${from}@127.0.0.1`],
    ['sip_from_host', '127.0.0.1'],
    ['video_media_flow', 'disabled'],
    ['text_media_flow', 'disabled'],
    ['channel_name', channel.name],
    ['sip_call_id', channel.sim.newUuid()],
    ['sip_local_network_addr', '127.0.0.1'],
    ['sip_network_ip', '127.0.0.1'],
    ['sip_network_port', '5080'],
    ['sip_received_ip', '127.0.0.1'],
    ['sip_received_port', '5080'],
    ['sip_via_protocol', 'udp'],
    ['sofia_profile_name', 'internal'],
    ['sofia_profile_url', 'sip:mod_sofia@127.0.0.1:5060'],
    ['recovery_profile_name', 'internal'],
    ['sip_from_display', fields.callerIdName],
    ['sip_full_from', `"${fields.callerIdName}" <sip:${from}@127.0.0.1>`],
    ['sip_full_to', `<sip:${to}@127.0.0.1:5060>`],
    ['sip_allow', 'INVITE, ACK, BYE, CANCEL, OPTIONS, MESSAGE, INFO, UPDATE, REGISTER, REFER, NOTIFY'],
    ['sip_req_user', to],
    ['sip_req_uri', `${to}@127.0.0.1:5060`],
    ['sip_to_user', to],
    ['sip_to_uri', `${to}@127.0.0.1:5060`],
    ['sip_user_agent', 'simulated phone'],
    ['max_forwards', '70'],
    ...CODEC_VARIABLES,
    ['endpoint_disposition', 'RECEIVED'],
    ...(user === undefined
      ? []
      : ([
          ['sip_authorized', 'true'],
          ['sip_auth_username', user],
          ['sip_auth_realm', '127.0.0.1'],
        ] as const)),
  ]
  for (const [name, value] of values) channel.variables.set(name, value)
}

export function outgoingVariables(channel: Channel, gateway: string | undefined): void {
  const values: (readonly [string, string])[] = [
    ['direction', 'outbound'],
    ['is_outbound', 'true'],
    ['uuid', channel.uuid],
    ['call_uuid', channel.uuid],
    ['session_id', String(channel.sim.heart.session())],
    ...(gateway === undefined ? [] : [['sip_gateway_name', gateway] as const]),
    ['sip_local_network_addr', '127.0.0.1'],
    ['video_media_flow', 'disabled'],
    ['text_media_flow', 'disabled'],
    ['channel_name', channel.name],
    ['sip_destination_url', `sip:${channel.profile.fields.destinationNumber}@127.0.0.1:5090`],
    ['sofia_profile_name', 'external'],
    ['recovery_profile_name', 'external'],
    ...CODEC_VARIABLES,
  ]
  for (const [name, value] of values) channel.variables.set(name, value)
}
