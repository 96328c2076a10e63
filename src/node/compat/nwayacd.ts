/**
 * The events `nwayacd::queue`, `nwayacd::info` and `nwayacd::agent`, from those of the catalogue. A group is a queue,
 * an extension the telephone of an agent.
 */
import type { AgentStatus } from '../../agent/agent.ts'
import type { TimelineFields } from '../../events/timeline.ts'
import type { CallFacts } from './call-facts.ts'
import type { Dialect, ForeignEvent } from './foreign-event.ts'

const inQueue = (action: 'add' | 'remove', { uuid, from, to }: CallFacts, group: string): ForeignEvent => ({
  subclass: 'nwayacd::queue',
  headers: { action, caller: from, group, uuid, extension: to },
})

const info = (action: string, call: CallFacts, agent: string): ForeignEvent => ({
  subclass: 'nwayacd::info',
  headers: {
    action,
    caller: call.from,
    agent,
    group: call.agents.get(agent)?.queue ?? call.queue ?? '',
    uuid: call.uuid,
    transfer_times: String(call.transfers),
  },
})

const ACTION: Readonly<Record<AgentStatus, string>> = {
  ready: 'ready',
  'on-demand': 'ready',
  break: 'busy',
  'logged-out': 'logout',
}

export const nwayacd: Dialect = {
  ofCall(name, data, call) {
    const { queue = '', agent = '', movedFrom } = data as TimelineFields
    const isQueues = (call.agents.get(agent)?.queue ?? null) !== null
    switch (name) {
      case 'queue.call.entered':
        return [...(movedFrom === undefined ? [] : [inQueue('remove', call, movedFrom)]), inQueue('add', call, queue)]
      case 'queue.call.answered':
        return [inQueue('remove', call, queue), info('answered', call, agent)]
      case 'queue.call.left':
      case 'queue.call.callback_requested':
      case 'queue.call.abandoned':
        return [inQueue('remove', call, queue)]
      case 'call.party.dialled':
        return isQueues ? [info('callout', call, agent)] : []
      case 'call.party.missed':
        return isQueues ? [info('noanswer', call, agent)] : []
      case 'call.unbridged':
        return isQueues ? [info('hangup', call, agent)] : []
      case 'call.transferred':
      case 'call.redirected':
        return [info('transfered', call, agent)] // spelled so
      case 'call.completed':
        return call.direction === 'in' && call.queue !== null ? [info('callin_hangup', call, agent)] : []
      default:
        return []
    }
  },
  ofAgent({ agent, extension, before, after }) {
    if (ACTION[before.status] === ACTION[after.status]) return []
    const event = (action: string): ForeignEvent => ({
      subclass: 'nwayacd::agent',
      headers: { action, agent, extension },
    })
    const login = before.status === 'logged-out' ? [event('login')] : []
    return [...login, event(ACTION[after.status])]
  },
}
