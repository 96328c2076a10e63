/**
 * Tells that a call has ended, from its record: for the node whose flow ran to the end (flow/run.ts), and for a node
 * that closes the call of a dead node (recovery/close-calls.ts).
 */
import type { Events } from '../events/events.ts'
import { isGivenUp, type CallRecord } from './call-record.ts'
import { waitOf } from './call-summary.ts'

/** `from`: the dead node that had the call. */
export function tellEnd(record: CallRecord, events: Events, from?: string): void {
  const { uuid, flow, outcome, hungUpBy, agent, queue, startedAt, endedAt, timeline, end } = record
  const waited = waitOf(timeline)
  if (waited && isGivenUp(hungUpBy, end.cause))
    events.tell('queue.call.abandoned', { uuid, queue: waited.queue, waitedMs: endedAt - waited.since })
  const { cause } = end
  const ms = endedAt - startedAt
  const whole = { uuid, flow, outcome, cause, hungUpBy, ms, agent, queue }
  events.tell('call.completed', from === undefined ? whole : { ...whole, from_node: from })
}
