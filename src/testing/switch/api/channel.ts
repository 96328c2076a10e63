/** API commands about one channel: variables, keys, hangup. */
import { queueKeys } from '../keys.ts'
import { earlyMedia } from '../media.ts'
import { valueOf } from '../reading.ts'
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

  /** FreeSWITCH adds the usage line to an error, and answers nothing at all when the argument has no blank. */
  uuid_setvar_multi(sim, argument) {
    const syntax = usage('<uuid> <var>=<value>;<var>=<value>...')
    if (argument === '') return syntax
    const [, uuid = '', pairs] = /^([^ ]*)(?: (.*))?$/s.exec(argument) ?? []
    if (pairs === undefined) return ''
    const channel = sim.locate(uuid)
    if (!channel) return NO_CHANNEL + syntax
    let [errors, set] = ['', 0]
    for (const pair of separate(pairs, ';', 64)) {
      const [, name = '', value] = /^([^=]*)(?:=(.*))?$/s.exec(pair) ?? []
      if (name === '') errors += '-ERR No variable specified\n'
      else {
        channel.variables.set(name, value)
        set++
      }
    }
    return errors + (set > 0 ? OK : syntax)
  },

  uuid_getvar(sim, argument) {
    const [uuid = '', name] = words(argument, 4)
    if (name === undefined) return usage('<uuid> <var>')
    const channel = sim.locate(uuid)
    if (!channel) return NO_CHANNEL
    return valueOf(channel, name) ?? '_undef_'
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
    queueKeys(channel, keys, 'APP')
    return `+OK ${uuid} received DTMF ${keys}.\n`
  },

  uuid_send_dtmf(sim, argument) {
    const [uuid = '', keys = ''] = words(argument, 2)
    const channel = sim.locate(uuid)
    if (keys === '') return usage('<uuid> <dtmf_data>')
    if (!channel) return NO_SESSION
    earlyMedia(channel)
    for (const key of keys) channel.person?.hearKey(key)
    return `+OK ${uuid} sent DTMF ${keys}.\n`
  },
}
