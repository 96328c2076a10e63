/** API commands about one channel: variables, keys, its end. */
import { separate, words } from '../separate.ts'
import { causeOf } from '../states.ts'
import { NO_CHANNEL, NO_SESSION, OK, usage } from './answers.ts'
import type { Api } from './index.ts'

const KEYS = /^[0-9*#A-DwWF@+]+$/i

export const channelApi: Record<string, Api> = {
  uuid_exists: (sim, uuid) => String(sim.locate(uuid) !== undefined),

  uuid_setvar(sim, argument) {
    const [uuid = '', name, value] = words(argument, 3)
    if (name === undefined) return usage('<uuid> <var> [value]')
    const channel = sim.locate(uuid)
    if (!channel) return NO_CHANNEL
    channel.variables.set(name, value)
    return OK
  },

  uuid_setvar_multi(sim, argument) {
    const space = argument.indexOf(' ')
    if (space < 0) return usage('<uuid> <var>=<value>;<var>=<value>...')
    const channel = sim.locate(argument.slice(0, space))
    // The real one adds the usage line to the error.
    if (!channel) return NO_CHANNEL + usage('<uuid> <var>=<value>;<var>=<value>...')
    for (const pair of separate(argument.slice(space + 1), ';', 64)) {
      const equals = pair.indexOf('=')
      if (equals < 0) channel.variables.set(pair, undefined)
      else channel.variables.set(pair.slice(0, equals), pair.slice(equals + 1))
    }
    return OK
  },

  uuid_getvar(sim, argument) {
    const [uuid = '', name] = words(argument, 4)
    if (name === undefined) return usage('<uuid> <var>')
    const channel = sim.locate(uuid)
    if (!channel) return NO_CHANNEL
    // what is no variable is looked for among the caller's data
    return channel.variables.get(name) ?? (name === 'destination_number' ? channel.profile.fields.destinationNumber : '_undef_')
  },

  uuid_dump(sim, argument) {
    const [uuid = '', format] = words(argument, 2)
    const channel = sim.locate(uuid)
    if (!channel) return NO_CHANNEL
    const data = sim.event('CHANNEL_DATA', channel, {})
    return format === 'json' ? data.json() : data.plain()
  },

  uuid_kill(sim, argument) {
    const [uuid = '', cause] = words(argument, 2)
    if (uuid === '') return usage('<uuid> [cause]')
    const channel = sim.locate(uuid)
    if (!channel) return NO_CHANNEL
    channel.hangUp(causeOf(cause))
    return OK
  },

  hupall(sim, argument) {
    const [cause, name, value] = words(argument, 11)
    const why = cause ? causeOf(cause) : 'MANAGER_REQUEST'
    for (const channel of [...sim.channels.values()]) {
      if (name === undefined || channel.variables.get(name) === value) channel.hangUp(why)
    }
    return name === undefined
      ? `+OK hangup all channels with cause ${why}\n`
      : `+OK hangup all channels matching [${name}]=[${value ?? ''}] with cause: ${why}\n`
  },

  uuid_recv_dtmf(sim, argument) {
    const [uuid = '', keys = ''] = words(argument, 2)
    const channel = sim.locate(uuid)
    if (keys === '') return usage('<uuid> <dtmf_data>')
    if (!channel) return NO_SESSION
    if (!KEYS.test(keys)) return usage('<uuid> <dtmf_data>')
    channel.queueDigits(keys, 'APP')
    return `+OK ${uuid} received DTMF ${keys}.\n`
  },

  uuid_send_dtmf(sim, argument) {
    const [uuid = '', keys = ''] = words(argument, 2)
    const channel = sim.locate(uuid)
    if (keys === '') return usage('<uuid> <dtmf_data>')
    if (!channel) return NO_SESSION
    for (const key of keys) channel.person?.hearKey(key)
    return `+OK ${uuid} sent DTMF ${keys}.\n`
  },
}
