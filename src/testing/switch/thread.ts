/**
 * The thread of a channel: one loop that runs the handler of its state and sleeps until the state changes
 * (switch_core_session_run).
 */
import { bridgeAgain } from './bridge-again.ts'
import type { Channel } from './channel.ts'
import { route } from './dialplan.ts'
import { execute } from './execute.ts'
import { weLeave } from './farewell.ts'
import { park, parseCommands } from './park.ts'
import { stopAllRecordings } from './recording.ts'
import { q850 } from './states.ts'
import { secondLegTalks, uuidBridgeSoftExecute } from './talk.ts'

export async function live(channel: Channel): Promise<void> {
  while (channel.state !== 'CS_DESTROY') {
    const state = channel.state
    if (state !== channel.running || channel.down) {
      channel.setRunning(state)
      if (state === 'CS_REPORTING') return report(channel)
      await runState(channel)
    }
    if (channel.state !== channel.running) continue
    await parseCommands(channel)
    if (channel.state !== channel.running) continue
    channel.asleep = true
    if (channel.commands.length === 0 || channel.eventLock) await channel.pulse.rest(Infinity)
    channel.asleep = false
  }
}

async function runState(channel: Channel): Promise<void> {
  switch (channel.state) {
    case 'CS_INIT':
      return begin(channel)
    case 'CS_ROUTING':
      channel.variables.set('call_uuid', channel.uuid)
      if (channel.originating || channel.handlers === 'audio-bridge') return channel.setState('CS_CONSUME_MEDIA')
      return route(channel)
    case 'CS_EXECUTE':
      return runExtension(channel)
    case 'CS_SOFT_EXECUTE':
      if (channel.handlers === 'uuid-bridge') return uuidBridgeSoftExecute(channel)
      return
    case 'CS_EXCHANGE_MEDIA':
      if (channel.handlers === 'audio-bridge') return secondLegTalks(channel)
      return
    case 'CS_PARK':
      return park(channel)
    case 'CS_CONSUME_MEDIA':
    case 'CS_HIBERNATE':
      if (channel.handlers === 'uuid-bridge') channel.setState('CS_RESET')
      return
    case 'CS_RESET':
      if (channel.recovering === 'bridged') return bridgeAgain(channel)
      if (channel.handlers === 'uuid-bridge' && channel.uuidBridgeOriginator) channel.setState('CS_SOFT_EXECUTE')
      channel.variables.set('call_uuid', channel.uuid)
      return
    case 'CS_HANGUP':
      return end(channel)
    default:
      return
  }
}

function begin(channel: Channel): void {
  channel.setState(channel.recovering === 'bridged' ? 'CS_RESET' : channel.recovering ? 'CS_EXECUTE' : 'CS_ROUTING')
  channel.fire('CHANNEL_CREATE')
  if (channel.direction === 'outbound') channel.fire('CHANNEL_ORIGINATE')
  if (channel.recovering === 'alone') channel.recovering = undefined
}

/** Runs the remaining lines of the extension (switch_core_standard_on_execute). */
async function runExtension(channel: Channel): Promise<void> {
  channel.sim.tracking.track(channel)
  channel.variables.set('call_uuid', channel.uuid)
  channel.reset = false
  if (!channel.extension) return channel.hangUp('NORMAL_CLEARING')
  while (channel.state === 'CS_EXECUTE') {
    const action = channel.extension[channel.step]
    if (!action) break
    channel.step++
    if (!(await execute(channel, action.application, action.data))) return
    channel.reset = false
  }
  if (channel.ready && channel.state === 'CS_EXECUTE') channel.hangUp('NORMAL_CLEARING')
}

function end(channel: Channel): void {
  const now = channel.sim.nowMicros()
  channel.sim.tracking.untrack(channel)
  channel.profile.stamp({ hangup: now })
  stopAllRecordings(channel)
  channel.breaking = channel.broadcast ? 1 : channel.breaking
  const { variables } = channel
  variables.set('hangup_cause', channel.cause)
  variables.set('hangup_cause_q850', String(q850(channel.cause!)))
  stampVariables(channel, now)
  channel.setCallState('HANGUP')
  if (channel.name.startsWith('sofia/')) weLeave(channel)
  channel.setState('CS_REPORTING')
}

/** Sets the variables with the times and durations for CDRs. */
function stampVariables(channel: Channel, now: number): void {
  const { times } = channel.profile
  const { variables } = channel
  const stamp = (micros: number) => new Date(Math.floor(micros / 1_000)).toISOString().slice(0, 19).replace('T', ' ')
  for (const [name, micros] of [
    ['start', times.created],
    ['answer', times.answered],
    ['bridge', times.bridged],
    ['progress', times.progress],
    ['end', now],
  ] as const) {
    if (micros > 0) variables.set(`${name}_stamp`, stamp(micros))
    variables.set(`${name}_epoch`, String(Math.floor(micros / 1_000_000)))
    variables.set(`${name}_uepoch`, String(micros))
  }
  const whole = (from: number) => (from > 0 ? Math.floor(now / 1_000_000) - Math.floor(from / 1_000_000) : 0)
  if (channel.currentApplication) {
    variables.set('last_app', channel.currentApplication.application)
    variables.set('last_arg', channel.currentApplication.data)
  }
  variables.set('duration', String(whole(times.created)))
  variables.set('billsec', String(whole(times.answered)))
  variables.set('mduration', String(Math.floor((now - times.created) / 1_000)))
  variables.set('billmsec', String(times.answered > 0 ? Math.floor((now - times.answered) / 1_000) : 0))
}

function report(channel: Channel): void {
  channel.fire('CHANNEL_HANGUP_COMPLETE', { before: [['Hangup-Cause', channel.cause!]] })
  channel.state = 'CS_DESTROY'
  channel.sim.destroyWhenFree(channel)
}
