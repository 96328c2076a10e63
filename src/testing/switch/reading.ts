/**
 * The value of a name on a leg: a variable, else a field of the caller profile, else a global variable
 * (switch_channel_get_variable).
 */
import type { Channel } from './channel.ts'
import type { Profile, ProfileFields, Times } from './profile.ts'

/** switch_caller_get_field_by_name. */
const FIELDS: ReadonlyMap<string, keyof ProfileFields> = new Map([
  ['dialplan', 'dialplan'],
  ['username', 'username'],
  ['caller_id_name', 'callerIdName'],
  ['caller_id_number', 'callerIdNumber'],
  ['orig_caller_id_name', 'origCallerIdName'],
  ['orig_caller_id_number', 'origCallerIdNumber'],
  ['callee_id_name', 'calleeIdName'],
  ['callee_id_number', 'calleeIdNumber'],
  ['ani', 'ani'],
  ['network_addr', 'networkAddr'],
  ['rdnis', 'rdnis'],
  ['destination_number', 'destinationNumber'],
  ['uuid', 'uniqueId'],
  ['source', 'source'],
  ['transfer_source', 'transferSource'],
  ['context', 'context'],
  ['chan_name', 'channelName'],
  ['profile_index', 'profileIndex'],
])

const TIMES: ReadonlyMap<string, keyof Times> = new Map([
  ['profile_created_time', 'profileCreated'],
  ['created_time', 'created'],
  ['answered_time', 'answered'],
  ['progress_time', 'progress'],
  ['progress_media_time', 'progressMedia'],
  ['hungup_time', 'hangup'],
  ['transferred_time', 'transfer'],
])

/** undefined: no variable or field has this name. A field without a value is ''. */
export function valueOf(channel: Channel, name: string): string | undefined {
  return channel.variables.get(name) ?? profileValue(channel, name.toLowerCase()) ?? channel.sim.globals.get(name)
}

/** `aleg_` reads the profile of the leg that called this one, `bleg_` that of the leg that this one called. */
function profileValue(channel: Channel, name: string): string | undefined {
  const [, side, rest = name] = /^([ab])leg_(.*)$/.exec(name) ?? []
  if (side === undefined) return fieldOf(channel.profile, name)
  const { otherLeg } = channel
  return otherLeg && (otherLeg.type === 'originator') === (side === 'a') ? fieldOf(otherLeg.profile, rest) : undefined
}

function fieldOf(profile: Profile, name: string): string | undefined {
  const field = FIELDS.get(name)
  if (field) return profile.fields[field]
  const time = TIMES.get(name)
  return time && String(profile.times[time])
}
