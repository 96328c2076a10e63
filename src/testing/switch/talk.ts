/** The talk of two legs: `uuid_bridge`, the audio of a bridge and its end (switch_ivr_bridge.c, step by step). */
import { showAsTalk } from './caller-ids.ts'
import type { Channel } from './channel.ts'
import { showEachOther } from './display.ts'
import { takeKey } from './keys.ts'
import { answer } from './media.ts'
import { parseCommands, parseNextCommand, stopBroadcast } from './park.ts'
import { transferAfterBridge } from './transfer.ts'

/** Time between two looks at the other leg while it gets ready. */
const YIELD_MS = 20

/** A bridge runs no queued command before this much audio has flowed. */
const LEAD_MS = 200

interface Audio {
  /** The leg left the bridge by a transfer or a reset: park_after_bridge and the like do not apply. */
  cleanExit: boolean
}

/** `uuid_bridge a b`. False when one leg has ended or neither has media. */
export function uuidBridge(first: Channel, second: Channel): boolean {
  if (first.down || second.down || (!first.hasMedia && !second.hasMedia)) return false
  const [a, b] = first.hasMedia ? [first, second] : [second, first]
  const now = a.sim.nowMicros()
  for (const [leg, other] of [
    [a, b],
    [b, a],
  ] as const) {
    leg.redirect = true
    if (leg === a) leg.variables.set('uuid_bridge', other.uuid)
    leg.variables.set('bridge_channel', other.name)
    leg.variables.set('bridge_uuid', other.uuid)
    leg.variables.set('signal_bond', other.uuid)
  }
  showAsTalk(a, b)
  for (const leg of [b, a]) {
    const { fields } = leg.profile
    leg.variables.set('original_destination_number', fields.destinationNumber)
    leg.variables.set('original_caller_id_name', fields.callerIdName)
    leg.variables.set('original_caller_id_number', fields.callerIdNumber)
    leg.profile = leg.profile.clone({ now })
  }
  b.otherLeg = { type: 'originator', profile: a.profile.clone() }
  a.otherLeg = { type: 'originatee', profile: b.profile.clone() }
  const [shown, called] = [a.profile.fields, b.profile.fields]
  a.profile.change({ calleeIdName: called.calleeIdName, calleeIdNumber: called.calleeIdNumber })
  b.profile.change({ callerIdName: shown.callerIdName, callerIdNumber: shown.callerIdNumber })
  for (const [leg, other] of [
    [a, b],
    [b, a],
  ] as const) {
    stopBroadcast(leg)
    leg.transfer = true
    leg.originating = false
    const source = `${Math.floor(now / 1_000_000)}:${leg.sim.newUuid()}:uuid_br:${other.uuid}`
    leg.profile.change({ transferSource: source })
    leg.variables.append('transfer_history', source)
    leg.variables.set('transfer_source', source)
    leg.uuidBridgeOriginator = false
    leg.handlers = 'uuid-bridge'
  }
  a.pendingUuidBridgeOriginator = true
  b.pendingUuidBridgeOriginator = false
  for (const leg of [a, b]) leg.setState(leg.state === 'CS_HIBERNATE' ? 'CS_CONSUME_MEDIA' : 'CS_HIBERNATE')
  return true
}

/** The first leg waits until the second has left its application, then bridges (uuid_bridge_on_soft_execute). */
export async function uuidBridgeSoftExecute(channel: Channel): Promise<void> {
  channel.handlers = 'none'
  if (!channel.uuidBridgeOriginator) return
  const other = channel.sim.locate(channel.variables.get('uuid_bridge') ?? '')
  if (!other) {
    if (!afterBridge(channel)) channel.hangUp('DESTINATION_OUT_OF_ORDER')
    channel.uuidBridgeOriginator = false
    return
  }
  channel.variables.set('uuid_bridge', undefined)
  if (await otherIsReady(channel, other)) {
    for (const [leg, peer] of [
      [channel, other],
      [other, channel],
    ] as const) {
      leg.currentApplication = { application: 'uuid_bridge', data: peer.uuid }
      leg.fire('CHANNEL_EXECUTE', {
        after: [
          ['Application', 'uuid_bridge'],
          ['Application-Data', peer.uuid],
        ],
      })
    }
    await bridge(channel, other)
    const moved = channel.state === 'CS_ROUTING' || channel.state === 'CS_PARK' || channel.down
    if (!channel.transfer && !channel.redirect && !moved) channel.setState('CS_EXECUTE')
  }
  channel.uuidBridgeOriginator = false
}

/** False when the bridge cannot begin. Then the next state of the first leg is set already. */
async function otherIsReady(channel: Channel, other: Channel): Promise<boolean> {
  for (let loops = 1_000; !other.down && !channel.down;) {
    if (other.state === other.running) {
      if (--loops < 1) for (const leg of [channel, other]) leg.hangUp('DESTINATION_OUT_OF_ORDER')
      if (other.running === 'CS_RESET') other.setState('CS_SOFT_EXECUTE')
      else if (other.running === 'CS_SOFT_EXECUTE') {
        if (other.uuidBridgeOriginator) return false
        break
      }
    } else loops = 1_000
    await channel.pulse.rest(YIELD_MS)
  }
  channel.digits.length = 0
  channel.breaking = 0
  if (other.state === 'CS_RESET') other.setState('CS_SOFT_EXECUTE')
  if (channel.down || other.down || !other.hasMedia) {
    if (!channel.down && channel.variables.isTrue('uuid_bridge_continue_on_cancel')) channel.setState('CS_EXECUTE')
    else if (!channel.down && channel.variables.isTrue('uuid_bridge_park_on_cancel')) parkSession(channel)
    else if (!channel.transfer) channel.hangUp('ORIGINATOR_CANCEL')
    return false
  }
  const [readyA, readyB] = [channel.ready, other.readyForOthers]
  if (!readyA) other.hangUp('DESTINATION_OUT_OF_ORDER')
  if (!readyB) channel.hangUp('DESTINATION_OUT_OF_ORDER')
  return readyA && readyB
}

/** Both legs exchange audio until one of them leaves (switch_ivr_multi_threaded_bridge, in the first leg's thread). */
export async function bridge(a: Channel, b: Channel): Promise<void> {
  a.bridgeOriginator = true
  b.bridgeOriginator = false
  b.handlers = 'audio-bridge'
  if (b.answered && !a.answered) answer(a)
  if (!a.ready) return b.hangUp(a.cause ?? 'ORIGINATOR_CANCEL')
  b.setState('CS_CONSUME_MEDIA')
  b.variables.set('call_uuid', a.uuid)
  const now = a.sim.nowMicros()
  a.profile.stamp({ bridged: now })
  b.profile.stamp({ bridged: now })
  const ids = [
    ['Bridge-A-Unique-ID', a.uuid],
    ['Bridge-B-Unique-ID', b.uuid],
  ] as const
  a.fire('CHANNEL_BRIDGE', { before: ids })
  for (const [leg, other] of [
    [a, b],
    [b, a],
  ] as const) {
    leg.variables.set('bridge_to', other.uuid)
    leg.variables.set('last_bridge_to', other.uuid)
    leg.variables.set('bridge_channel', other.name)
    leg.variables.set('bridge_uuid', other.uuid)
    leg.variables.set('signal_bond', other.uuid)
  }
  for (const leg of [a, b]) leg.sim.tracking.track(leg)
  if (a.commands.length > 0) await parseCommands(a)
  const audio: Audio = { cleanExit: false }
  b.bridgePeer = a
  b.setState('CS_EXCHANGE_MEDIA')
  a.sim.world.connect(a.person, b.person)
  await exchangeAudio(a, b, audio)
  a.bridgeOriginator = false
  stopBroadcast(b)
  while (b.state === 'CS_EXCHANGE_MEDIA') await a.pulse.rest(1)
  if (a.cause) b.variables.set('bridge_hangup_cause', a.cause)
  if (b.cause) a.variables.set('bridge_hangup_cause', b.cause)
  b.variables.set('call_uuid', b.uuid)
  a.fire('CHANNEL_UNBRIDGE', { before: ids })
  for (const leg of [a, b]) leg.sim.tracking.track(leg)
  if (!a.transfer && !a.redirect && !audio.cleanExit && !a.down) firstLegGoesOn(a, b)
  if (!a.redirect) return
  if (a.reset) a.reset = false
  else if (!a.down && !['CS_RESET', 'CS_PARK', 'CS_ROUTING', 'CS_EXECUTE'].includes(a.state)) a.setState('CS_RESET')
}

function firstLegGoesOn(a: Channel, b: Channel): void {
  if (!b.answered || afterBridge(a)) return
  if (a.variables.isTrue('hangup_after_bridge')) a.hangUp(b.cause ?? 'NORMAL_CLEARING')
}

/** park_after_bridge has precedence over transfer_after_bridge. False when neither is set. */
function afterBridge(channel: Channel): boolean {
  if (channel.variables.isTrue('park_after_bridge')) parkSession(channel)
  else if (channel.variables.get('transfer_after_bridge') !== undefined) transferAfterBridge(channel)
  else return false
  return true
}

export function parkSession(channel: Channel): void {
  channel.transfer = true
  channel.setState('CS_PARK')
}

/** The second leg's part, in its own thread (audio_bridge_on_exchange_media). */
export async function secondLegTalks(channel: Channel): Promise<void> {
  const peer = channel.bridgePeer
  channel.bridgePeer = undefined
  const audio: Audio = { cleanExit: false }
  if (peer && !peer.down) await exchangeAudio(channel, peer, audio)
  else if (!peer) channel.hangUp('DESTINATION_OUT_OF_ORDER')
  if (channel.handlers === 'audio-bridge') channel.handlers = 'none'
  if (!channel.transfer && !channel.redirect && !audio.cleanExit && channel.state === 'CS_EXCHANGE_MEDIA') {
    if (afterBridge(channel)) return
    channel.hangUp(channel.answered ? 'NORMAL_CLEARING' : 'ORIGINATOR_CANCEL')
  }
  if (channel.state === 'CS_EXCHANGE_MEDIA') {
    channel.variables.set('park_timeout', '3')
    channel.setState('CS_PARK')
  }
}

/** One direction of the audio. It lasts as long as both legs stay in the bridge (audio_bridge_thread). */
async function exchangeAudio(me: Channel, other: Channel, audio: Audio): Promise<void> {
  const start = me.sim.clock.monotonic()
  me.bridged = true
  // The other direction begins in the other thread, at most one frame later.
  other.bridged ||= other.state === 'CS_EXCHANGE_MEDIA' || other.bridgeOriginator
  let shown = false
  for (;;) {
    if (me.transfer) audio.cleanExit = true
    if (audio.cleanExit || other.transfer || !other.bridged) break
    if (!me.ready) {
      audio.cleanExit ||= !me.down
      break
    }
    if (other.down) break
    if (me.breaking) me.breaking = 0
    if (me.bridgeOriginator && !shown && other.answered) {
      answer(me) // until now the other leg had early media only
      showEachOther(me, other)
      shown = true
    }
    for (let digit = takeKey(me); digit !== undefined; digit = takeKey(me)) other.person?.hearKey(digit)
    const lead = start + LEAD_MS - me.sim.clock.monotonic()
    if (me.commands.length > 0 && lead <= 0) await parseNextCommand(me)
    else await me.pulse.rest(me.commands.length > 0 ? lead : Infinity)
  }
  me.variables.set('bridge_to', undefined)
  me.bridged = false
  me.sim.world.part(me.person, other.person)
  if ((me.legHolding || me.hangupHeld) && other.readyForOthers && other.state !== 'CS_PARK') holderLeft(me, other)
  me.legHolding = false
  other.pulse.poke()
}

/** The holding leg left: the held leg is hung up, or transferred to the extension in hold_hangup_xfer_exten. */
function holderLeft(me: Channel, other: Channel): void {
  stopBroadcast(other)
  const where = me.variables.get('hold_hangup_xfer_exten')
  if (where === undefined) other.hangUp(other.cause ?? 'NORMAL_CLEARING')
  else other.variables.set('transfer_after_bridge', where)
}
