/**
 * Tells what a write has changed of an agent. Called by whatever wrote the record, right after the write: every node
 * hears of the write, and one process tells it. Used by roster.ts, and by queue/store.ts for an assignment.
 */
import type { Events } from '../events/events.ts'
import type { Agent } from './agent.ts'

export function tellChange(events: Events, before: Agent, after: Agent): void {
  const { name: agent, status, state, reason, reservation } = after
  if (status !== before.status || reason !== before.reason)
    events.tell('agent.status_changed', { agent, status, before: before.status, ...(reason !== null && { reason }) })
  if (after.overdue && !before.overdue)
    events.tell('agent.break_exceeded', { agent, ...(reason !== null && { reason }) })
  const { call, disposition } = after.lastTalk ?? {}
  if (call !== undefined && disposition !== undefined && after.lastTalk !== before.lastTalk)
    events.tell('agent.disposition_given', { agent, uuid: call, disposition })
  if (state !== before.state) {
    const uuid = (reservation ?? before.reservation)?.for
    events.tell('agent.state_changed', { agent, state, before: before.state, ...(uuid !== undefined && { uuid }) })
  }
}
