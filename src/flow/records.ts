/** Call records in PostgreSQL: a row when the call begins, closed when it ends. */
import { closeCall, openCall, type CallEnd } from '../store/calls.ts'
import type { Json, Sql } from '../store/sql.ts'
import type { CallBeginning, CallRecord, CallRecords } from './call-record.ts'

export function keepRecords(sql: Sql, node: string): CallRecords {
  const begun = ({ uuid, flow, direction, from, to, core, startedAt }: CallBeginning) =>
    openCall(sql, { id: uuid, flow, direction: direction === 'in' ? 'inbound' : 'outbound', from: from || null, to: to || null, core: core || null, node, startedAt })
  return {
    begun,
    async ended(call) {
      const end = endOf(call)
      if (await closeCall(sql, call.uuid, end)) return
      await begun(call) // the table was away when it began; closed already, it stays as it is
      await closeCall(sql, call.uuid, end)
    },
  }
}

const endOf = (call: CallRecord): CallEnd => ({
  endedAt: call.endedAt,
  hangupCause: call.end.cause,
  outcome: call.outcome,
  answeredAt: answeredAt(call),
  agent: call.agent,
  queueTimeline: call.timeline as unknown as Json[],
  recording: call.recording,
  crm: Object.fromEntries(call.tags),
})

/** FreeSWITCH gives microseconds since the epoch, 0 for a call that was never answered. */
function answeredAt({ end }: CallRecord): number | null {
  const microseconds = Number(end.facts?.get('Caller-Channel-Answered-Time') ?? 0)
  return microseconds > 0 ? Math.round(microseconds / 1_000) : null
}
