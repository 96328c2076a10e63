/** Call records in PostgreSQL: a row when the call begins, closed when it ends. */
import { closeCall, openCall } from '../store/calls.ts'
import type { Json, Sql } from '../store/sql.ts'
import type { CallRecord, CallRecords } from './run.ts'

export function keepRecords(sql: Sql, node: string): CallRecords {
  return {
    begun: ({ uuid, flow, direction, from, to, core, startedAt }) =>
      openCall(sql, { id: uuid, flow, direction: direction === 'in' ? 'inbound' : 'outbound', from: from || null, to: to || null, core: core || null, node, startedAt }),
    async ended(call) {
      await closeCall(sql, call.uuid, {
        endedAt: call.endedAt,
        hangupCause: call.end.cause,
        outcome: call.outcome,
        answeredAt: answeredAt(call),
        agent: call.agent,
        queueTimeline: call.timeline as unknown as Json[],
        recording: call.recording,
        crm: Object.fromEntries(call.tags),
      })
    },
  }
}

/** FreeSWITCH gives microseconds since the epoch, 0 for a call that was never answered. */
function answeredAt({ end }: CallRecord): number | null {
  const microseconds = Number(end.facts?.get('Caller-Channel-Answered-Time') ?? 0)
  return microseconds > 0 ? Math.round(microseconds / 1_000) : null
}
