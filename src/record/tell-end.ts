/**
 * What is told of the end of a call, from its record: for the node whose flow ran to the end (flow/run.ts), and for a
 * node that closes the call of a dead node (recovery/close-calls.ts). The record is written with the same events
 * (record/call-rows.ts).
 */
import type { Events } from '../events/events.ts'
import { happening, type Happening } from '../events/happening.ts'
import { isGivenUp, type CallRecord } from './call-record.ts'
import { waitOf } from './call-summary.ts'

/** In their order. */
export function endingsOf(record: CallRecord): readonly Happening[] {
  const { uuid, flow, outcome, hungUpBy, agent, queue, startedAt, begunAt, endedAt, timeline, end, fromNode } = record
  const { cause } = end
  const ms = endedAt - startedAt
  const whole = { uuid, flow, outcome, cause, hungUpBy, ms, agent, queue }
  const from = fromNode === undefined ? whole : { ...whole, from_node: fromNode }
  const completed = happening('call.completed', from, endedAt, `${uuid}.completed.${begunAt}`)
  const waited = waitOf(timeline)
  if (!waited || !isGivenUp(hungUpBy, cause)) return [completed]
  const wait = { uuid, queue: waited.queue, waitedMs: endedAt - waited.since }
  return [happening('queue.call.abandoned', wait, endedAt, `${uuid}.abandoned.${begunAt}`), completed]
}

export function tellEnd(record: CallRecord, events: Events): void {
  for (const ending of endingsOf(record)) ending.tell(events)
}
