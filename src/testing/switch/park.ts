/**
 * The park loop, and the queue of private commands that `sendmsg` and broadcasts fill (switch_ivr_park,
 * switch_ivr_parse_event).
 */
import type { Channel, PrivateCommand } from './channel.ts'
import { integer, isTrue } from './encoding.ts'
import { execute } from './execute.ts'
import { takeKey } from './keys.ts'
import { causeOf } from './states.ts'

/** Length of a lead frame. A broadcast waits for five frames of the caller's audio, so that its beginning is heard. */
const LEAD_FRAME_MS = 20

/** An application that took less than this is not repeated, in spite of `loops`. */
const SHORTEST_LOOP_MS = 500

/** Parks until the connection ends, the state changes, park_timeout passes, or the call ends. */
export async function park(channel: Channel): Promise<void> {
  if ((channel.controlled && !channel.variables.isTrue('recovered')) || channel.state === 'CS_RESET') return
  const timeout = channel.variables.get('park_timeout')
  let expires = Infinity
  if (timeout !== undefined) {
    // Whole seconds, so the timeout is up to one second early.
    expires = (Math.floor(channel.sim.clock.now() / 1_000) + integer(timeout)) * 1_000
    channel.variables.set('park_timeout', undefined)
    channel.variables.set('park_after_bridge', undefined)
  }
  channel.controlled = true
  channel.parked = true
  channel.fire('CHANNEL_PARK')
  while (channel.ready && channel.controlled && channel.parked) {
    await parseCommands(channel)
    if (channel.digits.length > 0) {
      takeKey(channel)
      continue
    }
    if (!channel.ready || !channel.controlled) break
    const left = expires - channel.sim.clock.now()
    if (left <= 0) {
      channel.hangUp(causeOf(timeout!.split(':')[1]))
      break
    }
    if (channel.commands.length === 0 || channel.eventLock) await channel.pulse.rest(left)
  }
  channel.controlled = false
  channel.parked = false
  channel.fire('CHANNEL_UNPARK')
}

/**
 * Runs the queued commands until one is ended by uuid_break. A command with event-lock delays the others until it is
 * done.
 */
export async function parseCommands(channel: Channel): Promise<void> {
  while (!channel.eventLock && channel.commands.length > 0) {
    await parseNextCommand(channel)
    if (channel.breaking) return
  }
}

export async function parseNextCommand(channel: Channel): Promise<void> {
  if (channel.eventLock) return
  const command = channel.commands.shift()
  if (!command) return
  const locks = isTrue(command.headers.get('event-lock'))
  if (locks) channel.eventLock = true
  try {
    await obey(channel, command)
  } finally {
    if (locks) channel.eventLock = false
  }
}

async function obey(channel: Channel, command: PrivateCommand): Promise<void> {
  const frames = integer(command.headers.get('lead-frames'))
  if (frames > 0 && channel.hasMedia) await channel.pulse.rest(frames * LEAD_FRAME_MS)
  switch (command.headers.get('call-command')) {
    case 'execute':
      return executeCommand(channel, command)
    case 'hangup':
      return channel.hangUp(causeOf(command.headers.get('hangup-cause')))
    case undefined:
      return
    default:
      // FreeSWITCH answers +OK and does nothing: without this entry a test would not notice.
      channel.sim.unknown.push(`call-command ${command.headers.get('call-command')}`)
  }
}

async function executeCommand(channel: Channel, command: PrivateCommand): Promise<void> {
  const application = command.headers.get('execute-app-name')
  if (!application) return
  const argument = command.headers.get('execute-app-arg')
  const text = /^text\/plain$/i.test(command.headers.get('content-type') ?? '')
  const data = argument || !text ? (argument ?? '') : command.body
  const loops = command.headers.has('loops') ? integer(command.headers.get('loops')) : 1
  channel.stopBroadcast = false
  let inner = !channel.bridged
  if (!channel.broadcast) {
    channel.broadcast = true
    inner = false
  }
  for (let loop = 1; loop <= loops || loops < 0; loop++) {
    const start = channel.sim.clock.monotonic()
    channel.variables.set('current_loop', String(loop))
    channel.variables.set('total_loops', String(loops))
    if (!(await execute(channel, application, data, command.headers.get('event-uuid')))) break
    if (!channel.ready || channel.stopBroadcast || channel.sim.clock.monotonic() - start < SHORTEST_LOOP_MS) break
  }
  channel.variables.set('current_loop', undefined)
  channel.variables.set('total_loops', undefined)
  if (!inner) channel.broadcast = false
  if (channel.stopBroadcast) {
    channel.broadcast = false
    channel.breaking = 1
  }
}

/** Ends the playback of a command, and its loops (switch_channel_stop_broadcast). */
export function stopBroadcast(channel: Channel): void {
  if (!channel.broadcast) return
  channel.stopBroadcast = true
  channel.breaking = 1
  channel.pulse.poke()
}
