/**
 * The events `callcenter::info` of mod_callcenter, from those of the catalogue. The table is in
 * docs/mod_callcenter.md. Times are seconds since the epoch, as there.
 */
import type { AgentState, AgentStatus } from '../../agent/agent.ts'
import type { EventData } from '../../events/catalogue.ts'
import type { TimelineFields } from '../../events/timeline.ts'
import type { CallFacts } from './call-facts.ts'
import type { Dialect, ForeignEvent } from './foreign-event.ts'

const STATUS: Readonly<Record<AgentStatus, string>> = {
  ready: 'Available',
  'on-demand': 'Available (On Demand)',
  break: 'On Break',
  'logged-out': 'Logged Out',
}
/** mod_callcenter has no wrap-up: `Idle` is an agent who gets no call until that changes. */
const STATE: Readonly<Record<AgentState, string>> = {
  idle: 'Waiting',
  reserved: 'Receiving',
  ringing: 'Receiving',
  talking: 'In a queue call',
  'wrap-up': 'Idle',
  'busy-elsewhere': 'Idle',
}
/** Why a place was given up. Any other reason is BREAK_OUT, as in mod_callcenter. */
const REASON: Readonly<Record<string, string>> = {
  callback: 'EXIT_WITH_KEY',
  'exit-key': 'EXIT_WITH_KEY',
  'max-wait': 'TIMEOUT',
  'no-agents': 'NO_AGENT_TIMEOUT',
  'all-on-break': 'NO_AGENT_TIMEOUT',
}
const CAUSE: Readonly<Record<string, string>> = {
  busy: 'USER_BUSY',
  declined: 'CALL_REJECTED',
  cancelled: 'ORIGINATOR_CANCEL',
  'no-answer': 'NO_ANSWER',
}

const seconds = (at: number | null): string => (at === null ? '' : String(Math.floor(at / 1_000)))

const info = (action: string, headers: Readonly<Record<string, string>>): ForeignEvent => ({
  subclass: 'callcenter::info',
  headers: { 'CC-Action': action, ...headers },
})

const member = ({ uuid, from }: CallFacts) => ({
  'CC-Member-UUID': uuid,
  'CC-Member-Session-UUID': uuid,
  'CC-Member-CID-Name': from,
  'CC-Member-CID-Number': from,
})

const agentOf = (call: CallFacts, name: string) => {
  const { leg = '', calledAt = null, answeredAt = null } = call.agents.get(name) ?? {}
  return {
    'CC-Agent': name,
    'CC-Agent-System': 'single_box',
    'CC-Agent-UUID': leg,
    'CC-Agent-Called-Time': seconds(calledAt),
    'CC-Agent-Answered-Time': seconds(answeredAt),
  }
}

const leaves = (call: CallFacts, queue: string, at: number, why: string): ForeignEvent =>
  info('member-queue-end', {
    'CC-Queue': queue,
    'CC-Cause': 'Cancel',
    'CC-Cancel-Reason': REASON[why] ?? 'BREAK_OUT',
    'CC-Member-Joined-Time': seconds(call.joinedAt),
    'CC-Member-Leaving-Time': seconds(at),
    ...member(call),
  })

export const callcenter: Dialect = {
  ofCall(name, data, call, at) {
    switch (name) {
      case 'queue.call.entered': {
        const { queue, movedFrom } = data as EventData<'queue.call.entered'>
        const start = info('member-queue-start', { 'CC-Queue': queue, ...member(call) })
        return movedFrom === undefined ? [start] : [leaves(call, movedFrom, at, 'moved'), start]
      }
      case 'queue.call.offered': {
        const { queue, agent } = data as EventData<'queue.call.offered'>
        const headers = { 'CC-Queue': queue, 'CC-Agent': agent, 'CC-Agent-System': 'single_box', ...member(call) }
        return [info('agent-offering', headers)]
      }
      case 'queue.call.answered': {
        const { queue, agent } = data as EventData<'queue.call.answered'>
        const joined = { 'CC-Member-Joined-Time': seconds(call.joinedAt) }
        return [info('bridge-agent-start', { 'CC-Queue': queue, ...agentOf(call, agent), ...joined, ...member(call) })]
      }
      case 'call.party.missed': {
        const { agent = '', why, cause } = data as EventData<'call.party.missed'>
        const queue = call.agents.get(agent)?.queue ?? null
        if (queue === null) return []
        const failed = { 'CC-Queue': queue, 'CC-Hangup-Cause': cause ?? CAUSE[why] ?? 'NORMAL_TEMPORARY_FAILURE' }
        const aborted = { ...agentOf(call, agent), 'CC-Agent-Aborted-Time': seconds(at) }
        return [info('bridge-agent-fail', { ...failed, ...aborted, ...member(call) })]
      }
      case 'call.unbridged': {
        const { agent = '' } = data as EventData<'call.unbridged'>
        const queue = call.agents.get(agent)?.queue ?? null
        if (queue === null) return []
        const cause = { 'CC-Queue': queue, 'CC-Hangup-Cause': 'NORMAL_CLEARING' }
        const joined = { ...agentOf(call, agent), 'CC-Member-Joined-Time': seconds(call.joinedAt) }
        return [
          info('bridge-agent-end', { ...cause, ...joined, 'CC-Bridge-Terminated-Time': seconds(at), ...member(call) }),
          info('member-queue-end', {
            ...{ ...cause, 'CC-Cause': 'Terminated', ...joined },
            ...{ 'CC-Member-Leaving-Time': seconds(at), ...member(call) },
          }),
        ]
      }
      case 'queue.call.left': {
        const { queue = '', why = 'left' } = data as TimelineFields
        return [leaves(call, queue, at, why)]
      }
      case 'queue.call.callback_requested':
        return [leaves(call, (data as EventData<'queue.call.callback_requested'>).queue, at, 'callback')]
      case 'queue.call.abandoned':
        return [leaves(call, (data as EventData<'queue.call.abandoned'>).queue, at, 'abandoned')]
      default:
        return []
    }
  },
  ofAgent({ agent, before, after }) {
    const changed: ForeignEvent[] = []
    if (STATUS[before.status] !== STATUS[after.status])
      changed.push(info('agent-status-change', { 'CC-Agent': agent, 'CC-Agent-Status': STATUS[after.status] }))
    if (STATE[before.state] !== STATE[after.state])
      changed.push(info('agent-state-change', { 'CC-Agent': agent, 'CC-Agent-State': STATE[after.state] }))
    return changed
  },
}
