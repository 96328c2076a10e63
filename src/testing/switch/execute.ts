/** Runs one application on a channel, between its two events (switch_core_session_exec). */
import type { Channel } from './channel.ts'
import type { Header } from './event.ts'
import { valueOf } from './reading.ts'

/** Replaces `${name}` by the variable's value. Functions and `$${globals}` are not simulated. */
function expand(channel: Channel, text: string): string {
  if (!text.includes('${') || channel.variables.isTrue('app_disable_expand_variables')) return text
  return text.replace(/\$\{([\w-]+)\}/g, (_, name: string) => valueOf(channel, name) ?? '')
}

/**
 * Applications that also run on a leg that has hung up, when they were queued before (SAF_ZOMBIE_EXEC of mod_dptools).
 */
const ZOMBIE = new Set(['log', 'info', 'export', 'set', 'multiset', 'unset', 'multiunset'])

/**
 * Runs the application to its end. False when it did not run: the call is over, or FreeSWITCH does not know the
 * application. An unknown application hangs the call up without a CHANNEL_EXECUTE_COMPLETE.
 */
export async function execute(channel: Channel, name: string, argument: string, uuid?: string): Promise<boolean> {
  if (channel.down && !ZOMBIE.has(name.toLowerCase())) return false
  const run = channel.sim.applications.get(name.toLowerCase())
  if (!run) {
    channel.sim.unknown.push(`application ${name}`)
    channel.hangUp('DESTINATION_OUT_OF_ORDER')
    return false
  }
  const data = expand(channel, argument)
  const identity: Header = ['Application-UUID', uuid ?? channel.sim.newUuid()]
  const what: Header[] =
    data === ''
      ? [['Application', name]]
      : [
          ['Application', name],
          ['Application-Data', data],
        ]
  channel.currentApplication = { application: name, data }
  channel.variables.set('current_application_data', data)
  channel.variables.set('current_application', name)
  channel.variables.set('current_application_response', undefined)
  channel.fire('CHANNEL_EXECUTE', { after: [...what, identity] })
  // An earlier uuid_break has no effect: it must come while the application runs.
  channel.breaking = 0
  await run(channel, data)
  const response = channel.variables.get('current_application_response') ?? '_none_'
  channel.fire('CHANNEL_EXECUTE_COMPLETE', { after: [...what, ['Application-Response', response], identity] })
  return true
}
