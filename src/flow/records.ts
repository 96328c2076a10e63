/** Call records in PostgreSQL: a row when the call begins, closed when it ends. */
import { closeCall, openCall, type CallEnd } from '../store/calls.ts'
import { isRefused, type Json, type Queries, type Sql } from '../store/sql.ts'
import type { CallBeginning, CallRecord, CallRecords } from './call-record.ts'

export function keepRecords(sql: Sql, node: string): CallRecords {
  const open = (queries: Queries, { uuid, flow, direction, from, to, core, startedAt }: CallBeginning) =>
    openCall(queries, { id: uuid, flow, direction: direction === 'in' ? 'inbound' : 'outbound', from: from || null, to: to || null, core: core || null, node, startedAt })
  /** A row that is closed already stays as it is. */
  const whole = async (queries: Queries, call: CallRecord): Promise<void> => {
    await Promise.all([open(queries, call), closeCall(queries, call.uuid, endOf(call))])
  }
  const one = async (call: CallRecord): Promise<void> => {
    if (!(await closeCall(sql, call.uuid, endOf(call)))) await sql.begin(tx => whole(tx, call)) // the table was away when it began
  }
  const ended = async (calls: readonly CallRecord[]): ReturnType<CallRecords['ended']> => {
    try {
      // on one connection statements are answered in the order in which they were asked, and leave together
      await (calls.length === 1 ? one(calls[0]!) : sql.begin(tx => Promise.all(calls.map(call => whole(tx, call)))))
      return []
    } catch (error) {
      if (!isRefused(error)) throw error
      if (calls.length === 1) return [{ uuid: calls[0]!.uuid, why: (error as Error).message }]
    }
    const refused = []
    for (const call of calls) refused.push(...(await ended([call])))
    return refused
  }
  return { begun: call => open(sql, call), ended }
}

const endOf = (call: CallRecord): CallEnd => ({
  endedAt: call.endedAt,
  hangupCause: call.end.cause,
  outcome: call.outcome,
  answeredAt: call.answeredAt,
  agent: call.agent,
  queueTimeline: call.timeline as unknown as Json[],
  recording: call.recording,
  crm: Object.fromEntries(call.tags),
})
