/** API commands that move legs: bridge, transfer, park, hold, break, broadcast. */
import { stopBroadcast } from '../park.ts'
import { hold } from '../hold.ts'
import { broadcast } from '../broadcast.ts'
import { words } from '../separate.ts'
import { parkSession, uuidBridge } from '../talk.ts'
import { transfer } from '../transfer.ts'
import { NO_CHANNEL, OK, usage } from './answers.ts'
import type { Api } from './index.ts'

export const talkApi: Record<string, Api> = {
  uuid_bridge(sim, argument) {
    const [first = '', second, third] = words(argument, 4)
    if (second === undefined) return usage('<uuid> <other_uuid>')
    const a = sim.locate(first)
    for (const uuid of [second, third]) {
      const b = uuid === undefined ? undefined : sim.locate(uuid)
      if (a && b && uuidBridge(a, b)) return `+OK ${uuid}\n`
    }
    return '-ERR Invalid uuid\n'
  },

  uuid_transfer(sim, argument) {
    const [uuid = '', ...rest] = words(argument, 5)
    if (rest.length === 0) return usage('<uuid> [-bleg|-both] <dest-exten> [<dialplan>] [<context>]')
    const channel = sim.locate(uuid)
    if (!channel) return NO_CHANNEL
    const which = rest[0]!.startsWith('-') ? rest.shift()!.slice(1).toLowerCase() : ''
    const [extension = '', dialplan, context] = rest
    const other = sim.locate(channel.variables.get('bridge_to') ?? '')
    if (which === 'both' && other) {
      other.redirect = true
      channel.redirect = true
      transfer(other, extension, dialplan, context)
    }
    const moved = transfer(which === 'bleg' && other ? other : channel, extension, dialplan, context)
    return moved ? OK : '-ERR\n'
  },

  uuid_park(sim, uuid) {
    const channel = sim.locate(uuid)
    if (!channel) return NO_CHANNEL
    parkSession(channel)
    return OK
  },

  uuid_hold(sim, argument) {
    const [first = '', second = ''] = words(argument, 4)
    const mode = /^(off|toggle)$/i.exec(first)?.[1]?.toLowerCase()
    if (first === '') return usage('[off|toggle] <uuid> [<display>]')
    const channel = sim.locate(mode ? second : first)
    // FreeSWITCH, too, answers success for a uuid that does not exist.
    if (!channel) return '+OK Success\n'
    const on = mode === 'toggle' ? channel.callState !== 'HELD' : mode !== 'off'
    return hold(channel, on) ? '+OK Success\n' : '-ERR Operation failed\n'
  },

  uuid_break(sim, argument) {
    if (argument === '') return usage('<uuid> [all]')
    const space = argument.indexOf(' ')
    const uuid = space < 0 ? argument : argument.slice(0, space)
    const flags = space < 0 ? '' : argument.slice(space + 1)
    const channel = sim.locate(uuid)
    if (!channel) return NO_CHANNEL
    const both = flags.includes('both') && channel.partner ? [channel, channel.partner] : [channel]
    for (const leg of both) {
      if (flags.includes('all')) leg.commands.length = 0
      if (leg.broadcast) stopBroadcast(leg)
      else leg.breaking = flags.includes('all') ? 2 : 1
      leg.pulse.poke()
    }
    return OK
  },

  uuid_broadcast(sim, argument) {
    const [uuid = '', path, legs = 'aleg'] = words(argument, 4)
    if (path === undefined) return usage('<uuid> <path> [aleg|bleg|holdb|both]')
    const channel = sim.locate(uuid)
    if (!channel) return '-ERR invalid uuid\n'
    if (/both|bleg/i.test(legs) && channel.partner) broadcast(channel.partner, path, { loops: false })
    if (!/^bleg$/i.test(legs)) broadcast(channel, path, { loops: false })
    return '+OK Message sent\n'
  },
}
