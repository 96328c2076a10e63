/** Transfer of a leg to another extension (switch_ivr_session_transfer). */
import type { Channel } from './channel.ts'
import { integer } from './encoding.ts'

/** Number of transfers that a leg survives without the variables below; the next one ends it. */
const TRANSFERS = 70

/** False when the leg was transferred too often: then it is hung up. */
export function transfer(channel: Channel, extension: string, dialplan?: string, context?: string): boolean {
  const limit = channel.variables.get('max_session_transfers') ? 'max_session_transfers' : 'max_forwards'
  const set = channel.variables.get(limit)
  const left = set === undefined ? TRANSFERS : integer(set) - 1
  if (left <= 0) {
    channel.hangUp('EXCHANGE_ROUTING_ERROR')
    return false
  }
  channel.variables.set(limit, String(left))
  channel.digits.length = 0
  channel.breaking = 0
  channel.originating = false
  channel.handlers = 'none'
  const { sim, profile } = channel
  const old = profile.fields
  const target = {
    extension: extension || 'service',
    dialplan: dialplan || (old.dialplan === 'inline' ? '' : old.dialplan) || 'XML',
    context: context || old.context || 'default',
  }
  const second = Math.floor(sim.nowMicros() / 1_000_000)
  const source = `${second}:${sim.newUuid()}:bl_xfer:${target.extension}/${target.context}/${target.dialplan}`
  const next = profile.clone({ now: sim.nowMicros() })
  next.change({
    dialplan: target.dialplan,
    context: target.context,
    destinationNumber: target.extension,
    rdnis: old.destinationNumber,
    transferSource: source,
  })
  const bonded = sim.channels.get(channel.variables.get('bridge_to') ?? '')
  bonded?.variables.set('signal_bond', undefined)
  channel.variables.set('signal_bond', undefined)
  channel.transfer = true
  channel.profile = next
  channel.otherLeg = undefined // the new profile has no other leg
  channel.setState('CS_ROUTING')
  channel.variables.append('transfer_history', source)
  channel.variables.set('transfer_source', source)
  if (bonded) bonded.pulse.poke()
  return true
}

/** Transfers to `transfer_after_bridge` (`extension:dialplan:context`) and unsets it. */
export function transferAfterBridge(channel: Channel): void {
  const [extension = '', dialplan, context] = (channel.variables.get('transfer_after_bridge') ?? '').split(':')
  channel.variables.set('transfer_after_bridge', undefined)
  transfer(channel, extension, dialplan, context)
}
